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

A model's entry is a `ModelDescription`, but that `rules` names shared rules, one or a list; of two rules for one parameter the
later counts, and the entry's own `parameters` come last. A model without `rules` and `parameters` takes whatever is asked.
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
_ENTRY = re.compile(r"\s*\[\[\s*models\s*\]\]")
_KNOWN = frozenset({"checked_on", "source", "rules", "models"})


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
    if unknown := set(table) - _KNOWN:
        raise CatalogError(f"{name}: {', '.join(sorted(unknown))}: is not known here; there are {', '.join(sorted(_KNOWN))}")
    checked_on = table.get("checked_on")
    if checked_on is not None and not isinstance(checked_on, date):
        raise CatalogError(f"{name}: checked_on: is a date, written without quotes")
    rules = _parse_rules(table.get("rules", ()), name)
    models: dict[tuple[str, str], ModelDescription] = {}
    for place, entry in zip(_places(text, table.get("models", ()), name), table.get("models", ()), strict=True):
        where = f"{place}: model {entry.get('id', '?')!r}"
        model = _parse_model(entry, rules, where)
        if (model.id, model.type) in models:
            raise CatalogError(f"{where}: stands here for the second time")
        models[model.id, model.type] = model
    return Catalog(tuple(models.values()), checked_on, table.get("source"))


def _places(text: str, entries: Any, name: str) -> list[str]:
    """Where each entry stands: its line, where the entries are tables of their own."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if "[[" in line and _ENTRY.match(line)]
    if len(lines) == len(entries):
        return [f"{name}:{line}" for line in lines]
    return [f"{name}: entry {number}" for number in range(1, len(entries) + 1)]


def _parse_rules(entries: Any, name: str) -> dict[str, list[Any]]:
    rules: dict[str, list[Any]] = {}
    for entry in entries:
        if set(entry) != {"name", "parameters"} or not isinstance(entry["parameters"], list):
            raise CatalogError(f"{name}: rules {entry.get('name', '?')!r}: have a `name` and a list of `parameters`")
        if entry["name"] in rules:
            raise CatalogError(f"{name}: rules {entry['name']!r}: stand here for the second time")
        rules[entry["name"]] = entry["parameters"]
    return rules


def _parse_model(entry: dict[str, Any], rules: dict[str, list[Any]], where: str) -> ModelDescription:
    entry = dict(entry)
    shared = entry.pop("rules", None)
    if shared is not None:
        names = [shared] if isinstance(shared, str) else shared
        for one in names:
            if one not in rules:
                raise CatalogError(f"{where}: there are no rules named {one!r}")
        listed = [*(rule for one in names for rule in rules[one]), *entry.get("parameters", ())]
        entry["parameters"] = list({str(rule.get("name")): rule for rule in listed}.values())
    try:
        return ModelDescription.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        member = ".".join(str(part) for part in first["loc"])
        raise CatalogError(f"{where}: {member}: {first['msg']}") from None
