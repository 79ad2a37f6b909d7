"""The menu of a visit: what the pages registered, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jackfield.tenancy import Principal

from .pages import all_pages
from .registry import GROUPS
from .translations import mark

GROUP_LABELS = {"Use": mark("Use"), "Settings": mark("Settings"), "Host": mark("Host")}


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the menu."""

    path: str
    label: str


@dataclass(frozen=True, slots=True)
class Section:
    """One group of it."""

    label: str
    pages: tuple[Item, ...]


def menu(caller: Principal, translate: Callable[[str], str]) -> list[Section]:
    """What the caller may open."""
    items = sorted((item for pages in all_pages() for item in pages.items), key=lambda item: item.order)
    seen = [item for item in items if caller.may(item.role)]
    sections = [
        Section(
            translate(GROUP_LABELS[group]),
            tuple(Item(f"/console{item.path}", translate(item.label)) for item in seen if item.group == group),
        )
        for group in GROUPS
    ]
    return [section for section in sections if section.pages]
