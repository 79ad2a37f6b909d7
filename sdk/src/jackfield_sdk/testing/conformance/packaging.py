"""The promises of the distribution that a plugin comes in."""

from __future__ import annotations

import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import ClassVar, cast
from urllib.parse import urlsplit
from urllib.request import url2pathname

import importlib_metadata
import pytest
from jackfield.contract import ENTRY_POINT_GROUP

from ..promises import promise


def _readme(distribution: importlib_metadata.Distribution) -> str:
    """The page of a distribution; of one that is installed for editing, as it stands in its folder now."""
    origin = getattr(distribution, "origin", None)
    if origin is not None and getattr(getattr(origin, "dir_info", None), "editable", False):
        folder = Path(url2pathname(urlsplit(origin.url).path))
        project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
        return (folder / project["readme"]).read_text("utf-8") if isinstance(project.get("readme"), str) else ""
    return str(distribution.metadata.json.get("description", ""))


class Packaging:
    """How the plugin is packaged, read from its installed metadata."""

    plugin: ClassVar[object]

    def _entry_point(self) -> importlib_metadata.EntryPoint:
        points = importlib_metadata.entry_points(group=ENTRY_POINT_GROUP)
        top = type(self.plugin).__module__.partition(".")[0]
        found = [point for point in points if point.module.partition(".")[0] == top]
        if not found:
            pytest.skip("the plugin is not installed as a distribution")
        with promise("the distribution has one entry point for this plugin"):
            assert len(found) == 1, f"there are {len(found)}: {found}"
        (point,) = found
        return cast("importlib_metadata.EntryPoint", point)

    def test_the_entry_point_leads_to_the_plugin(self) -> None:
        point = self._entry_point()
        with promise(f"the entry point {point.name} = {point.value!r} leads to the plugin"):
            assert point.load() is self.plugin

    def test_the_distribution_says_what_it_is(self) -> None:
        distribution = self._entry_point().dist
        assert distribution is not None
        metadata = distribution.metadata
        with promise("the distribution says what it is, under which licence, and has a page for its users"):
            name = str(metadata["Name"])
            assert name.startswith("jackfield-"), f"it is called {name}: Jackfield's plugins begin with jackfield-"
            assert metadata["Summary"], "it has no description"
            assert metadata["License-Expression"] or metadata["License"], "it has no licence"
            assert metadata["Requires-Python"], "it does not say which Python it needs"
            page = _readme(cast("importlib_metadata.Distribution", distribution))
            assert len(page.split()) >= 40, f"its README has {len(page.split())} words: users read it first"
        with promise("the distribution needs jackfield-sdk, and no vendor's SDK"):
            required = [str(one) for one in distribution.requires or ()]
            assert any(one.startswith("jackfield-sdk") for one in required), f"it requires {required}"

    def test_the_package_is_typed(self) -> None:
        top = self._entry_point().module.partition(".")[0]
        if not hasattr(sys.modules[top], "__path__"):
            pytest.skip("the plugin is a single module")
        with promise("the package carries its types: it has a `py.typed`"):
            assert files(top).joinpath("py.typed").is_file()
