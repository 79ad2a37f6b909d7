"""How a page module makes itself known: a `PageSet` named `pages` in a module of `jackfield.console.pages`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from starlette.responses import Response

from jackfield.tenancy import Role

if TYPE_CHECKING:
    from .visit import Visit

Handler = Callable[["Visit"], Awaitable[Response]]
Group = Literal["Use", "Settings", "Host"]
GROUPS: tuple[Group, ...] = ("Use", "Settings", "Host")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """:param path: below `/console`
    :param public: whether it answers people who are not signed in
    """

    method: Literal["GET", "POST"]
    path: str
    handler: Handler
    public: bool = False


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A page in the menu.

    :param path: below `/console`
    :param label: in English; the catalog of translations has the Chinese
    :param role: who sees it
    """

    path: str
    label: str
    group: Group
    order: int
    role: Role


class PageSet:
    """What one module serves: its endpoints, and where they stand in the menu.

    pages = PageSet()
    pages.menu("/keys", "API keys", group="Settings", order=30)

    @pages.get("/keys")
    async def show(visit: Visit) -> Response:
        return visit.page("keys.html", keys=…)

    @pages.post("/keys/{id}/revoke")
    async def revoke(visit: Visit) -> Response: …
    """

    def __init__(self) -> None:
        self.endpoints: list[Endpoint] = []
        self.items: list[MenuItem] = []

    def menu(self, path: str, label: str, *, group: Group, order: int, role: Role = Role.MEMBER) -> None:
        """Put a page into the menu."""
        self.items.append(MenuItem(path, label, group, order, role))

    def get(self, path: str, *, public: bool = False) -> Callable[[Handler], Handler]:
        """The decorated function shows something."""
        return self._add("GET", path, public)

    def post(self, path: str, *, public: bool = False) -> Callable[[Handler], Handler]:
        """The decorated function changes something; the CSRF token has been checked when it is called."""
        return self._add("POST", path, public)

    def _add(self, method: Literal["GET", "POST"], path: str, public: bool) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self.endpoints.append(Endpoint(method, path, handler, public))
            return handler

        return register
