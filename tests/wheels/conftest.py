"""Wheels of everything here, built once for all tests, and clean environments made of them without any index.

What others have published is packed again from this environment: the same files, so that pip and uv resolve and install as they
would from an index, and nothing is asked of the world outside.
"""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uv
from filelock import FileLock
from hosting import Running
from jackfield_sdk.testing import VendorDouble
from packaging.requirements import Requirement
from packaging.tags import sys_tags

ROOT = Path(__file__).parents[2]
UV = uv.find_uv_bin()


@dataclass(frozen=True, slots=True)
class Wheels:
    """:param ours: the folder with those of this repository, the example too
    :param others: the folder with those of everybody else
    :param cache: uv's, apart from the one of whoever runs the tests
    """

    ours: Path
    others: Path
    cache: Path

    @property
    def plugins(self) -> list[str]:
        """The distributions of the plugins."""
        names = {path.name.partition("-")[0].replace("_", "-") for path in self.ours.glob("*.whl")}
        return sorted(names - {"jackfield", "jackfield-sdk"})


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    """Built by the first worker that needs them."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    found = Wheels(shared / "wheels-ours", shared / "wheels-others", shared / "wheels-cache")
    with FileLock(shared / "wheels.lock"):
        if not found.others.exists():
            build = [UV, "build", "--quiet", "--offline", "--wheel", "--out-dir", str(found.ours)]
            subprocess.run([*build, "--all-packages"], cwd=ROOT, check=True)
            subprocess.run([*build, str(ROOT / "docs" / "example-plugin")], cwd=ROOT, check=True)
            found.others.mkdir()
            for distribution in needed(["jackfield[server]", "jackfield-local", "jackfield-sdk[websocket]"]):
                pack(distribution, found.others)
    return found


def needed(names: Iterable[str]) -> Iterator[importlib.metadata.Distribution]:
    """What others have published of all that is needed for these, by this environment."""
    todo = list(names)
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        wanted = Requirement(todo.pop())
        distribution = importlib.metadata.distribution(wanted.name)
        if (key := (distribution.name, frozenset(wanted.extras))) in seen:
            continue
        if not distribution.name.startswith("jackfield") and not any(name == distribution.name for name, _ in seen):
            yield distribution
        seen.add(key)
        for text in distribution.requires or ():
            marker = Requirement(text).marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *wanted.extras}):
                todo.append(text)


def pack(distribution: importlib.metadata.Distribution, folder: Path) -> None:
    """An installed distribution as a wheel again."""
    mine = {line.removeprefix("Tag: ") for line in (distribution.read_text("WHEEL") or "").splitlines()}
    tag = next(str(tag) for tag in sys_tags() if str(tag) in mine)
    name = f"{distribution.name.replace('-', '_')}-{distribution.version}-{tag}.whl"
    with zipfile.ZipFile(folder / name, "w") as archive:
        for file in distribution.files or ():
            left_out = ".." in file.parts or file.suffix == ".pyc" or file.name in ("INSTALLER", "REQUESTED", "direct_url.json")
            if not left_out and (path := Path(str(distribution.locate_file(file)))).exists():
                archive.write(path, str(file))


class Environment:
    """A virtual environment with nothing in it but what is installed."""

    def __init__(self, folder: Path, wheels: Wheels) -> None:
        self.folder = folder
        self._wheels = wheels

    @classmethod
    def create(cls, folder: Path, wheels: Wheels) -> Environment:
        """A new one."""
        made = cls(folder, wheels)
        made._uv("venv", str(folder), "--python", sys.executable)
        return made

    @property
    def packages(self) -> Path:
        """Where they stand."""
        (found,) = self.folder.glob("lib/python*/site-packages")
        return found

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def install(self, *requirements: str, links: Iterable[Path] | None = None) -> None:
        """From folders of wheels, with all that is needed; from no index."""
        links = (self._wheels.ours, self._wheels.others) if links is None else links
        options = [f"--find-links={link}" for link in links]
        self._uv("pip", "install", "--python", str(self.python), "--no-index", *options, *requirements)

    def uninstall(self, name: str) -> None:
        """Take one out."""
        self._uv("pip", "uninstall", "--python", str(self.python), name)

    def run(self, *arguments: str | Path, **more: str) -> str:
        """What a command of the interpreter prints; it must end well."""
        done = subprocess.run(
            [self.python, *arguments], capture_output=True, text=True, env=self.variables | more, cwd=self.folder, check=False
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    @property
    def variables(self) -> dict[str, str]:
        """Those of the tests, without what leads into the workspace."""
        left_out = ("PYTHON", "VIRTUAL_ENV", "JACKFIELD", "PYTEST", "UV_", "PIP_", "COV")
        return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}

    def _uv(self, *arguments: str) -> None:
        command = [UV, *arguments, "--quiet", "--offline", "--cache-dir", str(self._wheels.cache)]
        done = subprocess.run(command, capture_output=True, text=True, env=self.variables, check=False)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def host(wheels: Wheels) -> Environment:
    """A clean environment with the host and the SDK and no plugin; to be left as it is."""
    folder = wheels.cache.with_name("wheels-host")
    with FileLock(folder.with_suffix(".lock")):
        if folder.exists():
            return Environment(folder, wheels)
        made = Environment.create(folder, wheels)
        made.install("jackfield[server]", "jackfield-sdk[websocket]", "filelock", "platformdirs")
        return made


@pytest.fixture
def beside_host(host: Environment, wheels: Wheels, tmp_path: Path) -> Callable[..., Environment]:
    """Makes environments that find what the host's has, and hold the plugins: `beside_host("jackfield-openai")`."""

    def make(*plugins: str) -> Environment:
        made = Environment.create(tmp_path / "environment", wheels)
        (made.packages / "host.pth").write_text(f"{host.packages}\n")
        made.install("--no-deps", *plugins)
        return made

    return make


@pytest.fixture
def vendor() -> Iterator[VendorDouble]:
    """A vendor on loopback, in a thread: those who ask are other processes."""
    running, double = Running(), VendorDouble()
    running.run(double.__aenter__())
    yield double
    running.run(double.stop())
    running.stop()
