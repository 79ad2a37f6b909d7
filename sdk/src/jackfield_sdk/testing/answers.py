"""What a vendor's double answers: good, broken, slow or endless."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import orjson
from jackfield.dialects import sse

from .recorded import Recorded

Framing = Literal["length", "chunked", "close"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer, and how it goes wrong.

    :param pieces: the body; each is written on its own
    :param framing: how the client knows the end: by `length`, by `chunked` coding, or by the connection being closed (`close`)
    :param cut: bytes of the body after which the connection breaks; in `close` framing that looks like a clean end
    :param hang: bytes of the body after which nothing more comes until the client goes away
    :param pause: seconds between the pieces, by the loop's clock (a test moves it, and does not wait)
    :param silent: not even the head comes
    :param endless: the last piece is written again and again until the client goes away
    :param raw: bytes instead of HTTP
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: tuple[bytes, ...] = (b"",)
    framing: Framing = "length"
    cut: int | None = None
    hang: int | None = None
    pause: float = 0.0
    silent: bool = False
    endless: bool = False
    raw: bytes | None = None

    @classmethod
    def json(cls, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Self:
        """A JSON body."""
        return cls(status=status, headers={"content-type": "application/json", **(headers or {})}, pieces=(orjson.dumps(body),))

    @classmethod
    def content(
        cls, body: bytes | str, media_type: str = "text/plain", status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Self:
        """Any body."""
        pieces = (body.encode() if isinstance(body, str) else body,)
        return cls(status=status, headers={"content-type": media_type, **(headers or {})}, pieces=pieces)

    @classmethod
    def sse(cls, events: Iterable[Any], *, done: str | None = None, headers: Mapping[str, str] | None = None) -> Self:
        """Server-sent events, a piece each: JSON values, texts as they are, or pairs of an event's name and one of these.

        :param done: the data of a last event (`[DONE]`)
        """
        pieces = [_event(event) for event in events]
        if done is not None:
            pieces.append(_event(done))
        return cls(
            headers={"content-type": "text/event-stream", **(headers or {})}, pieces=tuple(pieces) or (b"",), framing="chunked"
        )

    @classmethod
    def ndjson(cls, objects: Iterable[Any]) -> Self:
        """Newline-delimited JSON, a piece each."""
        pieces = tuple(orjson.dumps(one) + b"\n" for one in objects)
        return cls(headers={"content-type": "application/x-ndjson"}, pieces=pieces or (b"",), framing="chunked")

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(self.pieces)

    @property
    def boundaries(self) -> list[int]:
        """How many bytes of the body have gone before each piece."""
        sums = [0]
        for piece in self.pieces[:-1]:
            sums.append(sums[-1] + len(piece))
        return sums

    def but(self, **changes: Any) -> Self:
        """The same answer with other members."""
        return dataclasses.replace(self, **changes)

    def split(self, size: int) -> Self:
        """Cut anew in pieces of `size` bytes, wherever that is in an event or a letter; each is a packet of its own."""
        body = self.body
        return self.but(pieces=tuple(body[at : at + size] for at in range(0, len(body), size)) or (b"",), framing="chunked")


Reply = Answer | Sequence[Answer]
"""An answer, or those to one request after the other, where a call needs several."""
Script = Reply | Callable[[Recorded], Answer]


def _event(event: Any) -> bytes:
    name = None
    if isinstance(event, tuple):
        name, event = event
    return sse.encode(event.encode() if isinstance(event, str) else orjson.dumps(event), name)
