"""Loading: from candidates to plugins that work, and to records that say why the others do not."""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from jackfield.contract import ProviderDescription

from .discovery import Candidate
from .hooks import PROVIDERS
from .implementations import Broken, Implementations, check_types, implementations_of
from .provider import Member
from .records import Cause, PluginRecord, Quarantine

_log = logging.getLogger("jackfield.kernel")
_HERE = __name__.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A plugin that loaded and described itself; whether its provider ids are free is not yet known."""

    record: PluginRecord
    implementations: Implementations
    descriptions: tuple[ProviderDescription, ...]

    @property
    def member(self) -> Member:
        return Member(self.record.title, self.implementations)

    @property
    def namesakes(self) -> bool:
        """Whether the distribution bears the name of a provider that it offers: `jackfield-openai` for `openai`."""
        return any(self.record.distribution == f"jackfield-{d.id.replace('_', '-')}" for d in self.descriptions)


def load(candidates: Iterable[Candidate], disabled: Collection[str]) -> tuple[list[PluginRecord], list[Loaded]]:
    """Import what can be imported. Never raises for what a plugin does.

    :param disabled: names of entry points or distributions that are left alone
    :returns: the records of all in their order, and those that work
    """
    records: list[PluginRecord] = []
    working: list[Loaded] = []
    for candidate in candidates:
        record = candidate.record
        if record.quarantined is None and {record.name, record.distribution} & set(disabled):
            records.append(replace(record, disabled=True))
            continue
        outcome = record if record.quarantined else _load_one(candidate)
        if isinstance(outcome, Loaded):
            working.append(outcome)
        else:
            records.append(outcome)
    kept = _settle_claims(working)
    records += [outcome.record if isinstance(outcome, Loaded) else outcome for outcome in kept]
    for record in records:
        if record.quarantined:
            _log.warning("plugin %s is quarantined: %s", record.title, record.quarantined.cause)
    return sorted(records, key=lambda r: (r.name, r.distribution)), [one for one in kept if isinstance(one, Loaded)]


def _load_one(candidate: Candidate) -> Loaded | PluginRecord:
    record = candidate.record
    try:
        plugin = candidate.plugin if candidate.entry_point is None else _import(candidate)
        implementations = implementations_of(plugin)
        record = replace(record, wraps=tuple(sorted(implementations.wrappers)))
        descriptions = _describe(implementations)
        record = replace(record, providers=tuple(description.id for description in descriptions))
        for description in descriptions:
            check_types(description, plugin, implementations)
    except Broken as broken:
        quarantine = Quarantine(
            kind=broken.kind,
            cause=broken.cause,
            advice=broken.advice,
            fault=broken.fault,
            traceback=_traceback(broken.__cause__) if broken.__cause__ and broken.kind is not Cause.NOT_FOUND else "",
        )
        return replace(record, quarantined=quarantine)
    return Loaded(record, implementations, descriptions)


def _import(candidate: Candidate) -> Any:
    point = candidate.entry_point
    if point is None:  # pragma: no cover - the caller has looked
        return candidate.plugin
    try:
        return point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may do anything when it is imported, `sys.exit` too
        raise _import_failure(point.module, point.attr, error) from error


def _import_failure(module: str, attribute: str, error: BaseException) -> Broken:
    says = f"{type(error).__name__}: {error}".rstrip(": ").rstrip(".")
    nowhere = isinstance(error, AttributeError) and _raised_by_loading(error)
    no_module = isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}.")
    if nowhere or no_module:
        what = f"`{module}` has no `{attribute}`" if nowhere else f"there is no module `{getattr(error, 'name', module)}`"
        return Broken(
            Cause.NOT_FOUND,
            f"Its entry point `{module}:{attribute}` leads to nothing: {what}.",
            "Reinstall the distribution; if that does not help, its packaging is wrong: tell its author.",
        )
    if isinstance(error, ImportError):
        return Broken(Cause.IMPORT, f"It cannot be imported: {says}.", _install_advice(error), fault="host")
    return Broken(
        Cause.IMPORT,
        f"It raised when it was imported: {says}.",
        "Upgrade the plugin; if the newest version does the same, show its author the traceback.",
    )


def _install_advice(error: ImportError) -> str:
    package = (error.name or "").partition(".")[0]
    if package in ("jackfield", "jackfield_sdk"):
        ours = package.replace("_", "-")
        return f"Install a version of the plugin that fits this version of {ours}, or the other way round."
    if package and isinstance(error, ModuleNotFoundError):
        return f"Install what `{package}` belongs to into the same environment, or reinstall the plugin with its dependencies."
    return "Reinstall the plugin with its dependencies."


def _raised_by_loading(error: AttributeError) -> bool:
    """Whether the attribute was looked up by the entry point, not by the plugin's code."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and "importlib_metadata" in frames[-1].filename


def _describe(implementations: Implementations) -> tuple[ProviderDescription, ...]:
    implementation = implementations.own.get(PROVIDERS)
    if implementation is None:
        if implementations.own:
            hooks = ", ".join(f"`{name}`" for name in implementations.own)
            raise Broken(
                Cause.PROVIDERS,
                f"It implements {hooks} but not `{PROVIDERS}`, so they belong to no provider.",
                f"Implement `{PROVIDERS}`; a plugin that only wraps others marks its hooks `@hookimpl(wrapper=True)`.",
            )
        return ()
    try:
        answer = implementation.function()
    except KeyboardInterrupt:
        raise
    except ValidationError as error:
        raise Broken(
            Cause.PROVIDERS,
            f"`{PROVIDERS}` describes a provider wrongly: {_first_problem(error)}.",
            "Correct the description; `jackfield-sdk check` names the line.",
        ) from error
    except BaseException as error:
        says = f"{type(error).__name__}: {error}".rstrip(": ").rstrip(".")
        raise Broken(
            Cause.PROVIDERS,
            f"`{PROVIDERS}` raised {says}.",
            "Upgrade the plugin; if the newest version does the same, show its author the traceback.",
        ) from error
    return _check_answer(answer)


def _check_answer(answer: object) -> tuple[ProviderDescription, ...]:
    advice = f"Let `{PROVIDERS}` return a list of ProviderDescription."
    if inspect.iscoroutine(answer):
        answer.close()
    if not isinstance(answer, list | tuple):
        raise Broken(Cause.PROVIDERS, f"`{PROVIDERS}` answered a {type(answer).__name__} instead of a list.", advice)
    if not answer:
        raise Broken(Cause.PROVIDERS, f"`{PROVIDERS}` answered an empty list.", advice)
    for description in answer:
        if not isinstance(description, ProviderDescription):
            what = f"`{PROVIDERS}` answered a list with a {type(description).__name__} in it."
            raise Broken(Cause.PROVIDERS, what, advice)
    ids = [description.id for description in answer]
    if len(ids) != len(set(ids)):
        raise Broken(Cause.PROVIDERS, f"`{PROVIDERS}` answered a provider twice: {', '.join(ids)}.", advice)
    return tuple(answer)


def _settle_claims(loaded: list[Loaded]) -> list[Loaded | PluginRecord]:
    """Who has which provider id. A plugin whose distribution is named after its provider comes first, then the alphabet.

    Else a plugin could take another's id, and with it the credentials that workspaces entered for it, by its name alone.
    """
    owners: dict[str, PluginRecord] = {}
    settled: list[Loaded | PluginRecord] = []
    for one in sorted(loaded, key=lambda one: (not one.namesakes, one.record.name, one.record.distribution)):
        record = one.record
        taken = next((name for name in record.providers if name in owners), None)
        if taken is None:
            owners.update(dict.fromkeys(record.providers, record))
            settled.append(one)
            continue
        other = owners[taken].title
        quarantine = Quarantine(
            kind=Cause.TAKEN,
            cause=f"It claims the provider id `{taken}`, which the plugin `{other}` has.",
            advice=f"Uninstall one of the two (`{record.title}`, `{other}`), or switch one off in the host's settings.",
            fault="host",
        )
        settled.append(replace(record, quarantined=quarantine))
    return settled


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(step) for step in problem["loc"])
    return f"{where}: {problem['msg']}" if where else problem["msg"]


def _traceback(error: BaseException) -> str:
    """From the plugin's own frames on: how the host came there helps nobody."""
    frames = error.__traceback__
    while frames is not None and frames.tb_next is not None and _is_ours(frames.tb_frame.f_globals.get("__name__", "")):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames)).rstrip()


def _is_ours(module: str) -> bool:
    return module.startswith((_HERE, "importlib", "importlib_metadata"))
