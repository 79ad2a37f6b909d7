"""Models that a workspace adds: any GGUF file in a folder that the operator opened for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jackfield_sdk import CredentialsInvalid, Feature, ModelDescription, ModelType, ParameterRule

from .gguf import Header, NotGGUF, read_header
from .llama.server import ModelSettings
from .settings import MODEL_DIRS, Settings

DEFAULT_CONTEXT = 4096
_LONGEST_TEMPLATE = 100_000  # characters
_LLM_FEATURES = frozenset({Feature.STREAMING, Feature.STRUCTURED_OUTPUT, Feature.COMPLETION})
_THINKING_MARKS = ("<think>", "enable_thinking", "reasoning_content", "<|channel|>")


def allowed_file(text: str, settings: Settings) -> Path:
    """The GGUF file that `text` names, symbolic links resolved.

    Outside of the folders that the operator allowed nothing is said of what is there or is not.

    :raises CredentialsInvalid: of the field `path`
    """
    path = Path(text)
    if "\0" in text or not path.is_absolute():
        raise _path_error("must be the whole path of a file, beginning at the root")
    real = Path(os.path.realpath(path))
    if not any(real.is_relative_to(folder) for folder in settings.allowed_folders):
        raise _path_error(
            "is not in a folder from which models may be loaded",
            advice=(
                f"Put the file into {settings.cache / 'models'} on the host, or have the host's operator add its folder to the "
                f"environment variable {MODEL_DIRS} (folders separated by `{os.pathsep}`)."
            ),
        )
    if real.suffix.lower() != ".gguf":
        raise _path_error("must end in .gguf")
    if not real.is_file():
        raise _path_error("names no file")
    if not os.access(real, os.R_OK):
        raise _path_error("names a file that the host may not read")
    return real


def header_of(path: Path) -> Header:
    """:raises CredentialsInvalid: of the field `path`; the file is none that llama.cpp knows"""
    try:
        return read_header(path)
    except NotGGUF as error:
        raise _path_error(f"names a file that {error}") from error
    except OSError as error:
        raise _path_error(f"names a file that cannot be read ({error.strerror})") from error


def model_settings(model_type: ModelType, credentials: Mapping[str, Any], settings: Settings) -> ModelSettings:
    """What the file is loaded with.

    :raises CredentialsInvalid: naming the field at fault
    """
    path = allowed_file(str(credentials["path"]), settings)
    gpu_layers = credentials.get("gpu_layers")
    return ModelSettings(
        path=path,
        context=int(credentials.get("context_size") or DEFAULT_CONTEXT),
        slots=settings.slots,
        threads=settings.threads,
        gpu_layers=None if gpu_layers is None else int(gpu_layers),
        template=credentials.get("chat_template") or None,
        embedding=model_type is ModelType.TEXT_EMBEDDING,
        changed=path.stat().st_mtime_ns,
        log_level=settings.log_level,
    )


def describe(
    model: str, model_type: ModelType, credentials: Mapping[str, Any], settings: Settings, rules: tuple[ParameterRule, ...]
) -> ModelDescription:
    """The description of the file's model, from its header and the form.

    :param rules: of the parameters that llama.cpp takes
    :raises CredentialsInvalid: naming the field at fault
    """
    header = header_of(allowed_file(str(credentials["path"]), settings))
    context = int(credentials.get("context_size") or DEFAULT_CONTEXT)
    if header.context_length and context > header.context_length:
        raise CredentialsInvalid(
            f"The context size is larger than the {header.context_length} tokens that this model was trained for.",
            param="context_size",
        )
    label = {"en": header.name} if header.name else None
    if model_type is ModelType.TEXT_EMBEDDING:
        return ModelDescription.model_validate(
            {"id": model, "type": model_type, "label": label, "context_window": context, "dimensions": header.embedding_length}
        )
    template = credentials.get("chat_template") or header.chat_template or ""
    if len(template) > _LONGEST_TEMPLATE:
        raise CredentialsInvalid(f"The chat template is longer than {_LONGEST_TEMPLATE} characters.", param="chat_template")
    features = set(_LLM_FEATURES)
    if takes_tools(template):
        features.add(Feature.TOOLS)
    if any(mark in template for mark in _THINKING_MARKS):
        features.add(Feature.REASONING)
    return ModelDescription.model_validate(
        {
            "id": model,
            "type": model_type,
            "label": label,
            "features": features,
            "context_window": context,
            "parameters": rules,
        }
    )


def takes_tools(template: str) -> bool:
    """Whether a chat template shows tools to the model."""
    return "tools" in template


def _path_error(problem: str, advice: str | None = None) -> CredentialsInvalid:
    return CredentialsInvalid(f"The path {problem}.", param="path", advice=advice)
