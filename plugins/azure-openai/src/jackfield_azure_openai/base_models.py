"""The models behind the deployments."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from jackfield_sdk import Catalog, ModelDescription, ModelType, parse_catalog

_ALIASES: Final = {
    "gpt-3.5-turbo": "gpt-35-turbo",
    "gpt-3.5-turbo-16k": "gpt-35-turbo-16k",
    "gpt-3.5-turbo-instruct": "gpt-35-turbo-instruct",
    "gpt-4-0125-preview": "gpt-4-turbo",
    "gpt-4-1106-preview": "gpt-4-turbo",
    "gpt-4-vision-preview": "gpt-4-turbo",
    "gpt-5-chat": "gpt-chat-latest",
    "gpt-5.1-chat": "gpt-chat-latest",
    "gpt-5.2-chat": "gpt-chat-latest",
    "gpt-5.3-chat": "gpt-chat-latest",
    "tts-1": "tts",
    "tts-1-hd": "tts-hd",
    "whisper-1": "whisper",
}
"""Older names, and OpenAI's, by which Dify's users know them."""


@cache
def catalog() -> Catalog:
    """`base_models.toml`. It is no `models.toml`, as none of them can be called before it is deployed."""
    name = "base_models.toml"
    return parse_catalog(files(__package__).joinpath(name).read_text("utf-8"), name)


def base_model(name: str, model_type: ModelType) -> ModelDescription | None:
    """The model of this name, be it with a version (`gpt-4o-2024-08-06`) or a suffix (`gpt-4o-europe`); None if unknown."""
    known = {entry.id: entry for entry in catalog().models if entry.type is model_type}
    names = dict(zip(known, known, strict=True)) | {alias: to for alias, to in _ALIASES.items() if to in known}
    name = name.lower()
    fitting = [one for one in names if name == one or name.startswith(f"{one}-")]
    return known[names[max(fitting, key=len)]] if fitting else None
