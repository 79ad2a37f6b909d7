"""Promises of the contract as checks whose failure says which one was broken."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any

from jackfield.contract import JackfieldError, PluginFault


@contextmanager
def promise(text: str) -> Iterator[None]:
    """Whatever fails in the block breaks this promise."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"Promise broken: {text}\n{error}") from None
    except JackfieldError as error:
        raise AssertionError(f"Promise broken: {text}\n{_tell(error)}") from error


async def error_of(
    call: Awaitable[Any], text: str, *kinds: type[JackfieldError], secrets: tuple[str, ...] = ()
) -> JackfieldError:
    """The error that the call ends with.

    :param text: the promise
    :param kinds: what it may be; none named: any error of the tree but PluginFault
    :param secrets: what must not stand in it
    """
    names = " or ".join(kind.__name__ for kind in kinds) or "an error of the contract's tree"
    raised: JackfieldError | None = None
    result = None
    try:
        result = await call
    except JackfieldError as error:
        raised = error
    if raised is None:
        raise AssertionError(f"Promise broken: {text}\nexpected {names}, but the call succeeded with {result!r:.500}")
    with promise(text):
        stray = f"{raised.__cause__!r}" if raised.__cause__ else str(raised)
        assert not isinstance(raised, PluginFault), f"the plugin let an exception escape, or answered wrongly: {stray}"
        assert isinstance(raised, kinds or JackfieldError), f"expected {names}, got {_tell(raised)}"
        assert raised.message, "the error has no message"
        assert raised.provider, "the error does not name the provider"
    for secret in secrets:
        assert_hidden(secret, raised)
    return raised


def assert_hidden(secret: str, error: JackfieldError) -> None:
    """No secret stands in an error, in what it is shown as, or in its traceback."""
    shown = {
        "its text": str(error),
        "its repr": repr(error),
        "its JSON": repr(error.describe()),
        "its traceback": "".join(traceback.format_exception(error)),
    }
    with promise("no secret stands in an error"):
        for where, text in shown.items():
            assert secret not in text, f"the credential is in {where} ({type(error).__name__})"


def _tell(error: JackfieldError) -> str:
    says = f" (the vendor's message: {error.vendor_message})" if error.vendor_message else ""
    return f"{type(error).__name__}: {error.message}{says}"


def values_in(body: Any) -> Iterator[Any]:
    """Every scalar and every list in a JSON value, wherever it stands."""
    if isinstance(body, dict):
        for value in body.values():
            yield from values_in(value)
    elif isinstance(body, list):
        yield body
        for value in body:
            yield from values_in(value)
    else:
        yield body


def names_in(body: Any) -> Iterator[str]:
    """The name of every member in a JSON value, wherever it stands."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield str(name)
            yield from names_in(value)
    elif isinstance(body, list):
        for value in body:
            yield from names_in(value)
