"""A plugin's folder, checked as a whole."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from jackfield.kernel import Kernel

from .catalog import check_catalog
from .findings import Finding
from .pictures import check_icon
from .project import GROUP, Project, check_project
from .provider import Sources, check_provider


def check_folder(folder: Path, today: date | None = None) -> list[Finding]:
    """All that is wrong with the plugin in a folder, by file and line.

    The plugin is imported, from this folder if it is not installed. What `[tool.jackfield-sdk] ignore` names is left out.

    :param today: the day by which a catalog is stale and a model switched off
    """
    project = Project.read(folder.resolve())
    if isinstance(project, Finding):
        return [project]
    today = today or datetime.now(UTC).date()
    found = [*check_project(project), *_check_packages(project, today)]
    return sorted({finding for finding in found if finding.code not in project.ignored})


def _check_packages(project: Project, today: date) -> Iterator[Finding]:
    points = project.entry_points
    if not points:
        yield project.finding(
            "E201", f'there is no entry point: [project.entry-points."{GROUP}"] <vendor> = "<package>:plugin"'
        )
    broken = False
    for package in project.packages:
        folder = project.root / package
        if (catalog := folder / "models.toml").is_file():
            found = list(check_catalog(catalog, today))
            broken = broken or any(finding.code == "C501" for finding in found)
            yield from found
        if (icon := folder / "icon.svg").is_file():
            yield from check_icon(icon)
    for name, value in points.items():
        if not broken:  # a plugin with a broken catalog does not load, which has been said
            yield from _check_plugin(project, name, value)


def _check_plugin(project: Project, name: str, value: str) -> Iterator[Finding]:
    near = rf"^\s*[\"']?{name}[\"']?\s*="
    module, _, attribute = value.partition(":")
    try:
        with _on_path(project.root):
            plugin: Any = importlib.import_module(module)
        for part in filter(None, attribute.split(".")):
            plugin = getattr(plugin, part)
    except Exception as error:
        yield project.finding("E202", f"{value} does not load: {type(error).__name__}: {error}", near)
        return
    kernel = Kernel.of([(name, plugin)])
    quarantined = [record.quarantined for record in kernel.plugins if record.quarantined]
    if quarantined:
        yield project.finding("E202", f"{quarantined[0].cause} {quarantined[0].advice}", near)
        return
    sources = Sources.read(project.root / module.partition(".")[0])
    if kernel.providers and name not in kernel.providers:
        yield project.finding("E203", f"the entry point {name} offers the provider {', '.join(kernel.providers)}", near)
    for described in kernel.providers.values():
        yield from check_provider(described, sources)
        if not described.icon:
            path, line = sources.place_of_provider(described.id)
            yield Finding(path, line, "I601", "there is no icon.svg beside the class")


@contextmanager
def _on_path(root: Path) -> Iterator[None]:
    """A plugin that is not installed is imported from where it stands."""
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))
