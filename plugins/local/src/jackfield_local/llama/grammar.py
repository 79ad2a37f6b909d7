"""Answers held to a JSON Schema, by the LLGuidance grammars that xllamacpp is built with.

The engine does not say so when it cannot follow a schema (`not`, `uniqueItems`, a reference to nothing): it answers as if
none had been given. Hence every grammar here begins with a mark that no model writes by itself; an answer without the mark
was not held to the schema, and the request is refused. The mark is white space, so that it does not turn the model's head.
"""

from __future__ import annotations

import json
from typing import Any

from jackfield_sdk import BadRequest, Tool

MARK = "\n \n"


def grammar_for(schema: dict[str, Any]) -> str:
    """The grammar of the mark and one JSON value that follows `schema`, without white space between its tokens:
    a small model that may put in white space puts in nothing else."""
    tight = {**schema, "x-guidance": {"whitespace_flexible": False}}
    return f"%llguidance {{}}\nstart: {json.dumps(MARK)} value\nvalue: %json {json.dumps(tight)}"


def schema_of_call(tools: list[Tool]) -> dict[str, Any]:
    """The schema of a call of one of `tools`: its name, then its arguments."""
    return {
        "anyOf": [
            {
                "type": "object",
                "properties": {"name": {"const": tool.name}, "arguments": _closed(tool.parameters)},
                "required": ["name", "arguments"],
                "additionalProperties": False,
            }
            for tool in tools
        ]
    }


def _closed(parameters: dict[str, Any]) -> dict[str, Any]:
    """An object without arguments that nobody described, unless its schema speaks of them."""
    if parameters.get("type", "object") != "object":
        raise BadRequest("The `parameters` of a tool are the schema of an object.", param="tools")
    return {"type": "object", "additionalProperties": False, **parameters}


class MarkFilter:
    """Takes the mark off the beginning of an answer.

    :param param: the request's member that holds the schema
    """

    def __init__(self, param: str) -> None:
        self._param = param
        self._held: str | None = ""

    def feed(self, text: str) -> str:
        """What of `text` belongs to the answer.

        :raises BadRequest: there is no mark, so the schema is not followed
        """
        if self._held is None:
            return text
        self._held += text
        if len(self._held) < len(MARK) and MARK.startswith(self._held):
            return ""
        if not self._held.startswith(MARK):
            raise BadRequest(
                "llama.cpp cannot hold the model to this JSON Schema.",
                param=self._param,
                advice=(
                    "Use the keywords that it follows: type, properties, required, additionalProperties, items, enum, const, "
                    "anyOf, $ref within the schema, limits of numbers, strings and arrays, pattern without look-around, format."
                ),
            )
        rest, self._held = self._held[len(MARK) :], None
        return rest
