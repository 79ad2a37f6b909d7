"""One call of each kind at the real vendor, with times and usage; and what it answered, kept."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jackfield.contract import JackfieldError, ModelType, Usage

from ..calling import Caller, open_outside
from ..cassettes import SCRUBBED, Cassette, Recorder, Scrubber
from ..probes import PROBES, Probe, Target, default_model
from .subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What came of one call.

    :param first: seconds until its first piece
    :param cost: by the catalog's prices
    """

    probe: str
    model: str | None
    seconds: float
    says: str
    first: float | None = None
    usage: Usage | None = None
    cost: str | None = None
    error: JackfieldError | None = None
    cassette: Cassette | None = None

    def describe(self) -> dict[str, Any]:
        """As JSON."""
        usage = {name: value for name, value in dataclasses.asdict(self.usage).items() if value} if self.usage else None
        error = self.error.describe() if self.error else None
        told = {"probe": self.probe, "model": self.model, "ok": self.error is None, "seconds": round(self.seconds, 3)}
        return told | {"first": self.first, "says": self.says, "usage": usage, "cost": self.cost, "error": error}


async def run_trial(
    subject: Subject,
    credentials: dict[str, Any],
    *,
    model: str | None,
    model_type: ModelType | None,
    probes: Sequence[str] = (),
    record: bool = False,
) -> list[Step]:
    """Every probe that the provider has a model for; all others of `probes` are left out. An error ends its own step only."""
    scrubber = Scrubber(str(credentials[name]) for name in subject.secrets if credentials.get(name))
    recorder = Recorder(scrubber) if record else None
    steps: list[Step] = []
    async with open_outside(subject.kernel, subject.provider.id, recorder.around if recorder else None) as caller:
        for probe, target in _targets(subject, caller, credentials, model, model_type):
            if probes and probe.name not in probes:
                continue
            steps.append(await _run(probe, target, recorder, scrubber))
            refused = steps[-1].error is not None and probe.name == "validate"
            if refused and not probes:
                break  # what follows would be refused alike
    return steps


def _targets(
    subject: Subject, caller: Caller, credentials: dict[str, Any], model: str | None, model_type: ModelType | None
) -> Iterator[tuple[Probe, Target]]:
    described = subject.provider
    kinds = [kind for kind in described.model_types if model_type in (None, kind)]
    for probe in PROBES.values():
        kind = probe.model_type
        if probe.hook is not None and not subject.kernel.implements(described.id, probe.hook):
            continue
        if kind is None:
            added = model if subject.added and probe.name == "validate" else None
            yield probe, Target(caller, credentials, added, model_type or kinds[0])
            continue
        named = model if model is not None and (model_type or kinds[0]) is kind else None
        chosen = named or (default_model(described, kind) if model is None or model_type is None else None)
        if kind not in kinds or chosen is None:
            continue
        target = Target(caller, credentials, chosen, kind)
        if probe.feature is None or probe.feature in target.description.features:
            yield probe, target


async def _run(probe: Probe, target: Target, recorder: Recorder | None, scrubber: Scrubber) -> Step:
    began, started = datetime.now(UTC), time.perf_counter()
    try:
        outcome = await probe.ask(target)
    except JackfieldError as error:
        seconds = time.perf_counter() - started
        if recorder is not None:
            recorder.take()  # an answer that the plugin did not understand is none to be replayed
        said = scrubber.text(f"{type(error).__name__}: {error.message}")
        return Step(probe=probe.name, model=target.model, seconds=seconds, says=said, error=error)
    seconds = time.perf_counter() - started
    prices = target.description.prices if target.model is not None and probe.model_type is not None else None
    cassette = None
    if recorder is not None:
        exchanges = recorder.take()
        # A secret that came in pieces stands in none of them, but in the result: left there, it keeps all from being written.
        came_whole = any(SCRUBBED.encode() in piece for exchange in exchanges for piece in exchange.pieces)
        cassette = Cassette(
            provider=target.caller.provider,
            probe=probe.name,
            model=target.model,
            model_type=target.model_type.value,
            recorded_on=datetime.now(UTC).date().isoformat(),
            exchanges=exchanges,
            result=scrubber.result(outcome.result) if came_whole else outcome.result,
        )
    return Step(
        probe=probe.name,
        model=target.model,
        seconds=seconds,
        says=" ".join(scrubber.text(outcome.shown).split()),
        first=round((outcome.first - began).total_seconds(), 3) if outcome.first else None,
        usage=outcome.usage,
        cost=f"{prices.cost(outcome.usage):f} {prices.currency}" if prices and outcome.usage else None,
        cassette=cassette,
    )


class SecretLeft(Exception):
    """A secret stands in what was to be written, in a form that is not known: cut in two, say. Nothing was written."""


def write_cassettes(steps: Sequence[Step], folder: Path, secrets: Sequence[str]) -> list[Path]:
    """Those of the calls that worked, one a file; nothing is written if a secret is left in any.

    :raises SecretLeft: naming the call
    """
    scrubber = Scrubber(secrets)
    texts: dict[Path, str] = {}
    for step in steps:
        if step.cassette is None:
            continue
        text = step.cassette.dump()
        if scrubber.holds_secret(text):
            raise SecretLeft(f"A secret is left in the answer to {step.probe}: nothing was written. Leave that call out.")
        texts[folder / f"{step.probe}.jsonl"] = text
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        path.write_text(text, "utf-8")
    return list(texts)
