"""What holds for every template."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from jackfield.console.templating import code, environment, money, spent

LOADER = environment().loader
assert LOADER is not None
SOURCES = {name: LOADER.get_source(environment(), name)[0] for name in environment().list_templates()}


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_no_form_puts_what_is_typed_into_an_address(name: str) -> None:
    """A form that is sent before its script is there must not become a GET with a key in its query, unless it is meant so."""
    for form in re.findall(r"<form[^>]*>", SOURCES[name]):
        assert re.search(r'method="(post|dialog)"', form) or ('method="get"' in form and "hx-post" not in form), form


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(name: str) -> None:
    source = SOURCES[name]
    assert not re.search(r"\s(on\w+|style|hx-on[\w:-]*)=", source)
    assert not re.search(r'(src|href|action)="(https?:)?//', source)
    assert not re.search(r'<script(?![^>]*\s(src=|type="application/json"))', source)
    assert "|safe" not in source


def test_code_is_escaped() -> None:
    assert code("ask for `<b>`") == "ask for <code>&lt;b&gt;</code>"


def test_prices_are_written_as_on_a_tag() -> None:
    assert [money(Decimal(text)) for text in ("0.15", "2.50", "10", "0.0375")] == ["$0.15", "$2.50", "$10", "$0.0375"]
    assert money(Decimal("3.5"), "GBP") == "3.50 GBP"
    assert money(0) == "$0"
    assert money(None) == "–"


def test_what_calls_came_to_is_rounded_for_reading() -> None:
    amounts = [Decimal(text) for text in ("7.099281", "0.035629", "0.00000123", "0", "12")]
    assert [spent(amount) for amount in amounts] == ["$7.10", "$0.0356", "$0.00000123", "$0", "$12"]
    assert spent(None) == "–"
    assert spent(Decimal("0.999999"), "CNY") == "¥1"
