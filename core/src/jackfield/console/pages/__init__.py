"""The pages, a module each. A new module that defines `pages` is found without being listed anywhere."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from ..registry import PageSet


@cache
def all_pages() -> tuple[PageSet, ...]:
    """What every module here offers."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return tuple(module.pages for module in modules if hasattr(module, "pages"))
