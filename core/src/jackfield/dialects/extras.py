"""What a request says beyond the contract: passed on in the dialect it is written in, else refused by its name."""

from __future__ import annotations

from typing import Any, Protocol

from jackfield.contract import Sampling, UnsupportedParameter
from jackfield.contract.relay import OPENAI_RESPONSES

_HINTS = frozenset({
    "store", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "safety_identifier", "stream_options",
    "cache_control",
})  # fmt: skip
"""Members that ask nothing of the answer: how the vendor keeps, caches or watches it is between the vendor and its account."""

_SAID: dict[str | None, frozenset[str]] = {OPENAI_RESPONSES: frozenset({"instructions"})}
"""Members, by dialect, that the contract has a place for, and that are kept only to be said again in the answer."""

_ASK_EMPTY = frozenset({"web_search_options"})
"""Members that ask for something by being there: https://platform.openai.com/docs/guides/tools-web-search"""

_PLAIN: dict[str, tuple[object, ...]] = {
    "service_tier": ("auto", "default", "standard_only"),
    "modalities": (["text"],),
    "truncation": ("disabled",),
    "verbosity": ("medium",),
    "include": ([], ["reasoning.encrypted_content"]),
    "text": ({"verbosity": "medium"}, {}),
    "chunking_strategy": ("auto",),
    "echo": (False,),
    "best_of": (1,),
    "suffix": ("",),
}
"""Values that say what is so without them."""

_PLAIN_SAMPLING: dict[str, tuple[object, ...]] = {
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "repetition_penalty": (1,),
    "min_p": (0,),
    "n": (1,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "stop": ([],),
}


class Request(Protocol):
    """What the requests of all model types have."""

    extra: dict[str, Any]
    dialect: str | None
    drop_unsupported: bool


def given(body: dict[str, Any], handled: frozenset[str]) -> dict[str, Any]:
    """The members of a body that the contract has no place for. Null is not given."""
    return {name: value for name, value in body.items() if name not in handled and value is not None}


def passed_on(request: Request, *dialects: str, shared: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The part of `request.extra` that goes into a body of one of `dialects`.

    :param shared: members that mean the same in the dialects of other vendors or surfaces
    :raises UnsupportedParameter: by name, for one of another dialect that would change the answer, unless `drop_unsupported`
    """
    if request.dialect is None or request.dialect in dialects:
        return dict(request.extra)
    kept = {}
    for name, value in request.extra.items():
        if name in shared:
            kept[name] = value
        elif name not in _SAID.get(request.dialect, ()) and not _asks_nothing(name, value):
            refuse(request, name)
    return kept


def _asks_nothing(name: str, value: object) -> bool:
    if name in _HINTS or value in _PLAIN.get(name, ()) or (value in ([], {}) and name not in _ASK_EMPTY):
        return True
    if name == "reasoning":  # how reasoning is summed up is the vendor's to say
        return isinstance(value, dict) and set(value) <= {"summary", "generate_summary"}
    if name == "thinking":  # the model decides, as it does without
        return isinstance(value, dict) and (value.get("type") == "adaptive" or set(value) <= {"display"})
    return False


def message_extra(extra: dict[str, Any], number: int, request: Request, *dialects: str) -> dict[str, Any]:
    """The part of a message's `extra` that goes into a body of one of `dialects`; `number` is the message's.

    :raises UnsupportedParameter: by name, unless `drop_unsupported`
    """
    if not extra or request.dialect is None or request.dialect in dialects:
        return extra
    for name in extra:
        if name != "phase":  # OpenAI's word for what is said on the way and what at the end
            refuse(request, f"messages.{number}.{name}")
    return {}


def refuse(request: Request, name: str, why: str = "") -> None:
    """Nothing, if the caller wants such parameters dropped.

    :raises UnsupportedParameter: otherwise
    """
    if not request.drop_unsupported:
        raise UnsupportedParameter(why or f"The model does not take the parameter `{name}`.", param=name)


def meant(sampling: Sampling) -> dict[str, Any]:
    """The sampling parameters that say something: a penalty of zero, which many clients always send, does not."""
    return {name: value for name, value in sampling.given().items() if value not in _PLAIN_SAMPLING.get(name, ())}
