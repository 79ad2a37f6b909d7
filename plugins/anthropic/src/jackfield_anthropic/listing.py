"""Anthropic's list of models, which tells what each can do: https://platform.claude.com/docs/en/api/models/list"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from jackfield_sdk import Feature, LocalizedText, ModelDescription, ModelType
from jackfield_sdk.dialects import counts

_FEATURES: Final = {
    "image_input": Feature.VISION,
    "pdf_input": Feature.FILE_INPUT,
    "structured_outputs": Feature.STRUCTURED_OUTPUT,
    "thinking": Feature.REASONING,
}
_ALWAYS: Final = frozenset({Feature.STREAMING, Feature.TOOLS, Feature.PARALLEL_TOOLS, Feature.PROMPT_CACHING})


def describe(entry: dict[str, Any]) -> ModelDescription:
    """A model that the catalog does not know."""
    can = counts.members(entry.get("capabilities"))
    window, most = (counts.count(entry.get(name)) or None for name in ("max_input_tokens", "max_tokens"))
    name = entry.get("display_name")
    return ModelDescription(
        id=entry["id"],
        type=ModelType.LLM,
        label=LocalizedText.of(name) if isinstance(name, str) and name else None,
        features=_ALWAYS | {feature for word, feature in _FEATURES.items() if _has(can, word)},
        context_window=window,
        max_output_tokens=min(most, window) if most and window else most,
        deprecated_on=_day(entry.get("retires_at")),
        properties=_thinking(can) if can else {},
    )


def _has(can: Any, *path: str) -> bool:
    for name in path:
        can = counts.members(can).get(name)
    return counts.members(can).get("supported") is True


def _thinking(can: Any) -> dict[str, Any]:
    """As `thinking` has it."""
    adaptive, budget, disabled, between = (
        _has(can, "thinking", "types", name) for name in ("adaptive", "enabled", "disabled", "between_tools")
    )
    kind = "either" if adaptive and budget else "budget" if budget else "adaptive"
    off = "disabled" if disabled else "between_tools" if between else "never"
    return {"thinking": kind, "effort": _has(can, "effort"), "off": off}


def _day(moment: object) -> date | None:
    try:
        return date.fromisoformat(moment[:10]) if isinstance(moment, str) else None
    except ValueError:
        return None
