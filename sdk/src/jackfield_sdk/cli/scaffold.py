"""`jackfield-sdk new`: the files of a new plugin, which pass the check and the conformance kit as they are."""

from __future__ import annotations

import keyword
import re
from datetime import UTC, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, Literal

Kind = Literal["own", "compatible"]

_SUFFIX: Final = ".in"
_FEATURES: Final[dict[Kind, str]] = {
    "own": '["streaming"]',
    "compatible": '["streaming", "tools", "parallel_tools", "structured_output"]',
}


class ScaffoldError(Exception):
    """Nothing was written; the message says why."""


def scaffold(vendor: str, folder: Path, kind: Kind, label: str | None = None) -> list[Path]:
    """Write a plugin's files, and answer which.

    :param vendor: the provider's id: small letters, digits and `_`
    :param folder: must be empty, or not there yet
    :param label: the vendor's name as people write it
    :raises ScaffoldError: for a name that cannot be one, or a folder that holds something
    """
    vendor = vendor.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", vendor) or keyword.iskeyword(vendor) or len(vendor) > 64:
        raise ScaffoldError(f"{vendor!r} cannot be a provider's id: small letters, digits and single underscores.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ScaffoldError(f"{folder} is there already, and not empty.")
    words = vendor.split("_")
    values = {
        "vendor": vendor,
        "distribution": f"jackfield-{'-'.join(words)}",
        "package": f"jackfield_{vendor}",
        "class": "".join(word.capitalize() for word in words),
        "label": label or " ".join(word.capitalize() for word in words),
        "env": f"{vendor.upper()}_API_KEY",
        "today": datetime.now(UTC).date().isoformat(),
        "features": _FEATURES[kind],
    }
    templates = files(__package__).joinpath("templates")
    written: list[Path] = []
    for part in ("common", kind):
        _copy(templates.joinpath(part), folder, values, written)
    return written


def _copy(template: Traversable, target: Path, values: dict[str, str], written: list[Path]) -> None:
    for entry in sorted(template.iterdir(), key=lambda entry: entry.name):
        name = entry.name.replace("PACKAGE", values["package"]).replace("VENDOR", values["vendor"])
        if entry.is_dir():
            _copy(entry, target / name, values, written)
        elif name.endswith(_SUFFIX):
            path = target / name.removesuffix(_SUFFIX)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_fill(entry.read_text("utf-8"), values), "utf-8")
            written.append(path)


def _fill(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], text)
