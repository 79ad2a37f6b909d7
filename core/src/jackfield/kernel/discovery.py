"""Finding plugins: the entry points of the group `jackfield.plugins`, with the metadata of their distributions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from importlib_metadata import EntryPoint, distributions
from packaging.utils import canonicalize_name

from .records import Cause, PluginRecord, Quarantine


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin before it is loaded: its entry point, or the object itself; or why neither could be read."""

    record: PluginRecord
    entry_point: EntryPoint | None = None
    plugin: Any = field(default=None, repr=False)


def discover(group: str) -> list[Candidate]:
    """The candidates of `group`, ordered by name. A distribution that cannot be read is one too, quarantined.

    As with imports, the first of several distributions of one name on the path counts.
    """
    found: list[Candidate] = []
    seen: set[str] = set()
    for distribution in distributions():
        try:
            text = distribution.read_text("entry_points.txt") or ""
        except (OSError, UnicodeError):
            continue  # not readable as text, so not by pip either: nothing says that it is a plugin
        if group not in text:
            continue
        candidates = list(_of_distribution(distribution, group))
        found += [candidate for candidate in candidates if candidate.record.distribution not in seen]
        seen.update(candidate.record.distribution for candidate in candidates)
    return sorted(found, key=lambda candidate: (candidate.record.name, candidate.record.distribution))


def _of_distribution(distribution: Any, group: str) -> Iterator[Candidate]:
    record = PluginRecord(name="?")
    try:
        record = _describe(distribution)
        entry_points = [point for point in distribution.entry_points if point.group == group]
        values = [(point.name, point.value) for point in entry_points if point.module]  # `.module` checks the value
    except Exception as error:  # whatever a broken file makes the parser raise
        name = record.distribution or str(getattr(distribution, "_path", "a distribution without a name"))
        quarantine = Quarantine(
            kind=Cause.METADATA,
            cause=f"The metadata of `{name}` cannot be read: {type(error).__name__}: {error}".rstrip(": ") + ".",
            advice="Reinstall the distribution, or tell its author.",
        )
        yield Candidate(replace(record, name=name, distribution=name, quarantined=quarantine))
        return
    for point, (name, value) in zip(entry_points, values, strict=True):
        yield Candidate(replace(record, name=name, entry_point=value), point)


def _describe(distribution: Any) -> PluginRecord:
    metadata: Any = distribution.metadata
    name = metadata.get("Name")
    if not name:
        raise ValueError("it has no name")
    return PluginRecord(
        name=name,
        distribution=canonicalize_name(name),
        version=metadata.get("Version") or "",
        author=_author(metadata),
        license=_license(metadata),
        homepage=_homepage(metadata),
        summary=metadata.get("Summary") or "",
    )


def _author(metadata: Any) -> str:
    given = metadata.get("Author") or metadata.get("Author-email") or metadata.get("Maintainer") or ""
    return re.sub(r"\s*<[^>]*>", "", given).strip().strip('"')


def _license(metadata: Any) -> str:
    stated = metadata.get("License-Expression") or metadata.get("License") or ""
    if not stated:
        trove = [c.rsplit(" :: ", 1)[-1] for c in metadata.get_all("Classifier") or () if c.startswith("License ::")]
        stated = ", ".join(trove)
    return next(iter(stated.strip().splitlines()), "")  # older metadata holds the whole text: its first line is the title


def _homepage(metadata: Any) -> str:
    links: dict[str, str] = {}
    for line in metadata.get_all("Project-URL") or ():
        label, _, url = line.partition(",")
        links[re.sub(r"[^a-z]", "", label.lower())] = url.strip()
    for label in ("homepage", "home", "repository", "source", "sourcecode", "github", "documentation"):
        if label in links:
            return links[label]
    return str(metadata.get("Home-page") or next(iter(links.values()), ""))
