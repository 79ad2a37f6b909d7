"""What a check finds, and where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

RULES: Final[dict[str, str]] = {
    "P101": "pyproject.toml can be read and has a [project]",
    "P102": "the distribution is called jackfield-<vendor>, its package jackfield_<vendor>",
    "P103": "the version is one (PEP 440), and the package says no other",
    "P104": "there is a description and a README with something to read",
    "P105": "there is a licence",
    "P106": "requires-python says at least what jackfield-sdk needs",
    "P107": "it depends on jackfield-sdk, in a version that is there",
    "P108": "it depends on nothing else: no vendor's SDK",
    "P109": "it imports jackfield_sdk, nothing below that and no other plugin",
    "P110": "the package is typed: py.typed",
    "P111": "catalog, icon and py.typed are built into the wheel",
    "E201": "there is an entry point in the group jackfield.plugins",
    "E202": "the entry point leads to the plugin, and the plugin loads",
    "E203": "the entry point is named as its provider",
    "D301": "the provider is described in both languages",
    "D302": "a provider that asks for a secret says where it is made",
    "F401": "labels, helps, hints and options are in both languages",
    "F402": "what sounds like a secret is one",
    "F403": "a secret has a help link: its own, its form's or its provider's",
    "F404": "a required secret of the provider names its environment variable; names are LIKE_THIS, each once",
    "F405": "a pattern has a hint for people",
    "C501": "models.toml is a catalog; no model stands in it twice",
    "C502": "checked_on is there, not in the future, and not older than half a year",
    "C503": "source names the vendor's pages",
    "C504": "models that the vendor has switched off are gone, or leave room for no other date",
    "C505": "a replacement is in the catalog",
    "C506": "a chat model has a context window, and does not answer more than that",
    "C507": "prices are like prices",
    "C508": "rules are used",
    "I601": "there is an icon.svg",
    "I602": "the icon is small",
    "I603": "the icon is a well-formed SVG",
    "I604": "the icon has a viewBox",
    "I605": "the icon has no scripts, handlers or other active parts",
    "I606": "the icon refers to nothing outside itself",
}
"""Every code, and what holds where it is not found."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong.

    :param line: 1 where it is about the whole file
    """

    path: Path
    line: int
    code: str
    message: str

    def text(self, base: Path) -> str:
        """`file:line: code message`, as compilers write it; the file as seen from `base`, if it is below."""
        return f"{self.shown(base)}:{self.line}: {self.code} {self.message}"

    def describe(self, base: Path) -> dict[str, Any]:
        """As JSON."""
        return {"file": self.shown(base), "line": self.line, "code": self.code, "message": self.message}

    def shown(self, base: Path) -> str:
        """The file as seen from `base`."""
        return self.path.relative_to(base).as_posix() if self.path.is_relative_to(base) else self.path.as_posix()


def line_of(text: str, pattern: str, after: int = 1) -> int:
    """The first line, not before line `after`, in which the regular expression is found; `after` if there is none."""
    for number, line in enumerate(text.splitlines(), 1):
        if number >= after and re.search(pattern, line):
            return number
    return after
