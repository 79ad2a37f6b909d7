"""The console's words in Chinese. English stands in the templates and the code; `zh/*.toml` maps each text to its Chinese.

A text may have places, as `{name}`. The services' errors are told in English with the values filled in already: their texts
stand in `zh/errors.toml` with places, and a sentence is translated by finding the text that it was made from.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["en", "zh"]
LANGUAGES: Mapping[Language, str] = {"en": "English", "zh": "中文"}
_PLACE = re.compile(r"\\?\{(\w+)\\?\}")


@cache
def catalog() -> Mapping[str, str]:
    """English text -> Chinese text, of all files."""
    table: dict[str, str] = {}
    for entry in sorted((files(__package__) / "zh").iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            table |= {str(en): str(zh) for en, zh in tomllib.loads(entry.read_text("utf-8")).items()}
    return table


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Those with places, the longest first: it says the most."""
    found = []
    for english in sorted(catalog(), key=len, reverse=True):
        if "{" in english:
            pattern = _PLACE.sub(lambda place: f"(?P<{place[1]}>.+?)", re.escape(english))
            found.append((re.compile(pattern, re.DOTALL), catalog()[english]))
    return tuple(found)


def mark(text: str) -> str:
    """Nothing but a mark: `text` is shown to people and needs its Chinese, though it is translated elsewhere."""
    return text


def translate(text: str, language: Language, /, **values: object) -> str:
    """`text` in `language`, with `{name}` places filled in; a text without translation stays English (a test finds it)."""
    if language == "zh":
        text = catalog().get(text, text)
    return text.format(**values) if values else text


def translate_sentence(sentence: str, language: Language) -> str:
    """A sentence whose places are filled in already, as an error's. What is not in the catalog, a vendor's own, stays."""
    if language == "en":
        return sentence
    if sentence in catalog():
        return catalog()[sentence]
    for pattern, chinese in _patterns():
        found = pattern.fullmatch(sentence)
        if found is not None:
            return chinese.format(**{name: _inside(value, sentence) for name, value in found.groupdict().items()})
    return sentence


def _inside(value: str, sentence: str) -> str:
    """What fills a place may be a word or a sentence of ours again, as the reason within "cannot be used: …"."""
    return value if value == sentence else translate_sentence(value, "zh")


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
