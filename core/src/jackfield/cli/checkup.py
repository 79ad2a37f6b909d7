"""What `jackfield doctor` looks at beyond the kernel: the database, the master key, Redis, as they are. Changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlalchemy.exc import DBAPIError

from jackfield.contract import HostFault, JackfieldError
from jackfield.host.health import Health
from jackfield.host.settings import Settings
from jackfield.kernel.diagnosis import Finding
from jackfield.store import Store
from jackfield.store.schema import HEAD, known_versions, version_of
from jackfield.tenancy.workspaces import master_key_ids
from jackfield.vault import load_keyring


async def check_database(settings: Settings) -> list[Finding]:
    """Whether the database answers, has a schema that this program knows, and was sealed under the master key at hand."""
    return [finding async for finding in _check(settings)]


async def _check(settings: Settings) -> AsyncIterator[Finding]:
    url = settings.database_url
    store = None
    try:
        store = Store.connect(url.get_secret_value() if url else f"sqlite:///{settings.data_dir / 'jackfield.db'}")
        version = await version_of(store.engine)
        yield _judge(version, store)
        if version == HEAD:
            yield await _check_master_key(settings, store)
    except HostFault as error:
        yield _problem("database", error)
    except (OSError, DBAPIError, ImportError) as error:
        where = store.engine.url.render_as_string(hide_password=True) if store else "it"
        yield Finding(
            level="problem",
            subject="database",
            says=f"{where} cannot be used: {getattr(error, '__cause__', None) or error}.",
            advice="Check the address, that the server runs, that its driver is installed, and the account's rights.",
            fault="host",
        )
    finally:
        if store is not None:
            await store.close()


def _judge(version: str | None, store: Store) -> Finding:
    if version == HEAD:
        return Finding(level="ok", subject="database", says=f"{store.dialect} answers, with the schema {version}")
    if version is None:
        return Finding(level="ok", subject="database", says=f"{store.dialect} answers, and is empty until the first start")
    if version in known_versions():
        says = f"It has the schema {version}, older than this program's {HEAD}; the next start brings it up to date."
        return Finding(level="notice", subject="database", says=says, advice="Make a backup before that.")
    return Finding(
        level="problem",
        subject="database",
        says=f"It has the schema {version}, which this version of Jackfield does not know: it is newer.",
        advice="Run the newer Jackfield, or restore the backup from before it.",
        fault="host",
    )


async def _check_master_key(settings: Settings, store: Store) -> Finding:
    file = settings.master_key_file or settings.data_dir / "master.key"
    given = settings.master_key.get_secret_value() if settings.master_key is not None else None
    try:
        load_keyring(file, given, create=False).require(await master_key_ids(store))
    except JackfieldError as error:
        return _problem("master key", error)
    return Finding(level="ok", subject="master key", says="from the environment" if given else f"{file}")


async def check_redis(settings: Settings) -> Finding:
    """Whether Redis, which the settings name, answers."""
    from jackfield.host.replicas import Replicas  # noqa: PLC0415 - most hosts have none

    assert settings.redis_url is not None
    try:
        replicas = Replicas.at(settings.redis_url.get_secret_value(), Health(settings.cooldown))
    except HostFault as error:
        return _problem("redis", error)
    answers = await replicas.ping()
    await replicas.close()
    if answers:
        return Finding(level="ok", subject="redis", says="answers")
    return Finding(
        level="problem",
        subject="redis",
        says="It does not answer: each process counts rates for itself, and learns nothing of the others' cool-downs.",
        advice="Check `redis_url`, and that the server runs and takes its password.",
        fault="host",
    )


def _problem(subject: str, error: JackfieldError) -> Finding:
    return Finding(level="problem", subject=subject, says=error.message, advice=error.advice, fault=error.fault)
