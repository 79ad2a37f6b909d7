"""`jackfield-sdk check`: each thing that can be wrong is found, with its file and line."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from jackfield_sdk.cli.app import app
from jackfield_sdk.cli.check import Finding, check_folder
from jackfield_sdk.cli.check.findings import RULES
from jackfield_sdk.cli.scaffold import scaffold
from typer.testing import CliRunner

PLUGINS = Path(__file__).parents[2] / "plugins"
TODAY = date(2026, 11, 26)


@pytest.mark.parametrize("folder", sorted(path.parent for path in PLUGINS.glob("*/pyproject.toml")), ids=lambda path: path.name)
def test_nothing_is_wrong_with_the_plugins_here(folder: Path) -> None:
    found = [finding.text(folder) for finding in check_folder(folder, TODAY)]
    assert not found, "\n".join(found)


class Plugin:
    """A plugin in a folder, made worse step by step. Each has a package of its own name, as imports are kept."""

    count = 0

    def __init__(self, folder: Path) -> None:
        Plugin.count += 1
        self.vendor = f"checked{Plugin.count}"
        self.folder = folder / "plugin"
        scaffold(self.vendor, self.folder, "own")
        self.package = self.folder / "src" / f"jackfield_{self.vendor}"

    def change(self, name: str, old: str, new: str) -> None:
        path = self.folder / name if name in ("pyproject.toml", "README.md") else self.package / name
        text = path.read_text("utf-8")
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1), "utf-8")

    def found(self) -> list[Finding]:
        return check_folder(self.folder)


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    return Plugin(tmp_path)


def change(name: str, old: str, new: str) -> Callable[[Plugin], None]:
    return lambda plugin: plugin.change(name, old, new.replace("VENDOR", plugin.vendor))


def project(old: str, new: str) -> Callable[[Plugin], None]:
    return change("pyproject.toml", old, new)


def catalog(old: str, new: str) -> Callable[[Plugin], None]:
    return change("models.toml", old, new)


def errors(old: str, new: str) -> Callable[[Plugin], None]:
    return change("errors.py", old, new)


def field(text: str) -> Callable[[Plugin], None]:
    return change("provider.py", "fields=(", f"fields=(\n            {text},")


def twice(plugin: Plugin) -> None:
    path = plugin.package / "models.toml"
    text = path.read_text("utf-8")
    path.write_text(text + text[text.index("[[models]]") :].replace("[[models]]", "[[models]]  # twice"), "utf-8")


def checked_on(plugin: Plugin, day: str) -> None:
    path = plugin.package / "models.toml"
    path.write_text(re.sub("checked_on = .*", f"checked_on = {day}", path.read_text("utf-8")), "utf-8")


def short(plugin: Plugin) -> None:
    (plugin.folder / "README.md").write_text("# Soon", "utf-8")


def env(name: str) -> Callable[[Plugin], None]:
    return lambda plugin: plugin.change("provider.py", f'env="{plugin.vendor.upper()}_API_KEY"', f"env={name}")


CASES: list[tuple[str, str, str, Callable[[Plugin], None]]] = [
    ("P101", "pyproject.toml", "", project("[project]", "[project")),
    ("P101", "pyproject.toml", "", lambda plugin: (plugin.folder / "pyproject.toml").unlink()),
    ("P102", "pyproject.toml", 'name = "acme"', project('name = "jackfield-', 'name = "acme"  # ')),
    ("P103", "pyproject.toml", "version", project('"0.1.0"', '"latest"')),
    ("P103", "__init__.py", "__version__", change("__init__.py", "\n\nplugin", '\n\n__version__ = "9.9"\nplugin')),
    ("P104", "pyproject.toml", "", project('readme = "README.md"', "")),
    ("P104", "README.md", "", short),
    ("P105", "pyproject.toml", "", project('license = "Apache-2.0"', "")),
    ("P106", "pyproject.toml", "requires-python", project('">=3.11"', '">=3.9"')),
    ("P107", "pyproject.toml", "dependencies", project('["jackfield-sdk"]', "[]")),
    ("P107", "pyproject.toml", "jackfield-sdk>", project('["jackfield-sdk"]', '["jackfield-sdk>=99"]')),
    ("P108", "pyproject.toml", "acme-client", project('["jackfield-sdk"]', '["jackfield-sdk", "acme-client"]')),
    ("P109", "errors.py", "jackfield.contract", errors("\nimport json\n", "\nimport json\nimport jackfield.contract\n")),
    ("P109", "errors.py", "jackfield_openai", errors("TABLE =", "import jackfield_openai\nTABLE =")),
    ("P110", "__init__.py", "", lambda plugin: (plugin.package / "py.typed").unlink()),
    ("P111", "pyproject.toml", "build-system", project('"uv_build"', '"setuptools.build_meta"')),
    ("E201", "pyproject.toml", "", project('"jackfield.plugins"', '"jackfield.plugin"')),
    ("E202", "pyproject.toml", ":plugged", project(':plugin"', ':plugged"')),
    ("E202", "pyproject.toml", ":plugin", change("__init__.py", "plugin =", "raise OSError('no')\nplugin =")),
    ("E202", "pyproject.toml", ":plugin", change("provider.py", "def invoke_llm", "def invoke_chat")),
    ("E203", "pyproject.toml", "other =", lambda plugin: plugin.change("pyproject.toml", f"{plugin.vendor} =", "other =")),
    ("D301", "provider.py", "class", change("provider.py", "    description = ", "    summary = ")),
    ("D302", "provider.py", "class", change("provider.py", "help_url = KEYS", "page = KEYS")),
    ("F401", "provider.py", "FormField", field('FormField(name="region", label="Region")')),
    ("F402", "provider.py", "FormField", field('FormField(name="app_token", label=NAME)')),
    ("F404", "provider.py", "forms.api_key", env("None")),
    ("F404", "provider.py", "forms.api_key", env("'api-key'")),
    ("F405", "provider.py", "FormField", field('FormField(name="app", label=NAME, pattern="[0-9]+")')),
    ("C501", "models.toml", "[[models]]", catalog("context_window = 128000", "context_windows = 128000")),
    ("C501", "models.toml", "# twice", twice),
    ("C501", "models.toml", "rules == 1", catalog('rules = "chat"', "rules == 1")),
    ("C502", "models.toml", "", catalog("checked_on", "# checked_on")),
    ("C502", "models.toml", "checked_on", lambda plugin: checked_on(plugin, "2025-01-01")),
    ("C502", "models.toml", "checked_on", lambda plugin: checked_on(plugin, "2099-01-01")),
    ("C503", "models.toml", "source", catalog('"https://docs', '"docs')),
    ("C504", "models.toml", "deprecated_on", catalog("max_output", "deprecated_on = 2026-01-01\nmax_output")),
    ("C505", "models.toml", "replacement", catalog("max_output", 'replacement = "VENDOR-huge"\nmax_output')),
    ("C506", "models.toml", "[[models]]", catalog("context_window = 128000", "")),
    ("C506", "models.toml", "max_output_tokens", catalog("max_output_tokens = 8192", "max_output_tokens = 128001")),
    ("C507", "models.toml", "prices", catalog("{ input = 2.50, output = 10.00 }", '{ currency = "CNY" }')),
    ("C507", "models.toml", "prices", catalog("input = 2.50", "input = 25000")),
    ("C507", "models.toml", "prices", catalog("input = 2.50", "input = 2.50, cache_read = 3")),
    ("C507", "models.toml", "prices", catalog("output = 10.00", "output = 0.1")),
    ("C508", "models.toml", "name =", catalog('rules = "chat"', "")),
    ("I601", "provider.py", "class", lambda plugin: (plugin.package / "icon.svg").unlink()),
    ("I602", "icon.svg", "", change("icon.svg", "</svg>", f"<path d='{'M0 0' * 5000}'/></svg>")),
    ("I603", "icon.svg", "</svg", change("icon.svg", "</svg>", "</svg")),
    ("I603", "icon.svg", "DOCTYPE", change("icon.svg", "<svg", "<!DOCTYPE svg>\n<svg")),
    ("I604", "icon.svg", "<svg", change("icon.svg", 'viewBox="0 0 24 24"', "")),
    ("I605", "icon.svg", "script", change("icon.svg", "</svg>", "<script>alert(1)</script></svg>")),
    ("I605", "icon.svg", "onload", change("icon.svg", "<circle", '<circle onload="x()"')),
    ("I606", "icon.svg", "https", change("icon.svg", 'fill="none"', 'fill="url(https://evil.example/a)"')),
]  # fmt: skip


@pytest.mark.parametrize(("code", "file", "at", "worsen"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_wrong_is_found(plugin: Plugin, code: str, file: str, at: str, worsen: Callable[[Plugin], None]) -> None:
    if (plugin.package / "provider.py").is_file():
        plugin.change("provider.py", "KEYS =", 'NAME = LocalizedText.of("Name", "名称")\nKEYS =')
        plugin.change("provider.py", "    Feature,\n", "    Feature,\n    FormField,\n")
    worsen(plugin)
    found = plugin.found()
    assert code in RULES
    assert {finding.code for finding in found} == {code}, [finding.text(plugin.folder) for finding in found]
    assert found[0].path.name == file
    if at:
        line = found[0].path.read_text("utf-8").splitlines()[found[0].line - 1]
        assert at in line, f"line {found[0].line} is {line!r}"


def test_every_code_is_tried() -> None:
    assert set(RULES) - {case[0] for case in CASES} == {"F403"}  # which needs a provider that D302 has found already


def test_the_command(plugin: Plugin) -> None:
    result = CliRunner().invoke(app, ["check", str(plugin.folder)])
    assert (result.exit_code, result.output) == (0, "Nothing is wrong.\n")
    plugin.change("pyproject.toml", 'license = "Apache-2.0"\n', "")
    result = CliRunner().invoke(app, ["check", str(plugin.folder)])
    assert result.exit_code == 1
    assert result.output.startswith("pyproject.toml:1: P105 there is no licence")
    result = CliRunner().invoke(app, ["check", str(plugin.folder), "--json"])
    assert result.exit_code == 1
    (found,) = json.loads(result.output)
    assert (found["file"], found["line"], found["code"]) == ("pyproject.toml", 1, "P105")
    pyproject = plugin.folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text("utf-8") + '\n[tool.jackfield-sdk]\nignore = ["P105"]\n', "utf-8")
    assert CliRunner().invoke(app, ["check", str(plugin.folder)]).exit_code == 0


def test_a_folder_without_a_plugin(tmp_path: Path) -> None:
    shutil.rmtree(tmp_path)
    result = CliRunner().invoke(app, ["check", str(tmp_path)])
    assert result.exit_code == 1
    assert "P101 cannot be read" in result.output


def test_the_codes_are_explained() -> None:
    result = CliRunner().invoke(app, ["check", "--rules"])
    assert result.exit_code == 0
    assert "I604  the icon has a viewBox" in result.output
