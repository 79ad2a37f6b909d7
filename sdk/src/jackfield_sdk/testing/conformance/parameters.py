"""Whether a parameter arrives at the vendor, or is refused by its name."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final

import orjson
from jackfield.contract import BadRequest, JackfieldError, UnsupportedParameter
from jackfield.dialects import reasoning

from ..double import VendorDouble
from ..promises import names_in, values_in

VALUES: Final[dict[str, Any]] = {
    "max_tokens": 1234,
    "temperature": 0.3125,
    "top_p": 0.8125,
    "top_k": 37,
    "min_p": 0.0625,
    "frequency_penalty": 0.4375,
    "presence_penalty": 0.1875,
    "repetition_penalty": 1.0625,
    "seed": 4711,
    "stop": ["<<STOP-CANARY>>"],
    "n": 2,
    "logprobs": True,
    "top_logprobs": 4,
    "logit_bias": {"42": 17.5},
    "reasoning_effort": "low",
    "reasoning_budget": 2345,
}
"""A value for each sampling parameter that is found again wherever a vendor's body has it."""
_MEANT: Final[dict[str, tuple[Any, ...]]] = {
    "reasoning_effort": (reasoning.budget_of(VALUES["reasoning_effort"]),),
    "reasoning_budget": (reasoning.effort_of(VALUES["reasoning_budget"]),),
}
"""What a parameter may be turned into, for a vendor that has one of two words for the same wish."""


async def arrives(call: Awaitable[Any], vendor: VendorDouble, name: str, value: Any) -> None:
    """Assert that the call is refused for `name`, or that its value stands in what the vendor got."""
    failure: JackfieldError | None = None
    try:
        await call
    except JackfieldError as error:
        failure = error
    if isinstance(failure, BadRequest):
        assert failure.param == name, f"the request is refused for {failure.param!r}: {failure.message}"
        assert not vendor.requests, "it is refused after the vendor was asked"
        return
    assert vendor.requests, f"the vendor was not asked: {failure!r}"  # (its answer may not be what, say, n = 2 asks for)
    named = any(name in names_in(_json(request.body)) for request in vendor.requests if request.body)
    alike = [value, *_MEANT.get(name, ())]
    assert named or any(is_sent(vendor, name, one) for one in alike), (
        f"it is neither refused nor sent: {vendor.last.body[:500]!r}"
    )


def is_sent(vendor: VendorDouble, name: str, value: Any) -> bool:
    """Whether a value stands in what the vendor got; one that says nothing by itself, `true`, by something like its name."""
    bodies = [_json(request.body) for request in vendor.requests if request.body]
    if isinstance(value, bool):
        word = name.replace("_", "")
        return any(word in found.replace("_", "").lower() for body in bodies for found in names_in(body))
    sent = [found for body in bodies for found in values_in(body)]
    wanted = next(iter(value.values())) if isinstance(value, dict) else value
    alike = [wanted, *(wanted if isinstance(wanted, list) else ())]
    return any(_same(one, other) for one in sent for other in alike)


async def refused(call: Awaitable[Any], name: str) -> bool:
    """Whether the call is refused for the parameter, before the vendor is asked."""
    try:
        await call
    except UnsupportedParameter as error:
        return error.param == name
    except JackfieldError:
        return False
    return False


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")


def _same(one: Any, other: Any) -> bool:
    number = _number(one)
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return (type(one) is type(other) and one == other) or (number is not None and number == _number(other))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
