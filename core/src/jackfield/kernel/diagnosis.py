"""What `jackfield doctor` says: what is wrong with this environment, whose fault it is, and how to mend it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from importlib_metadata import PackageNotFoundError, distribution
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from jackfield.contract import Fault

from .kernel import Kernel
from .records import PluginRecord

OLDEST_PYTHON = (3, 11)
_PURPOSES = {
    "server": "the gateway and the console (`jackfield serve`)",
    "postgres": "PostgreSQL as the database",
    "redis": "Redis or Valkey for more than one replica",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    :param level: `ok`, `notice` (works as it is; something more could) or `problem`
    :param subject: what was looked at: a plugin, a package, a place
    :param says: what was found, one sentence
    :param advice: how to mend it; empty where there is nothing to mend
    :param fault: whose it is, of a problem
    :param detail: the traceback behind it, where there is one
    """

    level: Literal["ok", "notice", "problem"]
    subject: str
    says: str
    advice: str = ""
    fault: Fault | None = None
    detail: str = ""

    def describe(self) -> dict[str, Any]:
        """The finding as JSON, members without a value left out."""
        return {name: value for name, value in asdict(self).items() if value}


def diagnose(kernel: Kernel, data_dir: Path | None = None) -> list[Finding]:
    """Look at Python, the packages, the place for the data, and every plugin. Reaches no network, writes nothing."""
    findings = [_python(), *_packages("jackfield")]
    if data_dir is not None:
        findings.append(_data_dir(data_dir))
    for record in kernel.plugins:
        findings.append(_plugin(record))
        if record.distribution:
            findings += _packages(record.distribution)
    if not kernel.providers:
        findings.append(
            Finding(
                level="problem",
                subject="plugins",
                says="No plugin offers a provider, so no model can be called.",
                advice="Install one: `pip install jackfield-openai`, or `jackfield-local[all]` for models without a key.",
                fault="host",
            )
        )
    return findings


def _python() -> Finding:
    says = f"{platform.python_implementation()} {platform.python_version()} at {sys.executable}"
    if sys.version_info >= OLDEST_PYTHON:
        return Finding(level="ok", subject="Python", says=says)
    wanted = ".".join(map(str, OLDEST_PYTHON))
    return Finding(level="problem", subject="Python", says=f"{says} is too old.", advice=f"Use Python {wanted}.", fault="host")


def _data_dir(path: Path) -> Finding:
    """Its nearest existing ancestor decides whether it can be made."""
    existing = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Finding(
            level="problem",
            subject="data directory",
            says=f"{existing} cannot be written to.",
            advice="Give this user the right to write there, or choose another place by JACKFIELD_DATA_DIR.",
            fault="host",
        )
    return Finding(level="ok", subject="data directory", says=f"{path}" + ("" if path.exists() else " (made at first start)"))


def _plugin(record: PluginRecord) -> Finding:
    subject = f"plugin {record.title}" + (f" {record.version}" if record.version else "")
    if record.disabled:
        return Finding(level="notice", subject=subject, says="It is switched off in the settings.")
    quarantine = record.quarantined
    if quarantine is None:
        offers = ", ".join(record.providers) or "no provider"
        return Finding(level="ok", subject=subject, says=f"offers {offers}" + _wrapping(record))
    return Finding(
        level="problem",
        subject=subject,
        says=quarantine.cause,
        advice=quarantine.advice + (f" Its homepage: {record.homepage}" if record.homepage else ""),
        fault=quarantine.fault,
        detail=quarantine.traceback,
    )


def _wrapping(record: PluginRecord) -> str:
    return f", wraps {', '.join(record.wraps)}" if record.wraps else ""


def _packages(name: str) -> Iterator[Finding]:
    """What a distribution declares and the environment does not have: a problem, or a notice for an extra."""
    try:
        declared = [Requirement(line) for line in distribution(name).requires or ()]
    except PackageNotFoundError:
        return  # run from a source tree that is not installed
    except InvalidRequirement as error:
        says = f"It declares a dependency that no installer understands: {error}"
        yield Finding(level="problem", subject=name, says=says, advice="Tell its author.", fault="plugin")
        return
    lacking = list(_lacking(name, declared, ""))
    if lacking:
        yield Finding(
            level="problem",
            subject=name,
            says=f"It needs what is not installed: {', '.join(lacking)}.",
            advice=f"Run `pip install --upgrade {name}`.",
            fault="host",
        )
    for extra in distribution(name).metadata.get_all("Provides-Extra") or ():
        lacking = list(_lacking(name, declared, extra))
        if lacking:
            purpose = _PURPOSES.get(extra, "") if name == "jackfield" else ""
            yield Finding(
                level="notice",
                subject=f"{name}[{extra}]",
                says=f"not installed ({', '.join(lacking)})" + (f"; wanted for {purpose}" if purpose else ""),
                advice=f"If you want it: `pip install '{name}[{extra}]'`.",
            )


def _lacking(name: str, declared: Iterable[Requirement], extra: str) -> Iterator[str]:
    for requirement in declared:
        here = requirement.marker is None or requirement.marker.evaluate({"extra": extra})
        always = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if not here or (extra and always) or canonicalize_name(requirement.name) == canonicalize_name(name):
            continue
        try:
            version = distribution(requirement.name).version
        except PackageNotFoundError:
            yield f"{requirement.name}{requirement.specifier}"
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement.name}{requirement.specifier}, where {version} is"
