"""`jackfield rotate-keys`."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from jackfield.contract import HostFault
from jackfield.tenancy.rotation import KeyRotation, KeyState, OnProgress, Outcome

from . import exits
from .hosted import Operator, open_host
from .output import AsJson, errors, print_json
from .state import State

app = typer.Typer(add_completion=False)


@app.command()
def rotate_keys(
    ctx: typer.Context,
    *,
    master: Annotated[bool, typer.Option("--master", help="Only the master key.")] = False,
    workspaces: Annotated[
        bool, typer.Option("--workspaces", help="Only the key pairs: of all workspaces, or of the one named by `--workspace`.")
    ] = False,
    older_than: Annotated[
        int, typer.Option(min=0, metavar="HOURS", help="Leave key pairs that are younger; 0 renews all of them.")
    ] = 24,
    forget: Annotated[
        bool, typer.Option("--forget", help="Take former master keys that nothing needs out of the file.")
    ] = False,
    status: Annotated[bool, typer.Option("--status", help="Only show how many secrets are under which keys.")] = False,
    as_json: AsJson = False,
) -> None:
    """Renew the master key and the workspaces' key pairs, and put everything under the new ones, while the host runs.

    Can be interrupted at any time: run it again, and it goes on where it stopped. Former keys are kept until nothing needs
    them. Ends with code 1 if something could not be moved.
    """
    state = ctx.ensure_object(State)
    if not state.has_database():
        raise HostFault("There is no database yet, and so no key to rotate.", advice="Start the host first: `jackfield serve`.")
    if state.workspace is not None:
        workspaces = True
    both = not (master or workspaces or forget)

    async def run() -> tuple[Outcome, tuple[str, ...], KeyState]:
        outcome = Outcome()
        forgotten: tuple[str, ...] = ()
        async with open_host(state) as on:
            rotation = KeyRotation(on.host.tenancy.store, on.host.tenancy.secrets.masters, on.host.tenancy.watch.tell)
            file = _key_file(on)
            if not status:
                with _Bars(await rotation.state()) as bars:
                    if master or both:
                        await _rotate_master(rotation, file, outcome, bars.move)
                    if workspaces or both:
                        only = on.caller.workspace_id if state.workspace is not None else None
                        age = timedelta(hours=older_than)
                        await rotation.rotate_workspaces(outcome, only=only, older_than=age, on_progress=bars.move)
                if forget:
                    forgotten = await _forget(rotation, file)
            return outcome, forgotten, await rotation.state()

    outcome, forgotten, after = asyncio.run(run())
    if as_json:
        print_json({"done": _describe(outcome, forgotten), "state": asdict(after)})
    else:
        _show(outcome, forgotten, after, status=status)
    if outcome.failures:
        raise typer.Exit(exits.HOST)


def _key_file(on: Operator) -> Path | None:
    """The master key's file; None where the key comes from the environment."""
    settings = on.host.settings
    return None if settings.master_key is not None else settings.master_key_file or settings.data_dir / "master.key"


async def _rotate_master(rotation: KeyRotation, file: Path | None, outcome: Outcome, on_progress: OnProgress) -> None:
    if file is not None:
        await rotation.renew_master_key(file)
    elif len(rotation.masters.ids) == 1:
        raise HostFault(
            "The master key comes from the environment, where this command cannot put a new one.",
            advice="Make one (head -c 32 /dev/urandom | base64); give every replica JACKFIELD_MASTER_KEY='<present>,<new>',"
            " then '<new>,<present>', and run this again with the latter; then the present one can go.",
        )
    await rotation.relock_pairs(outcome, on_progress)


async def _forget(rotation: KeyRotation, file: Path | None) -> tuple[str, ...]:
    if file is None:
        raise HostFault(
            "The master key comes from the environment, where this command cannot take one away.",
            advice="`jackfield rotate-keys --status` shows which are needed; leave the others out of JACKFIELD_MASTER_KEY.",
        )
    return await rotation.forget_master_keys(file)


class _Bars:
    """Progress on standard error, for as long as it takes."""

    def __init__(self, before: KeyState) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, console=errors(), transient=True)
        self._tasks = {
            "pair": self._progress.add_task("private keys", total=sum(before.master_keys.values()), visible=False),
            "secret": self._progress.add_task("secrets", total=before.secrets, visible=False),
        }

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def move(self, what: str, number: int) -> None:
        """So many are done."""
        self._progress.update(self._tasks[what], completed=number, visible=True)


def _describe(outcome: Outcome, forgotten: tuple[str, ...]) -> dict[str, Any]:
    failures = [asdict(failure) for failure in outcome.failures.values()]
    return {**asdict(outcome), "failures": failures, "forgotten_master_keys": list(forgotten)}


def _show(outcome: Outcome, forgotten: tuple[str, ...], after: KeyState, *, status: bool) -> None:
    if not status:
        print(f"Private keys put under the current master key: {outcome.pairs}")
        print(f"Workspaces with a new key pair: {len(outcome.workspaces)}")
        print(f"Secrets sealed anew: {outcome.secrets}")
        print(f"Former key pairs removed: {outcome.removed}")
        if forgotten:
            print(f"Former master keys forgotten: {', '.join(forgotten)}. Backups of the database from before still need them.")
    for failure in outcome.failures.values():
        print(f"Not moved: {failure.subject} of workspace {failure.workspace_id}: {failure.message}")
    former = {key: number for key, number in after.master_keys.items() if key != after.current_master_key}
    print(f"Master key: {after.current_master_key}, with {after.master_keys.get(after.current_master_key, 0)} private keys")
    for key, number in former.items():
        print(f"Former master key: {key}, with {number} private keys")
    print(
        f"Secrets: {after.secrets}, of which {after.behind} are under former key pairs; former key pairs: {after.former_pairs}"
    )
