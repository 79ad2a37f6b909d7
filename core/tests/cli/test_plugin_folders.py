"""plugins bundle and table: what goes wrong with a bundle (the end-to-end tests install one), and the page of providers."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jackfield.cli.bundling import requirements_of
from jackfield.contract import BadRequest
from jackfield.kernel import PluginRecord

Jackfield = Callable[..., Any]


@pytest.fixture
def links(tmp_path: Path) -> Path:
    """A folder with the wheel of the one plugin that is here."""
    folder = tmp_path / "links"
    folder.mkdir()
    info = "jackfield_parrot-1.0.dist-info"
    with zipfile.ZipFile(folder / "jackfield_parrot-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: jackfield-parrot\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return folder


def options(links: Path) -> list[str]:
    return ["--no-host", "--no-index", f"--find-links={links}"]


def test_a_bundle_and_what_pip_does_not_find(jackfield: Jackfield, links: Path, tmp_path: Path) -> None:
    """When the next bundle fails, the older one stays as it is, and nothing half is left behind."""
    folder = tmp_path / "bundle"
    done = jackfield("plugins", "bundle", str(folder), *options(links))
    assert done.code == 0, done.err
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(before) == {"bundle.json", "jackfield_parrot-1.0-py3-none-any.whl", "requirements.txt"}
    manifest = json.loads(before["bundle.json"])
    assert manifest["requirements"] == ["jackfield-parrot==1.0"]
    assert manifest["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    (wheel,) = manifest["wheels"]
    assert before["requirements.txt"].decode() == f"jackfield-parrot==1.0 --hash=sha256:{wheel['sha256']}\n"

    done = jackfield("plugins", "bundle", str(folder), "jackfield-not-published-anywhere", *options(links))
    assert done.code == 1
    assert "pip could not collect the wheels" in done.err
    assert "jackfield-not-published-anywhere" in done.err
    assert "--find-links" in done.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir() if "bundle" in path.name) == ["bundle"]


@pytest.mark.parametrize("name", ["parrot", "owl", "jackfield-parrot"])
def test_names_of_what_is_here(name: str) -> None:
    record = PluginRecord(name="parrot", distribution="jackfield-parrot", version="1.0", providers=("owl", "parrot"))
    off = PluginRecord(name="crow", distribution="jackfield-crow", version="2.0", disabled=True)
    assert requirements_of([name], [record, off]) == ["jackfield-parrot==1.0"]
    assert requirements_of([], [record, off]) == ["jackfield-parrot==1.0"]
    assert requirements_of([f"{name}>=1", "crow"], [record, off]) == [f"{name}>=1", "crow"]
    with pytest.raises(BadRequest, match="No plugin is installed"):
        requirements_of([], [off])


def test_what_is_neither_a_plugin_nor_a_requirement(jackfield: Jackfield, tmp_path: Path) -> None:
    done = jackfield("plugins", "bundle", str(tmp_path / "bundle"), "no such plugin!")
    assert done.code == 2
    assert "`no such plugin!` is no plugin that is installed here, and no requirement" in done.err
    assert not (tmp_path / "bundle").exists()


def test_a_folder_that_holds_something_else(jackfield: Jackfield, links: Path, tmp_path: Path) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.tex").write_text("years of work")
    done = jackfield("plugins", "bundle", str(folder), *options(links))
    assert done.code == 2
    assert "holds something that is no bundle" in done.err
    assert [path.name for path in folder.iterdir()] == ["chapter.tex"]


def test_the_page_of_providers(jackfield: Jackfield) -> None:
    page = jackfield("plugins", "table").out
    assert page.startswith("# Providers\n")
    row = next(line for line in page.splitlines() if line.startswith("| `parrot`"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:8] == ["`parrot`", "`jackfield-parrot`", "1", "1", "1", "1", "1", "1"]
    assert "`owl`" in page
