"""How Dify's providers, fields and model types are called here. The mapping itself is data: `providers.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jackfield.contract import ModelType

MODEL_TYPES: Mapping[str, ModelType] = {
    "llm": ModelType.LLM,
    "text-embedding": ModelType.TEXT_EMBEDDING,
    "rerank": ModelType.RERANK,
    "speech2text": ModelType.SPEECH_TO_TEXT,
    "tts": ModelType.TEXT_TO_SPEECH,
    "moderation": ModelType.MODERATION,
    # the older names, `to_origin_model_type` in Dify
    "text-generation": ModelType.LLM,
    "embeddings": ModelType.TEXT_EMBEDDING,
    "reranking": ModelType.RERANK,
}

_OF_DIFY_ITSELF = frozenset({"__model_type", "__model_name", "__current_credential_id"})


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What becomes of a field of Dify's.

    :param to: the field here; None: it is left out, for a reason that the mapping states
    :param number: the text is a number
    :param values: Dify's choices -> ours; a choice that is not there is left out with a note
    :param suffix: appended to an address that does not end with it
    """

    to: str | None
    number: bool = False
    values: Mapping[str, Any] | None = None
    suffix: str = ""

    def convert(self, value: Any) -> Any:
        """:raises ValueError: if there is no counterpart of this value"""
        if self.values is not None:
            key = str(value).lower() if isinstance(value, bool) else str(value)
            if key not in self.values:
                raise ValueError("has a choice that does not exist here")
            return self.values[key]
        if self.number:
            try:
                number = float(value)
            except (TypeError, ValueError):
                raise ValueError("is not a number") from None
            return int(number) if number.is_integer() else number
        if self.suffix and isinstance(value, str):
            address = value.strip().rstrip("/")
            return address if address.endswith(self.suffix) else address + self.suffix
        return value.strip() if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class ProviderRule:
    """One of Dify's providers.

    :param provider: its id here
    :param fields: Dify's field -> what becomes of it
    :param fixed: fields here that are always set: for a provider (`provider`) or an added model (`model`)
    :param model_name: the field of Dify's that holds the model's name at the vendor, where it differs from Dify's
    """

    provider: str
    fields: Mapping[str, FieldRule]
    fixed: Mapping[str, Mapping[str, Any]]
    model_name: str | None = None

    @property
    def distribution(self) -> str:
        """The package that offers it."""
        return f"jackfield-{self.provider.replace('_', '-')}"

    def rule(self, field: str) -> FieldRule | None:
        """None: nobody has thought of it."""
        return FieldRule(None) if field in _OF_DIFY_ITSELF else self.fields.get(field)


@cache
def provider_rules() -> Mapping[str, ProviderRule]:
    """Dify's provider -> what becomes of it."""
    with Path(__file__).with_name("providers.toml").open("rb") as file:
        return {name: _rule(table) for name, table in tomllib.load(file).items()}


def _rule(table: dict[str, Any]) -> ProviderRule:
    fields: dict[str, FieldRule] = {name: FieldRule(None) for name in table.get("left_out", {})}
    for name, target in table.get("fields", {}).items():
        fields[name] = FieldRule(target) if isinstance(target, str) else FieldRule(**target)
    return ProviderRule(table["provider"], fields, table.get("fixed", {}), table.get("model_name"))
