"""A folder of wheels for a host without a way out: the plugins with all that they need, a manifest, and hashes for pip."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import parse_wheel_filename

from jackfield.contract import BadRequest, HostFault
from jackfield.kernel import PluginRecord

MANIFEST: Final = "bundle.json"
REQUIREMENTS: Final = "requirements.txt"
_PASSWORD: Final = re.compile(r"//[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class Wheel:
    """One file of a bundle."""

    file: str
    name: str
    version: str
    sha256: str
    size: int


def requirements_of(names: Sequence[str], plugins: Iterable[PluginRecord]) -> list[str]:
    """What pip is asked for.

    :param names: plugins, providers or distributions that are here, in the version that is here; or any requirement;
        none: every plugin that is here
    :raises BadRequest: for what is neither
    """
    records = [record for record in plugins if record.distribution and not record.disabled]
    if not names:
        if not records:
            raise BadRequest("No plugin is installed here.", param="names", advice="Name those that the bundle shall hold.")
        return sorted({f"{record.distribution}=={record.version}" for record in records})
    wanted = []
    for name in names:
        found = next((one for one in records if name in (one.distribution, one.name, *one.providers)), None)
        if found is not None:
            wanted.append(f"{found.distribution}=={found.version}")
            continue
        try:
            wanted.append(str(Requirement(name)))
        except InvalidRequirement:
            raise BadRequest(f"`{name}` is no plugin that is installed here, and no requirement.", param="names") from None
    return wanted


def host_requirement() -> str:
    """This host: its version, and the extras of which everything is installed."""
    own = distribution("jackfield")
    extras = [extra for extra in own.metadata.get_all("Provides-Extra") or () if _is_installed(own.requires or (), extra)]
    return f"jackfield{'[' + ','.join(sorted(extras)) + ']' if extras else ''}=={own.version}"


def _is_installed(requires: Iterable[str], extra: str) -> bool:
    for text in requires:
        requirement = Requirement(text)
        if requirement.marker is None or not requirement.marker.evaluate({"extra": extra}):
            continue
        try:
            distribution(requirement.name)
        except PackageNotFoundError:
            return False
    return True


def make_bundle(folder: Path, requirements: Sequence[str], options: Sequence[str] = ()) -> list[Wheel]:
    """Download wheels, with pip and by its settings; write the manifest and the hashes. A bundle that is there is replaced.

    :param options: more for pip: where it finds them, for which platform
    :raises BadRequest: for a folder that holds something else
    :raises HostFault: if pip is missing, or does not find something; the folder is as it was
    """
    old = _files_of(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".bundle-") as working:
        _download(Path(working), requirements, options)
        for path in old:
            path.unlink(missing_ok=True)
        folder.mkdir(exist_ok=True)
        wheels = []
        for path in sorted(Path(working).iterdir()):
            wheels.append(_describe(path))
            path.rename(folder / path.name)
    _write(folder, requirements, wheels)
    return wheels


def _files_of(folder: Path) -> list[Path]:
    """What a bundle in this folder consists of."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return []
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise BadRequest(f"{folder} holds something that is no bundle.", param="folder", advice="Name a folder that is empty.")
    listed = [Path(entry["file"]).name for entry in json.loads(manifest.read_text("utf-8"))["wheels"]]
    return [folder / name for name in (*listed, REQUIREMENTS, MANIFEST)]


def _download(folder: Path, requirements: Sequence[str], options: Sequence[str]) -> None:
    command = [sys.executable, *_pip(), "download", "--dest", str(folder), "--only-binary", ":all:"]
    command += ["--no-input", "--disable-pip-version-check", "--quiet", *options, *requirements]
    environment = dict(os.environ)
    index = environment.get("UV_DEFAULT_INDEX") or environment.get("UV_INDEX_URL")
    if index and "PIP_INDEX_URL" not in environment:
        environment["PIP_INDEX_URL"] = index  # who installs with uv has set that
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603 - our own words
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        reason = _PASSWORD.sub("//•••@", " ".join(said[-3:])).removeprefix("ERROR: ")
        raise HostFault(
            f"pip could not collect the wheels: {reason or 'it does not say why'}",
            advice="Check the index of pip's settings (`pip config list`), or name a folder with --find-links.",
        )


def _pip() -> list[str]:
    """pip of this environment; one made by uv has none, but Python carries a copy."""
    if find_spec("pip") is not None:
        return ["-m", "pip"]
    try:
        import ensurepip  # noqa: PLC0415 - which some Linux distributions take out
    except ModuleNotFoundError:
        copies: list[Path] = []
    else:
        copies = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    if not copies:
        raise HostFault("pip is needed, and not installed.", advice="Run `uv pip install pip`, and this command again.")
    return [str(copies[-1] / "pip")]


def _describe(path: Path) -> Wheel:
    name, version, _, _ = parse_wheel_filename(path.name)
    data = path.read_bytes()
    return Wheel(path.name, str(name), str(version), hashlib.sha256(data).hexdigest(), len(data))


def _write(folder: Path, requirements: Sequence[str], wheels: Sequence[Wheel]) -> None:
    manifest: dict[str, Any] = {
        "made_on": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "requirements": list(requirements),
        "wheels": [asdict(wheel) for wheel in wheels],
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    lines = [f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n" for wheel in wheels]
    (folder / REQUIREMENTS).write_text("".join(lines), "utf-8")
