"""The engines' packages, imported when they are first needed."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from jackfield_sdk import MissingExtra


def engine(module: str, *, extra: str) -> Any:
    """The module of an engine. Engines have no types, hence `Any`.

    :param extra: of this distribution, that brings the engine
    :raises MissingExtra: with the command that installs it
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == module
        what = "is not installed" if absent else f"cannot be loaded here ({error})"
        raise MissingExtra(
            f"This local model runs on the package `{module}`, which {what}.",
            advice=f'Run `pip install "jackfield-local[{extra}]"` where the host runs, and start the host anew.',
        ) from error
