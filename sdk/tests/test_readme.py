"""The plugin of the README, and its tests, are as good as it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1z"/></svg>'
SETTINGS = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\naddopts = --import-mode=importlib\n"


def test_the_plugin_in_thirty_lines(tmp_path: Path) -> None:
    blocks = re.findall(r"```(python|toml)\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    package, kit, own = [text for kind, text in blocks if kind == "python"][:3]
    (catalog,) = [text for kind, text in blocks if kind == "toml" and "[[models]]" in text]
    folder = tmp_path / "jackfield_acme"
    folder.mkdir()
    (folder / "__init__.py").write_text(package, "utf-8")
    (folder / "models.toml").write_text(catalog, "utf-8")
    (folder / "icon.svg").write_text(ICON, "utf-8")
    (tmp_path / "pytest.ini").write_text(SETTINGS, "utf-8")
    (tmp_path / "test_kit.py").write_text(kit, "utf-8")
    (tmp_path / "test_own.py").write_text(f"from jackfield_acme import plugin\n{own}", "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    # One test of each class is enough here: the kit itself is tested elsewhere.
    chosen = "good_answer or test_the_catalog or test_own"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin", "-k", chosen]
    tested = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment | {"PYTHONPATH": str(tmp_path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=False,
    )
    assert tested.returncode == 0, tested.stdout
