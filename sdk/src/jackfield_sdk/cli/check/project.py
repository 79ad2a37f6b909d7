"""How the plugin is packaged: `pyproject.toml`, and what its sources import."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from .findings import Finding, line_of

OLDEST_PYTHON: Final = Version("3.11")
GROUP: Final = "jackfield.plugins"


@dataclass(frozen=True, slots=True)
class Project:
    """A plugin's `pyproject.toml`, read."""

    path: Path
    text: str
    table: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Project | Finding:
        """The project of a folder, or why there is none."""
        path = folder / "pyproject.toml"
        try:
            text = path.read_text("utf-8")
            table = tomllib.loads(text)
        except OSError as error:
            return Finding(path, 1, "P101", f"cannot be read: {error.strerror}")
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"at line (\d+)", str(error))
            return Finding(path, int(found[1]) if found else 1, "P101", str(error))
        if not isinstance(table.get("project"), dict):
            return Finding(path, 1, "P101", "there is no [project]")
        return cls(path, text, table)

    @property
    def folder(self) -> Path:
        """Where it stands."""
        return self.path.parent

    @property
    def project(self) -> dict[str, Any]:
        """The table `[project]`."""
        project: dict[str, Any] = self.table["project"]
        return project

    @property
    def entry_points(self) -> dict[str, str]:
        """The plugins that it names: entry point to `module:attribute`."""
        points = self.project.get("entry-points", {}).get(GROUP, {})
        return {str(name): str(value) for name, value in points.items()} if isinstance(points, dict) else {}

    @property
    def packages(self) -> list[str]:
        """The top packages of its entry points; before there are any, the one that the name asks for."""
        named = {re.split(r"[.:]", value)[0] for value in self.entry_points.values()}
        return sorted(named) or [str(self.project.get("name", "")).replace("-", "_")]

    @property
    def root(self) -> Path:
        """The folder in which its packages stand."""
        return self.folder / "src" if (self.folder / "src").is_dir() else self.folder

    @property
    def ignored(self) -> frozenset[str]:
        """The codes that the author does not want to hear: `[tool.jackfield-sdk] ignore = […]`."""
        settings = self.table.get("tool", {}).get("jackfield-sdk", {})
        return frozenset(map(str, settings.get("ignore", ())))

    def finding(self, code: str, message: str, near: str = r"^\s*\[project\]") -> Finding:
        """One in this file."""
        return Finding(self.path, line_of(self.text, near), code, message)


def check_project(project: Project) -> Iterator[Finding]:
    """All that is wrong with the packaging."""
    yield from _check_identity(project)
    yield from _check_pages(project)
    yield from _check_python(project)
    yield from _check_dependencies(project)
    yield from _check_build(project)


def _check_identity(project: Project) -> Iterator[Finding]:
    name = str(project.project.get("name", ""))
    if not re.fullmatch(r"jackfield-[a-z0-9]+(-[a-z0-9]+)*", name):
        yield project.finding("P102", f"the distribution is called {name!r}: plugins are called jackfield-<vendor>", r"^name\b")
    for package in project.packages:
        if name and canonicalize_name(package) != canonicalize_name(name):
            yield project.finding("P102", f"the package {package} is not called as the distribution {name}", r"^\s*name\b")
    if "version" in project.project.get("dynamic", ()):
        return
    version = str(project.project.get("version", ""))
    try:
        Version(version)
    except InvalidVersion:
        yield project.finding("P103", f"{version!r} is no version", r"^\s*version\b")
    for package in project.packages:
        source = project.root / package / "__init__.py"
        text = source.read_text("utf-8") if source.is_file() else ""
        said = re.search(r"^__version__\s*=\s*[\"']([^\"']+)[\"']", text, re.MULTILINE)
        if said and said[1] != version:
            line = line_of(text, "^__version__")
            yield Finding(source, line, "P103", f"__version__ is {said[1]}, and pyproject.toml says {version}")


def _check_pages(project: Project) -> Iterator[Finding]:
    if not project.project.get("description"):
        yield project.finding("P104", "there is no description")
    readme = project.project.get("readme")
    file = readme.get("file") if isinstance(readme, dict) else readme
    page = project.folder / str(file) if file else None
    if page is None or not page.is_file():
        yield project.finding("P104", "there is no README: users read it first", r"^\s*readme\b")
    elif len(words := page.read_text("utf-8").split()) < 40:
        yield Finding(page, 1, "P104", f"the README has {len(words)} words: how is it installed, and what does the form want?")
    if not project.project.get("license") and not project.project.get("license-files"):
        yield project.finding("P105", 'there is no licence: `license = "…"`, an SPDX expression')


def _check_python(project: Project) -> Iterator[Finding]:
    text = str(project.project.get("requires-python", ""))
    try:
        asked = SpecifierSet(text)
    except InvalidSpecifier:
        yield project.finding("P106", f"requires-python {text!r} cannot be understood", r"^\s*requires-python\b")
        return
    too_old = Version(f"3.{OLDEST_PYTHON.minor - 1}.99")
    if not text or asked.contains(too_old) or not asked.contains(f"{OLDEST_PYTHON}.99"):
        yield project.finding("P106", f'requires-python is ">={OLDEST_PYTHON}", as of jackfield-sdk', r"^\s*requires-python\b")


def _check_dependencies(project: Project) -> Iterator[Finding]:
    found = False
    for text in project.project.get("dependencies", ()):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            yield project.finding("P107", f"{text!r} is no requirement", r"^\s*dependencies\b")
            continue
        if canonicalize_name(requirement.name) != "jackfield-sdk":
            what = f"it depends on {requirement.name}: all that a vendor needs is in jackfield-sdk"
            yield project.finding("P108", what, rf"[\"']{re.escape(text)}")
            continue
        found = True
        here = installed_version("jackfield-sdk")
        if not requirement.specifier.contains(here, prereleases=True):
            message = f"it wants jackfield-sdk{requirement.specifier}, and is checked with {here}"
            yield project.finding("P107", message, rf"[\"']{re.escape(text)}")
    if not found:
        yield project.finding("P107", "it does not depend on jackfield-sdk", r"^\s*dependencies\b")


def _check_build(project: Project) -> Iterator[Finding]:
    backend = str(project.table.get("build-system", {}).get("build-backend", "setuptools"))
    if backend.startswith("setuptools") and not project.table.get("tool", {}).get("setuptools", {}).get("package-data"):
        what = 'setuptools leaves data out: name them in [tool.setuptools.package-data], "*" = ["*.toml", "*.svg", "py.typed"]'
        yield project.finding("P111", what, r"^\s*\[build-system\]")
    for package in project.packages:
        folder = project.root / package
        if folder.is_dir() and not (folder / "py.typed").is_file():
            yield Finding(folder / "__init__.py", 1, "P110", "there is no py.typed beside it: the types stay unseen")
        for source in sorted(folder.rglob("*.py")):
            yield from _check_imports(source, package)


def _check_imports(source: Path, package: str) -> Iterator[Finding]:
    try:
        tree = ast.parse(source.read_text("utf-8"))
    except SyntaxError as error:
        yield Finding(source, error.lineno or 1, "E202", f"is no Python: {error.msg}")
        return
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module]
        for name in names:
            top = name.partition(".")[0]
            line = getattr(node, "lineno", 1)
            if top == "jackfield":
                yield Finding(source, line, "P109", f"imports {name}: a plugin imports jackfield_sdk, which has it all")
            elif top.startswith("jackfield_") and top not in ("jackfield_sdk", package):
                yield Finding(source, line, "P109", f"imports {name}: no plugin knows another")
