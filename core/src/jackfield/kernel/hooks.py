"""The hooks of the contract as data: their names, parameters and kinds, read once from the specs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jackfield.contract import ModelType, hookspecs

PROVIDERS: Final = "jackfield_providers"


@dataclass(frozen=True, slots=True)
class Hook:
    """:param parameters: the names that every implementation takes
    :param is_async: whether an implementation is a coroutine function
    """

    name: str
    spec: Callable[..., Any]
    parameters: tuple[str, ...]
    is_async: bool


def _read() -> dict[str, Hook]:
    found = {}
    for name, spec in vars(hookspecs).items():
        if hasattr(spec, f"{hookspecs.PROJECT}_spec"):
            found[name] = Hook(name, spec, tuple(inspect.signature(spec).parameters), inspect.iscoroutinefunction(spec))
    return found


HOOKS: Final[Mapping[str, Hook]] = _read()
INVOKE_HOOKS: Final[Mapping[ModelType, str]] = {kind: f"invoke_{kind.value}" for kind in ModelType}
