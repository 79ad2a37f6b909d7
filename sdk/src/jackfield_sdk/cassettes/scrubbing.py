"""Secrets taken out of what was sent and answered, before it is written anywhere.

What is kept is named, and all else is scrubbed: of headers, the few that say how a body is to be read.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import orjson

from ..redaction import KEY_LIKE

SCRUBBED: Final = "SCRUBBED"
_SHORTEST: Final = 4
_KEPT_HEADERS: Final = frozenset(
    {"accept", "content-encoding", "content-type", "retry-after", "retry-after-ms", "anthropic-version", "anthropic-beta"}
)
_SECRET_NAMES: Final = re.compile(
    r"(x-)?(api[-_]?key|apikey|key|access[-_]?token|refresh[-_]?token|id[-_]?token|token|secret|client[-_]?secret|client[-_]?id"
    r"|password|authorization|auth|signature|sig|session[-_]?(key|secret|id)?|cookie|credential|x-amz-.*)",
    re.IGNORECASE,
)
"""Whole names of query and JSON members; `total_tokens` is none of them, `access_token` is."""


class Scrubber:
    """:param secrets: values that must not be seen again, whatever they stand in"""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms: set[str] = set()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """One more: a token, say, that the vendor gave for the key."""
        for value in {secret, secret.strip()}:
            if len(value) >= _SHORTEST:
                escaped = orjson.dumps(value).decode()[1:-1]
                encoded = base64.b64encode(value.encode()).decode()
                self._forms |= {value, quote(value, safe=""), quote(value), escaped, encoded}

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """All names, and the values of those that are needed to read a body."""
        return {
            name.lower(): self.text(value) if name.lower() in _KEPT_HEADERS else SCRUBBED
            for name, value in headers.items()
            if name.lower() not in ("host", "content-length", "connection", "transfer-encoding", "user-agent")
        }

    def response_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Only those: the others of an answer tell of the account and of nothing that a plugin reads."""
        return {name.lower(): self.text(value) for name, value in headers.items() if name.lower() in _KEPT_HEADERS}

    def url(self, url: str) -> str:
        """The address without user, password, and what its query tells in secret."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        for name, value in pairs:
            if _SECRET_NAMES.fullmatch(name):
                self.add(value)
        query = urlencode([(name, SCRUBBED if _SECRET_NAMES.fullmatch(name) else value) for name, value in pairs])
        return self.text(urlunsplit((parts.scheme, host, parts.path, query, "")))

    def body(self, body: bytes) -> bytes:
        """A body without secrets: JSON by the names of its members, everything by their values."""
        try:
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError:
            return self._values(body)
        before = orjson.dumps(parsed)
        after = orjson.dumps(self._members(parsed))
        return self._values(body if after == before else after)

    def pieces(self, pieces: list[bytes]) -> list[bytes]:
        """The pieces of a body; in one piece where a secret is cut in two by them."""
        whole = b"".join(pieces)
        scrubbed = self.body(whole)
        if scrubbed == whole:
            return pieces
        apart = [self._values(piece) for piece in pieces]
        return apart if b"".join(apart) == scrubbed else [scrubbed]

    def result(self, result: Any) -> Any:
        """What a plugin makes of a scrubbed answer, as it makes of it when it is replayed."""
        return orjson.loads(self.text(orjson.dumps(result).decode()))

    def text(self, text: str) -> str:
        """A text without the values, and without what looks like a vendor's key."""
        for form in sorted(self._forms, key=len, reverse=True):
            text = text.replace(form, SCRUBBED)
        return KEY_LIKE.sub(SCRUBBED, text)

    def holds_secret(self, text: str) -> bool:
        """Whether one is left: the last look before a file is written."""
        return any(form in text for form in self._forms)

    def _members(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._member(name, member) for name, member in value.items()}
        return [self._members(one) for one in value] if isinstance(value, list) else value

    def _member(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and value and _SECRET_NAMES.fullmatch(name) and name not in ("signature", "token"):
            self.add(value)
            return SCRUBBED
        return self._members(value)

    def _values(self, data: bytes) -> bytes:
        try:
            return self.text(data.decode("utf-8")).encode()
        except UnicodeDecodeError:
            for form in sorted(self._forms, key=len, reverse=True):
                data = data.replace(form.encode(), SCRUBBED.encode())
            return data
