"""All services of tenancy over one database, opened and closed together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jackfield.store import Store
from jackfield.vault import load_keyring

from .audit import Audit
from .budgets import Budgets
from .choices import Choices
from .condition import Conditions
from .credentials import CredentialStore
from .first_owner import FirstOwner
from .keys import Keys
from .ledger import Ledger
from .people import People
from .revisions import RevisionWatch
from .secrets import Secrets
from .trials import Trial, Trials
from .usage import UsageReader
from .views import Views
from .workspaces import FirstRun, Workspaces, master_key_ids


@dataclass(frozen=True, slots=True)
class Tenancy:
    """The services; `first_run` is set at the host's very first start, `setup_token` as long as nobody owns the host."""

    store: Store
    secrets: Secrets
    watch: RevisionWatch
    workspaces: Workspaces
    people: People
    first_owner: FirstOwner
    keys: Keys
    credentials: CredentialStore
    conditions: Conditions
    choices: Choices
    trials: Trials
    budgets: Budgets
    views: Views
    ledger: Ledger
    usage: UsageReader
    audit: Audit
    first_run: FirstRun | None
    setup_token: str | None

    @classmethod
    async def open(
        cls,
        store: Store,
        *,
        master_key_file: Path,
        master_key: str | None = None,
        journal: Path,
        trials: Iterable[Trial] = (),
        workspaces_by_owners: bool = True,
    ) -> Tenancy:
        """:param journal: the folder of the usage journal
        :param workspaces_by_owners: whether people who own a workspace may make others

        :raises MasterKeyRefused: if the master key is missing, malformed, readable by others, or not this database's
        """
        in_use = await master_key_ids(store)
        masters = load_keyring(master_key_file, master_key, create=not in_use)
        masters.require(in_use)
        watch = RevisionWatch(store)
        secrets = Secrets(store, masters)
        keys = Keys(store, watch)
        views = Views(store)
        watch.listen(views.forget)
        watch.listen(secrets.forget)
        workspaces = Workspaces(store, secrets, keys, watch, by_owners=workspaces_by_owners)
        first_run = await workspaces.bootstrap()
        people = People(store)
        first_owner = FirstOwner(masters, workspaces, people, keys)
        ledger = Ledger(store, journal)
        await watch.start()
        await ledger.start()
        return cls(
            store=store,
            secrets=secrets,
            watch=watch,
            workspaces=workspaces,
            people=people,
            first_owner=first_owner,
            keys=keys,
            credentials=CredentialStore(store, secrets, watch),
            conditions=Conditions(store),
            choices=Choices(store, watch),
            trials=Trials(store, trials),
            budgets=Budgets(store, watch),
            views=views,
            ledger=ledger,
            usage=UsageReader(store),
            audit=Audit(store),
            first_run=first_run,
            setup_token=await first_owner.token(),
        )

    async def close(self) -> None:
        """Flush and stop; the store itself is closed by whoever opened it."""
        await self.watch.stop()
        await self.ledger.stop()
