"""What a model takes: each model on Replicate has inputs of its own, told by its OpenAPI schema.

https://replicate.com/docs/reference/http#models.get, https://replicate.com/docs/reference/http#models.versions.get
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from jackfield_sdk import ModelNotFound, ServerUnavailable

MAX_SCHEMAS: Final = 512
LIFETIME: Final = 3600.0
"""Seconds after which a schema is read again: a model's owner may have pushed a new version."""


@dataclass(frozen=True, slots=True)
class Schema:
    """:param version: the id to run; None for an official model, which is run by its name
    :param inputs: the properties of the input, by name
    """

    version: str | None
    inputs: Mapping[str, Mapping[str, Any]]

    def first(self, *names: str) -> str | None:
        """The first of these names that the model has an input for."""
        return next((name for name in names if name in self.inputs), None)

    def is_list(self, name: str) -> bool:
        """Whether the input takes a list."""
        return self.inputs.get(name, {}).get("type") == "array"


def parse_schema(body: dict[str, Any], version: str | None) -> Schema:
    """Of a model, or of the version that was asked for.

    :raises ModelNotFound: if the model has no version that could be run
    :raises ServerUnavailable: if the answer holds no schema
    """
    release = body if version else body.get("latest_version")
    if not isinstance(release, dict):
        raise ModelNotFound("The model has no version that could be run.")
    inputs = release.get("openapi_schema")
    for name in ("components", "schemas", "Input", "properties"):
        inputs = inputs.get(name) if isinstance(inputs, dict) else None
    if not isinstance(inputs, dict):
        raise ServerUnavailable("The vendor's answer does not say what the model takes.")
    official = body.get("is_official") is True and not version
    known = {name: one if isinstance(one, dict) else {} for name, one in inputs.items()}
    return Schema(None if official else version or str(release.get("id") or "") or None, known)


class SchemaCache:
    """Schemas by what they were fetched with, tokens as a hash only.

    :param now: a clock that only goes forward
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: OrderedDict[str, tuple[float, Schema]] = OrderedDict()

    async def get(self, fetch: Callable[[], Awaitable[Schema]], *parts: str, fresh: bool = False) -> Schema:
        """The schema. `fresh`: fetch it in any case, to prove the token."""
        key = sha256(b"\0".join(part.encode("utf-8", "replace") for part in parts)).hexdigest()
        kept = self._kept.get(key)
        if kept is not None and kept[0] > self._now() and not fresh:
            self._kept.move_to_end(key)
            return kept[1]
        schema = await fetch()
        self._kept[key] = self._now() + LIFETIME, schema
        self._kept.move_to_end(key)
        while len(self._kept) > MAX_SCHEMAS:
            self._kept.popitem(last=False)
        return schema
