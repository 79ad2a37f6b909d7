"""Access tokens that are fetched, kept while they are good, and renewed before they end."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from weakref import WeakKeyDictionary

MAX_TOKENS: Final = 1024
"""Kept at one time; the one that was not used for the longest goes first."""
SPARE: Final = 300.0
"""Seconds before its end from which a token is renewed; of a token that lives shorter, half of its life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """:param lifetime: in seconds, from the moment it was asked for"""

    text: str = field(repr=False)
    lifetime: float


@dataclass(slots=True)
class _Kept:
    text: str = field(repr=False)
    good_until: float


class TokenCache:
    """Tokens by what they were fetched with. Of several calls that need the same one, the first fetches it for all.

    :param now: a clock that only goes forward
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._tokens: OrderedDict[str, _Kept] = OrderedDict()
        # A lock belongs to the loop that it was used in, and a process may have several.
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Lock]] = WeakKeyDictionary()

    async def get(self, fetch: Callable[[], Awaitable[Token]], *parts: str, fresh: bool = False) -> str:
        """The token that was fetched with these credentials; they are kept as a hash only.

        :param fresh: fetch it in any case, to prove the credentials
        """
        key = sha256(b"\0".join(part.encode() for part in parts)).hexdigest()
        if not fresh and (kept := self._find(key)):
            return kept
        locks = self._locks.setdefault(asyncio.get_running_loop(), {})
        lock = locks.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                if not fresh and (kept := self._find(key)):
                    return kept
                asked = self._now()
                token = await fetch()
                self._keep(key, token, asked)
                return token.text
        finally:
            if not lock.locked():
                locks.pop(key, None)

    def forget(self, text: str, *parts: str) -> None:
        """Let go of a token that the vendor takes no more; one that was fetched since stays."""
        key = sha256(b"\0".join(part.encode() for part in parts)).hexdigest()
        kept = self._tokens.get(key)
        if kept is not None and kept.text == text:
            del self._tokens[key]

    def _find(self, key: str) -> str | None:
        kept = self._tokens.get(key)
        if kept is None or kept.good_until <= self._now():
            return None
        self._tokens.move_to_end(key)
        return kept.text

    def _keep(self, key: str, token: Token, asked: float) -> None:
        spare = min(SPARE, token.lifetime / 2)
        self._tokens[key] = _Kept(token.text, asked + token.lifetime - spare)
        self._tokens.move_to_end(key)
        while len(self._tokens) > MAX_TOKENS:
            self._tokens.popitem(last=False)
