"""What `jackfield-sdk try` and `record` print and write."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from jackfield.cli.output import print_table
from jackfield.contract import CredentialsInvalid, ModelType
from jackfield.host.library_credentials import variable_of
from rich.text import Text

from ..probes import PROBES
from .report import console, print_json
from .subject import Subject, fill_credentials, find_subject
from .trial import SecretLeft, Step, run_trial, write_cassettes


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was given."""

    provider: str | None
    folder: Path | None
    model: str | None
    kind: str | None
    only: tuple[str, ...]
    values: tuple[str, ...]
    base_url: str | None


def try_it(asked: Asked, *, as_json: bool, to: Path | None = None) -> int:
    """Run the calls, and answer the exit code.

    :param to: where cassettes are kept; None: nowhere
    """
    only, kind = asked.only, asked.kind
    if stray := set(only) - set(PROBES):
        raise typer.BadParameter(f"There is no call {', '.join(sorted(stray))}; there are {', '.join(PROBES)}.")
    if kind is not None and kind not in set(ModelType):
        raise typer.BadParameter(f"{kind!r} is no type of model; there are {', '.join(ModelType)}.")
    model_type = ModelType(kind) if kind else None
    subject = find_subject(asked.provider, asked.folder, model=asked.model, model_type=model_type or ModelType.LLM)
    try:
        credentials = fill_credentials(subject, asked.values, asked.base_url)
    except CredentialsInvalid as error:
        console(stderr=True).print(f"{error.message} {_how_to_fill(subject, error)}", markup=False)
        return 2
    trial = run_trial(subject, credentials, model=asked.model, model_type=model_type, probes=only, record=to is not None)
    steps = asyncio.run(trial)
    if as_json:
        print_json([step.describe() for step in steps])
    else:
        _show(steps)
    if to is not None:
        secrets = [str(credentials[name]) for name in subject.secrets if credentials.get(name)]
        try:
            written = write_cassettes(steps, to, secrets)
        except SecretLeft as error:
            console(stderr=True).print(str(error), markup=False)
            return 1
        for path in written:
            console(stderr=True).print(f"Kept {path}", markup=False)
    return 1 if not steps or any(step.error for step in steps) else 0


def _how_to_fill(subject: Subject, error: CredentialsInvalid) -> str:
    """Where the fields at fault are filled in here, which is no console."""
    fields = [field for form in subject.forms for field in form.fields if field.name in error.problems]
    ways = [
        f"{variable_of(subject.provider.id, field)}{'' if field.kind == 'secret' else f' or --set {field.name}=VALUE'}"
        for field in fields
    ]
    return f"Set {'; '.join(ways)}." if ways else error.advice


def _show(steps: Sequence[Step]) -> None:
    columns = ("CALL", "MODEL", "OK", "SECONDS", "FIRST", "TOKENS", "COST", "ANSWER")
    print_table(columns, [_row(step) for step in steps])
    out = console()
    for step in steps:
        if step.error is not None:
            field = f" (field {step.error.param})" if step.error.param else ""
            out.print(Text.assemble("\n", (step.probe, "bold red"), ": ", step.error.message, field))
            if step.error.vendor_message:
                out.print(Text(f"  The vendor says: {step.error.vendor_message}"))
            out.print(Text(f"  {step.error.advice}", "dim"))


def _row(step: Step) -> list[str | Text]:
    tokens = f"{step.usage.input_tokens}+{step.usage.output_tokens}" if step.usage and step.usage.total_tokens else ""
    first = f"{step.first:.2f}" if step.first is not None else ""
    says = step.says if len(step.says) <= 60 else step.says[:59] + "…"
    mark = Text("✗", "red") if step.error else Text("✓", "green")
    return [step.probe, step.model or "", mark, f"{step.seconds:.2f}", first, tokens, step.cost or "", says]
