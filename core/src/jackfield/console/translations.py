"""The console's own words in Chinese. English is written in the templates; `zh.toml` maps each English text to its Chinese."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["en", "zh"]


@cache
def catalog() -> Mapping[str, str]:
    """English text -> Chinese text."""
    table = tomllib.loads(files(__package__).joinpath("zh.toml").read_text("utf-8"))
    return {str(english): str(chinese) for english, chinese in table.items()}


def translate(text: str, language: Language, /, **values: object) -> str:
    """`text` in `language`, with `{name}` places filled in; a text without translation stays English (a test finds it)."""
    if language == "zh":
        text = catalog().get(text, text)
    return text.format(**values) if values else text


def preferred_language(accept_language: str) -> Language:
    """The first of the header's languages that the console speaks (RFC 9110, section 12.5.4), or English."""
    ranked = []
    for position, item in enumerate(accept_language.split(",")):
        tag, _, weight = item.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 0.0
        ranked.append((-quality, position, tag.lower()))
    for _, _, tag in sorted(ranked):
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "en"
