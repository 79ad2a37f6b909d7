"""What a plugin says of itself: its providers, their models, and the rules of a model's parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from .errors import BadRequest, UnsupportedParameter
from .forms import CredentialForm
from .localization import LocalizedText
from .usage import Prices


class ModelType(StrEnum):
    """The six types of model. The value names the hook: `invoke_<value>`."""

    LLM = "llm"
    TEXT_EMBEDDING = "text_embedding"
    RERANK = "rerank"
    SPEECH_TO_TEXT = "speech_to_text"
    TEXT_TO_SPEECH = "text_to_speech"
    MODERATION = "moderation"


class Feature(StrEnum):
    """What a model can do beyond its type's plain call."""

    STREAMING = "streaming"
    TOOLS = "tools"
    PARALLEL_TOOLS = "parallel_tools"
    STRUCTURED_OUTPUT = "structured_output"
    REASONING = "reasoning"
    VISION = "vision"
    AUDIO_INPUT = "audio_input"
    AUDIO_OUTPUT = "audio_output"
    FILE_INPUT = "file_input"
    VIDEO_INPUT = "video_input"
    PROMPT_CACHING = "prompt_caching"
    COMPLETION = "completion"  # OpenAI's older text completions
    MULTIMODAL_INPUT = "multimodal_input"  # embedding and rerank of more than text


class ProvisionKind(StrEnum):
    """How a provider's models come."""

    PREDEFINED = "predefined"  # the vendor's catalog, all enabled by one key
    CUSTOMIZABLE = "customizable"  # added one by one, each with its own settings


class ParameterRule(BaseModel):
    """One parameter that a model takes: enough to draw a control for it and to refuse a wrong value by its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: Literal["number", "integer", "boolean", "text", "json"] = "number"
    label: LocalizedText | None = None
    help: LocalizedText | None = None
    required: bool = False
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    options: tuple[str, ...] = ()

    @field_validator("default", mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        """Catalogs are read with exact decimals, for their prices; a parameter is a number as JSON has it."""
        return float(value) if isinstance(value, Decimal) else value

    def check(self, value: Any) -> None:
        """:raises BadRequest: naming the parameter, with what it takes"""
        kinds: dict[str, tuple[type, ...]] = {
            "number": (int, float),
            "integer": (int,),
            "boolean": (bool,),
            "text": (str,),
        }
        wanted = kinds.get(self.kind)
        if wanted and (not isinstance(value, wanted) or (isinstance(value, bool) and self.kind != "boolean")):
            raise BadRequest(f"`{self.name}` must be of type {self.kind}.", param=self.name)
        if self.options and value not in self.options:
            raise BadRequest(f"`{self.name}` must be one of: {', '.join(self.options)}.", param=self.name)
        if self.kind in ("number", "integer"):
            if not math.isfinite(value):
                raise BadRequest(f"`{self.name}` must be a finite number.", param=self.name)
            if self.minimum is not None and value < self.minimum:
                raise BadRequest(f"`{self.name}` must be at least {self.minimum:g}.", param=self.name)
            if self.maximum is not None and value > self.maximum:
                raise BadRequest(f"`{self.name}` must be at most {self.maximum:g}.", param=self.name)


def check_parameters(
    rules: tuple[ParameterRule, ...], parameters: Mapping[str, Any], *, drop_unsupported: bool = False
) -> dict[str, Any]:
    """The parameters that may be sent to the model.

    :param drop_unsupported: leave out what the model does not take; otherwise it is refused with its name
    :raises UnsupportedParameter: for a parameter without a rule
    :raises BadRequest: for a value outside its rule; never dropped, as the caller asked for something else
    """
    by_name = {rule.name: rule for rule in rules}
    kept: dict[str, Any] = {}
    for name, value in parameters.items():
        rule = by_name.get(name)
        if rule is None:
            if drop_unsupported:
                continue
            raise UnsupportedParameter(f"The model does not take the parameter `{name}`.", param=name)
        rule.check(value)
        kept[name] = value
    return kept


class ModelDescription(BaseModel):
    """One model of a provider's catalog, or one that a workspace added."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=256, description="the vendor's own name for it")
    type: ModelType
    label: LocalizedText | None = None
    features: frozenset[Feature] = frozenset()
    context_window: int | None = Field(default=None, gt=0, description="tokens, input and output together")
    max_output_tokens: int | None = Field(default=None, gt=0)
    dimensions: int | None = Field(default=None, gt=0, description="of an embedding, by default")
    max_batch: int | None = Field(default=None, gt=0, description="texts or documents in one vendor request")
    max_input_bytes: int | None = Field(default=None, gt=0, description="of an audio file")
    voices: tuple[str, ...] = ()
    audio_formats: tuple[str, ...] = ()
    parameters: tuple[ParameterRule, ...] | None = Field(
        default=None, description="the parameters the model takes; None: not known, whatever is asked is passed on"
    )
    prices: Prices | None = None
    dialects: tuple[str, ...] | None = Field(
        default=None, description="wire dialects in which this model can be relayed; None: all of its provider's"
    )
    deprecated_on: date | None = Field(default=None, description="the day the vendor switches it off")
    replacement: str | None = None
    properties: dict[str, Any] = Field(default_factory=dict, description="what else the plugin wants to know at a call")

    @property
    def display_name(self) -> str:
        """The label, or the id."""
        return str(self.label) if self.label else self.id


class ProviderDescription(BaseModel):
    """A provider as its plugin offers it: how to show it, how its models come, what it asks for, its catalog."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)
    label: LocalizedText
    description: LocalizedText | None = None
    icon: str | None = Field(default=None, description="an SVG document, drawn simply")
    help_url: str | None = Field(default=None, pattern=r"^https?://", description="where a key is made")
    model_types: tuple[ModelType, ...] = Field(min_length=1)
    provision: tuple[ProvisionKind, ...] = Field(min_length=1)
    provider_form: CredentialForm | None = Field(default=None, description="asked for once, where models are predefined")
    model_form: CredentialForm | None = Field(default=None, description="asked for with each model that is added")
    models: tuple[ModelDescription, ...] = ()
    catalog_checked_on: date | None = Field(default=None, description="the day the catalog was compared with the vendor's")
    dialects: tuple[str, ...] = Field(default=(), description="wire dialects that `relay` speaks")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if ProvisionKind.PREDEFINED in self.provision and self.provider_form is None:
            raise ValueError("a provider with predefined models has a provider_form (it may have no fields)")
        if ProvisionKind.CUSTOMIZABLE in self.provision and self.model_form is None:
            raise ValueError("a provider with customizable models has a model_form")
        keys = [(model.id, model.type) for model in self.models]
        twice = {f"{model} ({kind})" for model, kind in keys if keys.count((model, kind)) > 1}
        if twice:
            raise ValueError(f"the catalog lists twice: {', '.join(sorted(twice))}")
        stray = {model.type for model in self.models} - set(self.model_types)
        if stray:
            raise ValueError(f"the catalog has models of a type that model_types leaves out: {', '.join(sorted(stray))}")
        return self

    @property
    def needs_no_credentials(self) -> bool:
        """Whether the catalog can be used as it is: the provider form asks for nothing."""
        return self.provider_form is not None and not any(field.required for field in self.provider_form.fields)

    def model(self, model_id: str, model_type: ModelType) -> ModelDescription | None:
        """The catalog's entry, or None."""
        return next((m for m in self.models if m.id == model_id and m.type == model_type), None)
