"""What `import jackfield` costs, by what it imports: a clock would tell how busy the machine is."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = {"pydantic", "sqlalchemy", "aiohttp", "httpx", "fastapi", "starlette", "typer", "rich", "pluggy", "structlog"}
UNWANTED = {"sqlalchemy", "alembic", "fastapi", "starlette", "uvicorn", "typer", "jackfield.store", "jackfield.gateway"}


def imported_by(code: str) -> set[str]:
    shown = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True, timeout=60)
    names: list[str] = json.loads(done.stdout)
    return set(names)


def test_import_jackfield_imports_next_to_nothing() -> None:
    modules = imported_by("import jackfield\njackfield.__version__\ndir(jackfield)")
    assert not modules & HEAVY
    assert not {name for name in modules if name.startswith("jackfield_")}
    assert {name for name in modules if name.startswith("jackfield")} == {"jackfield"}


def test_the_library_needs_no_server_no_database_and_no_command_line() -> None:
    modules = imported_by("from jackfield import AsyncJackfield, Jackfield, Message\nJackfield().close()")
    assert not modules & UNWANTED
    assert not {name for name in modules if name.startswith("jackfield_")}  # plugins load at first use


def test_the_admin_api_costs_nothing_until_it_is_asked() -> None:
    modules = imported_by(
        "import jackfield.gateway.app, jackfield.gateway.server\nfrom jackfield.gateway import admin\nadmin.mount"
    )
    assert "starlette" in modules
    assert "fastapi" not in modules


def test_every_name_of_the_package_is_there() -> None:
    import jackfield

    for name in jackfield.__all__:
        assert getattr(jackfield, name) is not None
    assert set(jackfield.__all__) <= set(dir(jackfield))
