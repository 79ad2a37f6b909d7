"""The provider as it describes itself: its texts and its forms."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jackfield.contract import CredentialForm, FormField, LocalizedText, ProviderDescription

from .findings import Finding

_SECRET_WORDS: Final = frozenset({"key", "secret", "token", "password", "credential"})
_ENV: Final = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")


@dataclass(frozen=True, slots=True)
class Sources:
    """The Python files of a package, to find where a provider and its fields are written."""

    trees: dict[Path, ast.Module]

    @classmethod
    def read(cls, package: Path) -> Sources:
        """Those below a folder."""
        return cls({path: ast.parse(path.read_text("utf-8")) for path in sorted(package.rglob("*.py"))})

    def place_of_provider(self, provider_id: str) -> tuple[Path, int]:
        """The class whose `id` it is; else the first line of the package."""
        for path, tree in self.trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef) and any(_assigns(one, "id", provider_id) for one in node.body):
                    return path, node.lineno
        return next(iter(self.trees)), 1

    def place_of_field(self, name: str, otherwise: tuple[Path, int]) -> tuple[Path, int]:
        """`FormField(name="…")`, or a call of a function that is named as the field (`forms.api_key()`)."""
        for path, tree in self.trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and (_called(node) == name or _named(node) == name):
                    return path, node.lineno
        return otherwise


def _assigns(node: ast.stmt, name: str, value: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    is_named = any(isinstance(target, ast.Name) and target.id == name for target in targets)
    given = getattr(node, "value", None)
    return is_named and isinstance(given, ast.Constant) and given.value == value


def _called(node: ast.Call) -> str | None:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)


def _named(node: ast.Call) -> str | None:
    for keyword in node.keywords:
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    return None


def check_provider(described: ProviderDescription, sources: Sources) -> Iterator[Finding]:
    """All that is wrong with what a provider says of itself."""
    place = sources.place_of_provider(described.id)
    if described.description is None:
        yield Finding(*place, "D301", "there is no description: one sentence of what the vendor offers")
    elif not described.description.zh:
        yield Finding(*place, "D301", "the description has no Chinese text")
    forms = [form for form in (described.provider_form, described.model_form) if form is not None]
    if any(form.secret_names for form in forms) and not described.help_url:
        yield Finding(*place, "D302", "there is no help_url, where a key is made")
    for form in forms:
        for field in form.fields:
            where = sources.place_of_field(field.name, place)
            for code, message in _check_field(field, form, described):
                yield Finding(*where, code, f"{field.name}: {message}")
        yield from _check_environment(form, sources, place)


def _check_field(field: FormField, form: CredentialForm, described: ProviderDescription) -> Iterator[tuple[str, str]]:
    texts: dict[str, LocalizedText | None] = {
        "label": field.label,
        "help": field.help,
        "pattern_hint": field.pattern_hint,
        **{f"option {option.value}": option.label for option in field.options if not _is_a_name(option.label.en)},
    }
    for what, text in texts.items():
        if text is not None and not text.zh:
            yield "F401", f"its {what} has no Chinese text"
    if field.kind == "text" and _SECRET_WORDS & set(field.name.split("_")):
        yield "F402", 'sounds like a secret and is of kind text: should it not be `kind="secret"`?'
    if field.kind == "secret":
        if not (field.help_url or form.help_url or described.help_url):
            yield "F403", "is a secret without a help link"
        if field.required and not field.shown_if and form is described.provider_form and not field.env:
            yield "F404", "names no environment variable (`env`) that holds it in library use"
    if field.env is not None and not _ENV.fullmatch(field.env):
        yield "F404", f"its environment variable {field.env!r} is not named LIKE_THIS"
    if field.pattern is not None and field.pattern_hint is None:
        yield "F405", "its pattern has no hint for people"


def _is_a_name(text: str) -> bool:
    """What is no word of a language: `us-east-1`, `v2`, `https://…`, `cl100k_base`."""
    return re.search(r"\s", text) is None and re.search(r"[\d/_.:-]", text) is not None


def _check_environment(form: CredentialForm, sources: Sources, place: tuple[Path, int]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for field in form.fields:
        if field.env is None:
            continue
        if field.env in seen:
            where = sources.place_of_field(field.name, place)
            yield Finding(*where, "F404", f"{field.name}: {field.env} is the environment variable of {seen[field.env]} as well")
        seen[field.env] = field.name
