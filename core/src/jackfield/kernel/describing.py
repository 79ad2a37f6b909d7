"""Describing a model that a workspace adds: the one hook that is called in the saving of a form, not in a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.contract import JackfieldError, ModelDescription, ModelType, PluginFault

from .provider import Provider
from .redaction import redact, scrub, secrets_of
from .results import name_of

_HOOK = "describe_model"


def describe_model(provider: Provider, model: str, model_type: ModelType, credentials: Mapping[str, Any]) -> ModelDescription:
    """:raises PluginFault: also for a description of another model, and for one with a secret of the form in it"""
    implementation = provider.own.get(_HOOK)
    if implementation is None:
        return ModelDescription(id=model, type=model_type)
    secrets = secrets_of(credentials, provider.secret_names)

    def fault(what: str) -> PluginFault:
        return PluginFault(
            f"The plugin `{provider.plugin}` broke the contract: its hook `{_HOOK}` {what}.",
            plugin=provider.plugin,
            hook=_HOOK,
            provider=provider.description.id,
            model=model,
        )

    try:
        described = implementation.function(model=model, model_type=model_type, credentials=dict(credentials))
    except JackfieldError as error:
        scrub(error, secrets)
        error.provider = error.provider or provider.description.id
        error.model = error.model or model
        raise
    except (Exception, SystemExit) as error:
        scrub(error, secrets)
        raise fault(f"raised {type(error).__name__}: {redact(str(error), secrets)}".rstrip(": ").rstrip(".")) from error
    if not isinstance(described, ModelDescription):
        raise fault(f"answered {name_of(described)} instead of a ModelDescription")
    if (described.id, described.type) != (model, model_type):
        raise fault(f"described {described.id} ({described.type}) where it was asked for {model} ({model_type})")
    text = described.model_dump_json()
    if redact(text, secrets) != text:
        raise fault("put a secret of the form into the description")
    return described
