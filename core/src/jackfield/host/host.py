"""The composition root: everything a process needs to serve calls, opened together and closed together."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from jackfield.contract import HostFault, JackfieldError
from jackfield.kernel import Kernel
from jackfield.store import Store
from jackfield.tenancy import FirstRun, Tenancy
from jackfield.tenancy.workspaces import master_key_ids

from .admission import Admission
from .assist import Assist
from .attempts import Attempts
from .calls import Calls
from .events import Observers
from .health import Health
from .lending import Lender, trials_of
from .models import Models
from .rates import MemoryCounter, Rates
from .replicas import Replicas
from .resolution import Resolution
from .settings import Settings
from .settlement import Settlement
from .trying import TryOut
from .upkeep import Upkeep
from .vendors import Vendors
from .way_out import WayOut

_log = logging.getLogger("jackfield.host")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the host needs. `essential`: without it calls fail."""

    name: str
    ok: bool
    message: str = ""
    essential: bool = True


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the host can serve, and what is wrong where it cannot."""

    checks: tuple[Check, ...]

    @property
    def ready(self) -> bool:
        """Whether all that is essential is there."""
        return all(check.ok for check in self.checks if check.essential)


class Host:
    """A host that runs. Made by `open`; an async context manager that closes it.

    :ivar calls: calls to models
    :ivar models: what a workspace can use
    :ivar vendors: credentials and models, checked and added
    :ivar assist: titles and questions for conversations
    :ivar try_out: one small call, to see that a model works
    :ivar tenancy: workspaces and what belongs to them
    :ivar kernel: plugins and providers
    :ivar observers: to be told of every call
    :ivar first_run: the first workspace and API key, at the very first start; to be shown once
    :ivar setup_token: what the console's set-up address carries, where nobody owned the host when it was opened
    """

    def __init__(self, settings: Settings, kernel: Kernel, tenancy: Tenancy, way_out: WayOut, rests: Health) -> None:
        self.settings = settings
        self.kernel = kernel
        self.tenancy = tenancy
        self._way_out = way_out
        self.observers = Observers()
        self.first_run: FirstRun | None = tenancy.first_run
        self.setup_token: str | None = tenancy.setup_token
        self.replicas: Replicas | None = None
        self._exits = AsyncExitStack()
        lender = Lender(kernel, tenancy.credentials, tenancy.trials)
        resolution = Resolution(kernel, lender.find_trials)
        if settings.redis_url is not None:
            self.replicas = Replicas.at(settings.redis_url.get_secret_value(), rests)
        rates = Rates(self.replicas or MemoryCounter())
        self._admission = Admission(tenancy, resolution, rates, settings.limits, self.observers)
        self._settlement = Settlement(tenancy, self._admission, rates, rests, self.observers)
        attempts = Attempts(settings.calls, rests, lender, self.observers, way_out)
        self.calls = Calls(kernel, settings.calls, self._admission, attempts, self._settlement)
        self.models = Models(kernel, tenancy, resolution)
        self.vendors = Vendors(kernel, tenancy, rests, way_out, settings.calls)
        self.assist = Assist(self.calls)
        self.try_out = TryOut(self.calls)

    @classmethod
    async def open(cls, settings: Settings | None = None, *, kernel: Kernel | None = None) -> Self:
        """Load the plugins, bring the database up to date, begin to serve calls.

        :param kernel: the plugins to use instead of those that are installed
        :raises HostFault: for settings, a database or a data folder that cannot be used
        :raises MasterKeyRefused: as `Tenancy.open`
        """
        settings = settings or Settings.load()
        kernel = kernel or Kernel.load(disabled=settings.plugins.disabled)
        for plugin in kernel.plugins:
            if plugin.quarantined is not None:
                _log.warning("the plugin %s is quarantined: %s", plugin.title, plugin.quarantined.cause)
        data = settings.data_dir
        try:
            data.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise HostFault(
                f"The data folder {data} cannot be made: {error.strerror}.", advice="Name another with `data_dir`."
            ) from error
        trials = trials_of(settings.trials, kernel)
        url = settings.database_url
        async with AsyncExitStack() as exits:
            store = await Store.open(url.get_secret_value() if url is not None else f"sqlite:///{data / 'jackfield.db'}")
            exits.push_async_callback(store.close)
            tenancy = await Tenancy.open(
                store,
                master_key_file=settings.master_key_file or data / "master.key",
                master_key=settings.master_key.get_secret_value() if settings.master_key is not None else None,
                journal=data / "journal",
                trials=trials,
                workspaces_by_owners=settings.workspaces_by_owners,
            )
            exits.push_async_callback(tenancy.close)
            way_out = WayOut(settings.egress, settings.calls)
            exits.push_async_callback(way_out.close)
            health = Health(settings.cooldown)
            tenancy.views.listen(health.forget)
            upkeep = Upkeep(tenancy, health)
            exits.push_async_callback(upkeep.stop)
            host = cls(settings, kernel, tenancy, way_out, health)
            upkeep.start()
            if host.replicas is not None:
                exits.push_async_callback(host.replicas.close)
                await host.replicas.start()
            host._exits = exits.pop_all()
        return host

    async def close(self, grace: float | None = None) -> None:
        """Let no call in any more, wait for those that run, settle them, close everything.

        :param grace: seconds to wait for running calls; default: `server.grace_period`
        """
        left = await self._admission.drain(self.settings.server.grace_period if grace is None else grace)
        if left:
            _log.warning("%d calls did not end in the grace period and were cancelled", left)
        await self._settlement.close()
        await self._exits.aclose()

    async def prepare(self) -> None:
        """Load what the first call would wait for: the way out to vendors, and the ciphers that open their credentials."""
        await self._way_out.prepare()
        await self.tenancy.secrets.prepare()

    @property
    def running_calls(self) -> int:
        """Calls under way."""
        return self._admission.inside

    async def readiness(self) -> Readiness:
        """Ask everything that calls depend on."""
        checks = [await self._check_database()]
        if checks[0].ok:
            checks.append(await self._check_vault())
        if self.replicas is not None:
            ok = await self.replicas.ping()
            checks.append(
                Check("redis", ok, "" if ok else "Redis does not answer: each replica is on its own.", essential=False)
            )
        broken = [plugin.title for plugin in self.kernel.plugins if plugin.quarantined is not None]
        message = f"Quarantined: {', '.join(broken)}. `jackfield doctor` says why." if broken else ""
        checks.append(Check("plugins", not broken, message, essential=False))
        return Readiness(tuple(checks))

    async def _check_database(self) -> Check:
        try:
            await self.tenancy.store.ping()
        except HostFault as error:
            return Check("database", ok=False, message=error.message)
        return Check("database", ok=True)

    async def _check_vault(self) -> Check:
        try:
            self.tenancy.secrets.masters.require(await master_key_ids(self.tenancy.store))
        except JackfieldError as error:
            return Check("vault", ok=False, message=error.message)
        return Check("vault", ok=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()
