"""The catalog: `models.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from jackfield.contract import ModelDescription, ModelType, Prices

from ...catalog import CatalogError, parse_catalog
from .findings import Finding, line_of

STALE_AFTER: Final = timedelta(days=183)
_DEAREST: Final = Decimal(10_000)
"""For a million tokens, in any currency; the dearest model there ever was took 600 dollars."""


def check_catalog(path: Path, today: date) -> Iterator[Finding]:
    """All that is wrong with a catalog."""
    text = path.read_text("utf-8")
    try:
        catalog = parse_catalog(text, path.name)
    except CatalogError as error:
        yield Finding(path, *_place_of(str(error), path.name))
        return
    yield from _check_head(path, text, catalog.checked_on, catalog.source, today)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*models\s*\]\]", line)]
    if len(lines) != len(catalog.models):
        lines = [1] * len(catalog.models)
    for line, model in zip(lines, catalog.models, strict=True):
        for code, message, near in _check_model(model, catalog.models, today):
            yield Finding(path, line_of(text, near, line), code, f"{model.id}: {message}")
    used = {name for entry in tomllib.loads(text).get("models", ()) for name in _names(entry.get("rules"))}
    for entry in tomllib.loads(text).get("rules", ()):
        if entry["name"] not in used:
            near = rf"^\s*name\s*=\s*[\"']{re.escape(entry['name'])}[\"']"
            yield Finding(path, line_of(text, near), "C508", f"no model uses the rules {entry['name']!r}")


def _names(rules: object) -> list[str]:
    return [rules] if isinstance(rules, str) else list(rules) if isinstance(rules, list) else []


def _place_of(message: str, name: str) -> tuple[int, str, str]:
    found = re.match(rf"{re.escape(name)}(?::(\d+))?: (.*)", message, re.DOTALL)
    line = re.search(r"at line (\d+)", message)
    number = found[1] if found and found[1] else line[1] if line else "1"
    return int(number), "C501", (found[2] if found else message).replace("\n", "; ")


def _check_head(path: Path, text: str, checked_on: date | None, source: str | None, today: date) -> Iterator[Finding]:
    line = line_of(text, r"^\s*checked_on\b")
    if checked_on is None:
        yield Finding(path, 1, "C502", "there is no checked_on: the day the models were compared with the vendor's pages")
    elif checked_on > today + timedelta(days=1):
        yield Finding(path, line, "C502", f"it was checked on {checked_on}, which is to come")
    elif today - checked_on > STALE_AFTER:
        yield Finding(path, line, "C502", f"it was last checked on {checked_on}: compare it with the vendor's pages again")
    if not source or not re.match(r"https?://", source):
        yield Finding(path, line_of(text, r"^\s*source\b"), "C503", "`source` names no page of the vendor's")


def _check_model(model: ModelDescription, models: tuple[ModelDescription, ...], today: date) -> Iterator[tuple[str, str, str]]:
    """Code, message, and what stands in the line."""
    if model.deprecated_on is not None and model.deprecated_on < today:
        yield "C504", f"the vendor switched it off on {model.deprecated_on}", r"deprecated_on"
    if model.replacement is not None and not any(
        other.id == model.replacement and other.type is model.type for other in models
    ):
        yield "C505", f"its replacement {model.replacement} is not in the catalog", r"replacement"
    if model.type is ModelType.LLM and model.context_window is None:
        yield "C506", "has no context_window", r"\[\["
    if model.context_window and model.max_output_tokens and model.max_output_tokens > model.context_window:
        yield "C506", "answers more than its window holds", r"max_output_tokens"
    if model.prices is not None:
        yield from (("C507", message, r"prices") for message in _check_prices(model.prices))


def _check_prices(prices: Prices) -> Iterator[str]:
    given = {name: value for name in Prices.model_fields if isinstance(value := getattr(prices, name), Decimal)}
    if not given:
        yield "has a table of prices without a price: leave it out where none is known"
    for name, value in given.items():
        if name in ("input", "output", "cache_read", "cache_write") and value > _DEAREST:
            yield f"`{name}` is {value} {prices.currency} for a million tokens: is that the unit?"
    if prices.input and prices.cache_read is not None and prices.cache_read > prices.input:
        yield f"input from the cache is dearer ({prices.cache_read}) than fresh input ({prices.input})"
    if prices.input and prices.output is not None and 0 < prices.output < prices.input / 4:
        yield f"output ({prices.output}) is far cheaper than input ({prices.input}): are they the right way round?"
