"""Names of fine-tuned models: https://developers.openai.com/api/docs/guides/fine-tuning"""

from __future__ import annotations

from collections.abc import Iterable

from jackfield_sdk import ModelDescription, ModelType


def base_of(model: str, model_type: ModelType, catalog: Iterable[ModelDescription]) -> ModelDescription | None:
    """The catalog's entry of the base model of `ft:gpt-4.1-2025-04-14:acme::9aBcDeF`; None if it is no such name."""
    kind, _, rest = model.partition(":")
    base = rest.partition(":")[0]
    if kind != "ft" or not base:
        return None
    fitting = [entry for entry in catalog if entry.type is model_type and base.startswith(entry.id)]
    return max(fitting, key=lambda entry: len(entry.id), default=None)
