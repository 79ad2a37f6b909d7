"""Whether a call may be made: by this key, with this model, now."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jackfield.contract import HostFault, JackfieldError, ModelType, PermissionDenied

from .events import CallRefused, Observers
from .rates import Allowance, Rates
from .resolution import DEFAULT, Resolution
from .routes import Route
from .settings import LimitSettings
from .tickets import CallInfo, Ticket

if TYPE_CHECKING:
    from jackfield.tenancy import Principal, Tenancy, WorkspaceView


@dataclass(frozen=True, slots=True)
class Entry:
    """What admission finds out about a call."""

    route: Route
    view: WorkspaceView
    allowances: tuple[Allowance, ...]


class Admission:
    """The door of the host. Knows the calls that are inside, so that a host that stops can wait for them."""

    def __init__(
        self, tenancy: Tenancy, resolution: Resolution, rates: Rates, limits: LimitSettings, observers: Observers
    ) -> None:
        self._tenancy = tenancy
        self._resolution = resolution
        self._rates = rates
        self._limits = limits
        self._observers = observers
        self._inside: set[Ticket] = set()
        self._closed = False
        self._empty = asyncio.Event()
        self._empty.set()

    async def route(self, caller: Principal, name: str, model_type: ModelType, info: CallInfo | None = None) -> Entry:
        """What the name means to the caller; fallbacks that its key may not call are left out. Counts nothing.

        :raises ModelNotFound: as `Resolution.route`
        :raises PermissionDenied: where the key may not call the model
        """
        views = self._tenancy.views
        try:
            if self._closed:
                raise HostFault("The host is stopping.", status=503, advice="Send the request again in a moment.")
            view = views.cached(caller.workspace_id) or await views.get(caller.workspace_id)
            return Entry(self._permitted(view, caller, name, model_type), view, self.allowances(caller))
        except JackfieldError as error:
            self._tell(caller, name, model_type, info, error)
            raise

    def _permitted(self, view: WorkspaceView, caller: Principal, name: str, model_type: ModelType) -> Route:
        route = self._resolution.route(view, name, model_type)
        scopes = caller.scopes
        if scopes.model_types is None and scopes.models is None:
            return route
        if not scopes.permits_type(model_type):
            raise PermissionDenied(f"This key may not call models of type {model_type}.", fault="caller", param="model")
        if scopes.permits_model(*_own_names(view, name, model_type)):
            return route
        targets = route.permitted(scopes)
        if not targets:
            raise PermissionDenied(f"This key may not call the model `{route.targets[0].ref}`.", fault="caller", param="model")
        return route if len(targets) == len(route.targets) else self._resolution.narrowed(route, targets)

    async def admit(self, caller: Principal, entry: Entry, info: CallInfo) -> None:
        """Count one call against what limits the caller.

        :raises QuotaExceeded: by a budget
        :raises RateLimited: by the rate of the key or the workspace
        """
        try:
            if entry.view.budgets:
                await self._tenancy.budgets.admit(entry.view, caller.key_id)
            if entry.allowances:
                await self._rates.admit(entry.allowances)
        except JackfieldError as error:
            self._tell(caller, entry.route.name, entry.route.model_type, info, error)
            raise

    def enter(self, ticket: Ticket) -> None:
        """A call that was let in begins."""
        self._inside.add(ticket)
        self._empty.clear()

    def leave(self, ticket: Ticket) -> None:
        """It is over."""
        self._inside.discard(ticket)
        if not self._inside:
            self._empty.set()

    async def drain(self, seconds: float) -> int:
        """Let nobody in any more, and wait for those inside; then cancel them. Answers how many that were."""
        self._closed = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), seconds)
        left = tuple(self._inside)
        for ticket in left:
            ticket.abort()
        return len(left)

    @property
    def inside(self) -> int:
        """Calls under way."""
        return len(self._inside)

    def allowances(self, caller: Principal) -> tuple[Allowance, ...]:
        """The rates that hold for the caller; empty where none do."""
        limits = self._limits
        found = []
        if caller.key_id is not None:
            requests = caller.requests_per_minute or limits.key_requests_per_minute
            tokens = caller.tokens_per_minute or limits.key_tokens_per_minute
            if requests or tokens:
                found.append(Allowance(f"key:{caller.key_id}", "This key", requests, tokens))
        requests, tokens = limits.workspace_requests_per_minute, limits.workspace_tokens_per_minute
        if requests or tokens:
            found.append(Allowance(f"workspace:{caller.workspace_id}", "This workspace", requests, tokens))
        return tuple(found)

    def _tell(self, caller: Principal, name: str, model_type: ModelType, info: CallInfo | None, error: JackfieldError) -> None:
        if info is not None and self._observers.any:
            self._observers.tell(
                CallRefused(
                    request_id=info.request_id,
                    workspace=caller.workspace_id,
                    key=caller.key_id,
                    model=name,
                    model_type=model_type,
                    error=error.code,
                    status=error.status,
                )
            )


def _own_names(view: WorkspaceView, name: str, model_type: ModelType) -> tuple[str, ...]:
    """The names of the workspace's own by which a call goes. A key that may use one may use what stands behind it."""
    if name == DEFAULT:
        ref = view.defaults.get(model_type, "")
        return (name, ref) if ref in view.aliases else (name,)
    return (name,) if name in view.aliases else ()
