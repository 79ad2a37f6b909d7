"""The catalog of a provider: `models.toml` in the plugin's package.

    checked_on = 2026-11-24          # the day it was compared with the vendor's own pages
    source = "https://…"             # those pages

    [[rules]]                        # parameter rules that several models share
    name = "standard"
    parameters = [ { name = "temperature", minimum = 0, maximum = 2 } ]

    [[models]]
    id = "acme-large"
    type = "llm"
    features = ["streaming", "tools"]
    context_window = 128000
    max_output_tokens = 8192
    prices = { input = 2.50, output = 10.00 }     # per million tokens, US dollars unless `currency` says otherwise
    rules = "standard"

A model's entry is a `ModelDescription`, but that `rules` names shared rules, which the entry's own `parameters` come after.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Any

from jackfield.contract import ModelDescription
from pydantic import ValidationError

CATALOG = "models.toml"


class CatalogError(Exception):
    """A catalog that cannot be used; the message names file, line and entry."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """A provider's models, the day they were checked, and where."""

    models: tuple[ModelDescription, ...] = ()
    checked_on: date | None = None
    source: str | None = None


def load_catalog(package: str) -> Catalog:
    """The catalog of a package; an empty one if it has no `models.toml`.

    :raises CatalogError: if the file is not what it must be
    """
    path = files(package).joinpath(CATALOG)
    if not path.is_file():
        return Catalog()
    return parse_catalog(path.read_text("utf-8"), f"{package}/{CATALOG}")


def parse_catalog(text: str, name: str = CATALOG) -> Catalog:
    """:param name: how errors name the file"""
    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(f"{name}: {error}") from None
    unknown = set(table) - {"checked_on", "source", "rules", "models"}
    if unknown:
        raise CatalogError(f"{name}: {', '.join(sorted(unknown))} is not known here")
    rules = {rule["name"]: rule["parameters"] for rule in table.get("rules", ())}
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[models\]\]", line)]
    models = []
    for line, entry in zip(lines, table.get("models", ()), strict=False):
        models.append(_parse_model(entry, rules, f"{name}:{line}: model {entry.get('id', '?')!r}"))
    return Catalog(tuple(models), table.get("checked_on"), table.get("source"))


def _parse_model(entry: dict[str, Any], rules: dict[str, list[Any]], where: str) -> ModelDescription:
    shared = entry.pop("rules", None)
    if shared is not None:
        if shared not in rules:
            raise CatalogError(f"{where}: there are no rules named {shared!r}")
        entry["parameters"] = [*rules[shared], *entry.get("parameters", ())]
    try:
        return ModelDescription.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        member = ".".join(str(part) for part in first["loc"])
        raise CatalogError(f"{where}: {member}: {first['msg']}") from None
