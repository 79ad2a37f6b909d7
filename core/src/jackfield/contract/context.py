"""What the host hands to a hook beside the request: opened credentials, the way out, the limits of the call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .descriptions import ModelDescription
from .relay import Wire

if TYPE_CHECKING:
    import httpx


class Credentials(Mapping[str, Any]):
    """The values of a credential form, opened. A mapping whose repr shows no value, so that no log or traceback does."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def get(self, name: str, default: Any = None) -> Any:  # Mapping's raises and catches for what is not there
        return self._values.get(name, default)

    def __repr__(self) -> str:
        return f"Credentials({', '.join(f'{name}=•••' for name in self._values)})"


@dataclass(slots=True, kw_only=True)
class CallContext:
    """One call's surroundings. Made by the host for each attempt.

    :param provider: the provider's id (a plugin may own several)
    :param credentials: the provider's form, and over it the model's form for a model that was added
    :param http: the host's client: pooled, with its proxies and egress rules; it follows no redirect and knows no base URL
    :param wire: for relay only; see `Wire`
    :param model: the catalog's entry, or that of a model that was added; None while credentials are validated
    :param timeout: seconds for the whole call, or until the first byte of a stream; `idle_timeout` between its pieces
    :param request_id: the host's id of the call, for the plugin's logs
    :param workspace: id of the workspace that calls; None in library use
    """

    provider: str
    credentials: Credentials
    http: httpx.AsyncClient = field(repr=False)
    wire: Wire | None = field(default=None, repr=False)
    model: ModelDescription | None = None
    timeout: float = 600.0
    idle_timeout: float = 120.0
    request_id: str = ""
    workspace: str | None = None
