"""What a path of /v1 is: who answers it, and in which words errors are told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .errors import ErrorRenderer, openai_error
from .exchange import Exchange

Endpoint = Callable[[Exchange], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Surface:
    """:param path: as metrics and the access log name it
    :param anthropic: whether `x-api-key` is taken as well, and `request-id` answered
    """

    path: str
    endpoint: Endpoint
    method: str = "POST"
    anthropic: bool = False
    render_error: ErrorRenderer = openai_error
