"""Relay: a client's body passed to a vendor that speaks the client's own dialect, bytes in, bytes out.

The plugin says where the body goes and with which headers; model and credentials are its business, the rest of the body is
not touched. The host reads the usage out of the answer on the way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

OPENAI_CHAT = "openai.chat"
OPENAI_COMPLETIONS = "openai.completions"
OPENAI_RESPONSES = "openai.responses"
OPENAI_EMBEDDINGS = "openai.embeddings"
OPENAI_MODERATIONS = "openai.moderations"
ANTHROPIC_MESSAGES = "anthropic.messages"
JINA_RERANK = "jina.rerank"
COHERE_RERANK = "cohere.rerank"


@dataclass(slots=True, kw_only=True)
class RelayRequest:
    """:param dialect: one of the names above, or another that both sides know
    :param body: the client's JSON body; its `model` is already the vendor's name of the model
    :param headers: client headers that the dialect gives a meaning (`anthropic-beta`, …), lower-case; never a credential
    :param stream: whether the body asks for a stream
    """

    dialect: str
    model: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)
    stream: bool = False


@dataclass(slots=True, kw_only=True)
class RelayResponse:
    """A good (2xx) answer; any other status was raised as an error of the tree.

    :param body: the whole body, or its pieces as they come; closing the iterator cancels the call at the vendor
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | AsyncIterator[bytes]


class WireResponse(Protocol):
    """What `Wire.send` answers, any status. Headers are case-insensitive by lower-case names."""

    status: int
    headers: Mapping[str, str]

    async def read(self) -> bytes: ...

    def chunks(self) -> AsyncIterator[bytes]: ...

    async def close(self) -> None: ...


class Wire(Protocol):
    """The host's quickest way out, for relay: no redirects, no decoding, the host's pool, proxies and egress rules.

    `send` raises ConnectionFailed or Timeout; cancelling it, or `close`, closes the connection to the vendor.
    """

    async def send(self, url: str, *, headers: Mapping[str, str], body: bytes, timeout: float) -> WireResponse: ...


RelayHandler = Callable[[RelayRequest], Awaitable[RelayResponse]]
