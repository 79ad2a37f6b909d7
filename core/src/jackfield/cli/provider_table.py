"""Which provider has what, as the page `docs/providers.md`: read from the plugins themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from jackfield.contract import Feature, ModelType, ProviderDescription, ProvisionKind
from jackfield.kernel import Kernel

_TYPES: Final = {
    ModelType.LLM: "chat",
    ModelType.TEXT_EMBEDDING: "embedding",
    ModelType.RERANK: "rerank",
    ModelType.SPEECH_TO_TEXT: "speech to text",
    ModelType.TEXT_TO_SPEECH: "text to speech",
    ModelType.MODERATION: "moderation",
}
_FEATURES: Final = {
    Feature.STREAMING: "streaming",
    Feature.TOOLS: "tools",
    Feature.PARALLEL_TOOLS: "parallel tools",
    Feature.STRUCTURED_OUTPUT: "JSON schema",
    Feature.REASONING: "reasoning",
    Feature.VISION: "images",
    Feature.FILE_INPUT: "files",
    Feature.AUDIO_INPUT: "hears",
    Feature.AUDIO_OUTPUT: "speaks",
    Feature.VIDEO_INPUT: "video",
    Feature.PROMPT_CACHING: "caching",
}
_HEAD: Final = """# Providers

What each provider has, read from the plugins that are installed. `jackfield plugins table` prints this page.

- A number is that of the models in the catalog. ✓: models are added one by one, or listed by the vendor.
- *relayed*: bodies of these dialects go to the vendor as they are, so that a vendor's new member works the day it ships. All
  others are translated.
- *live list*: the vendor is asked which models the key reaches. *counts tokens*: exactly, by the vendor or its tokenizer.
"""


def render_table(kernel: Kernel) -> str:
    """The page."""
    providers = list(kernel.providers.values())
    parts = [
        _HEAD,
        "## Types of model\n",
        _table(
            ("provider", "`pip install`", *_TYPES.values(), "live list", "counts tokens", "checked"),
            (_types_row(kernel, one) for one in providers),
        ),
        "## Chat models\n",
        "How many of the catalog's chat models have a feature. Where models are added, the form asks what each can do.\n",
        _table(
            ("provider", *_FEATURES.values()),
            (_features_row(one) for one in providers if any(model.type is ModelType.LLM for model in one.models)),
        ),
        "## Relayed dialects\n",
        _table(
            ("provider", "dialects"),
            ((f"`{one.id}`", ", ".join(f"`{dialect}`" for dialect in one.dialects)) for one in providers if one.dialects),
        ),
    ]
    return "\n".join(parts).rstrip("\n") + "\n"


def _types_row(kernel: Kernel, provider: ProviderDescription) -> Iterator[str]:
    distributions = {name: record.distribution for record in kernel.plugins for name in record.providers}
    yield f"`{provider.id}`"
    yield f"`{distributions.get(provider.id) or '-'}`"
    for kind in _TYPES:
        count = sum(model.type is kind for model in provider.models)
        yield _count(count, kind in provider.model_types)
    yield _mark(kernel.implements(provider.id, "list_models"))
    yield _mark(kernel.implements(provider.id, "count_tokens"))
    predefined = ProvisionKind.PREDEFINED in provider.provision
    yield str(provider.catalog_checked_on or "") if predefined else "added one by one"


def _features_row(provider: ProviderDescription) -> Iterator[str]:
    models = [model for model in provider.models if model.type is ModelType.LLM]
    yield f"`{provider.id}`"
    for feature in _FEATURES:
        yield _count(sum(feature in model.features for model in models), False)


def _count(count: int, otherwise: bool) -> str:
    return str(count) if count else _mark(otherwise)


def _mark(true: bool) -> str:
    return "✓" if true else ""


def _table(columns: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
