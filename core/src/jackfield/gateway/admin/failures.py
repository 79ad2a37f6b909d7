"""Errors of the admin API: the body that OpenAI's surfaces answer as well, every member at fault named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from starlette.responses import Response

from jackfield.contract import BadRequest, JackfieldError, NotFound

from ..errors import error_headers, openai_error


class WrongMembers(BadRequest):
    """The request is not as described. `problems` maps every member at fault to a sentence."""

    def __init__(self, problems: dict[str, str]) -> None:
        what = "; ".join(f"`{name}`: {problem}" for name, problem in problems.items())
        super().__init__(f"The request is not right: {what}.", param=next(iter(problems)), advice="See /api/openapi.json.")
        self.problems = problems

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"problems": self.problems}


def wrong_members(errors: Iterable[Mapping[str, Any]]) -> JackfieldError:
    """What the framework found, in our words. A path that fits no name leads nowhere."""
    problems: dict[str, str] = {}
    for error in errors:
        where, *names = error["loc"]
        if where == "path":
            return NotFound(f"There is no such {names[0] if names else 'thing'}.")
        # The position in a text that is no JSON stands where names stand otherwise.
        name = ".".join(str(part) for part in names) if error["type"] != "json_invalid" else ""
        problems[name or where] = _sentence(error)
    return WrongMembers(problems)


def _sentence(error: Mapping[str, Any]) -> str:
    if error["type"] == "missing":
        return "is required"
    if error["type"] == "extra_forbidden":
        return "is not known"
    text = str(error["msg"]).removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def answer_of(error: JackfieldError, request_id: str) -> Response:
    """`{"error": {message, type, param, code, jackfield}}`"""
    error.request_id = error.request_id or request_id
    headers = {name.decode(): value.decode() for name, value in error_headers(error)}
    return Response(orjson.dumps(openai_error(error)), error.status, headers, media_type="application/json")
