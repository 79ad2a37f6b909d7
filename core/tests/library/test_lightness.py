"""What a start costs, by what it imports: a clock would tell how busy the machine is."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from Crypto.PublicKey import RSA
from jackfield.host import Host, Settings
from jackfield.kernel import Kernel

HEAVY = {"pydantic", "sqlalchemy", "aiohttp", "httpx", "fastapi", "starlette", "typer", "rich", "pluggy", "structlog"}
UNWANTED = {"sqlalchemy", "alembic", "fastapi", "starlette", "uvicorn", "typer", "jackfield.store", "jackfield.gateway"}
CLIENTS = {"aiohttp", "httpx", "httpx_aiohttp"}
CALLED_LATER = CLIENTS | {
    "Crypto",  # with the first secret
    "alembic",  # where the schema is old
    "fastapi",  # with the first request to /api
    "jackfield.console.site",  # with the first page
    "jackfield.gateway.reference",  # with /openapi.json
    "jinja2",
    "sqlalchemy.dialects.postgresql",
}

SHOW = "import json, sys\nprint(json.dumps(sorted(sys.modules)))"
RUN = """
import sys
from jackfield.cli.app import run

try:
    run(sys.argv[1:])
except SystemExit as end:
    assert not end.code
"""
SERVE = """
import asyncio, gc, json, sys
from jackfield.cli.serve import pages
from jackfield.gateway import server
from jackfield.host.settings import Settings

until = asyncio.Event()

def started(host, address):
    print(json.dumps(sorted(sys.modules)))
    until.set()

settings = Settings.load(data_dir=sys.argv[1], server={"port": 0})
asyncio.run(server.serve(settings, server.listen(settings.server), routes=pages, started=started, until=until, alone=True))
assert {'aiohttp', 'httpx', 'Crypto'} <= sys.modules.keys()  # for the first call, while nobody waits
assert gc.get_freeze_count()
"""


def imported_by(code: str, *arguments: str, show: bool = True) -> set[str]:
    """The modules that were there at the end of `code`; or when it printed them itself."""
    command = [sys.executable, "-c", f"{code}\n{SHOW}" if show else code, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    names: list[str] = json.loads(done.stdout.splitlines()[-1])
    return set(names)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a host that was started before."""
    pair = RSA.generate(1024)
    monkeypatch.setattr(RSA, "generate", lambda _bits: pair)

    async def start() -> None:
        async with await Host.open(Settings.load(data_dir=tmp_path), kernel=Kernel.of(())):
            pass

    asyncio.run(start())
    return tmp_path


def test_import_jackfield_imports_next_to_nothing() -> None:
    modules = imported_by("import jackfield\njackfield.__version__\ndir(jackfield)")
    assert not modules & HEAVY
    assert not {name for name in modules if name.startswith("jackfield_")}
    assert {name for name in modules if name.startswith("jackfield")} == {"jackfield"}


def test_the_library_needs_no_server_no_database_and_no_command_line() -> None:
    modules = imported_by("from jackfield import AsyncJackfield, Jackfield, Message\nJackfield().close()")
    assert not modules & UNWANTED
    assert not {name for name in modules if name.startswith("jackfield_")}  # plugins load at first use


def test_listing_models_imports_every_plugin_and_nothing_to_call_a_vendor_with(tmp_path: Path) -> None:
    modules = imported_by(RUN, "--data-dir", str(tmp_path), "models")
    assert "jackfield_spark" in modules
    assert modules & ((UNWANTED | CLIENTS | {"Crypto", "numpy", "pygments"}) - {"typer"}) == set()


def test_the_version_asks_nobody() -> None:
    assert imported_by(RUN, "--version") & ((HEAVY | CLIENTS) - {"typer"}) == set()


def test_a_host_serves_before_anything_is_there_that_only_some_requests_need(data: Path) -> None:
    modules = imported_by(SERVE, str(data), show=False)
    assert {"sqlalchemy", "starlette", "jackfield_spark", "jackfield.console"} <= modules
    assert modules & CALLED_LATER == set()


def test_every_name_of_the_package_is_there() -> None:
    import jackfield

    for name in jackfield.__all__:
        assert getattr(jackfield, name) is not None
    assert set(jackfield.__all__) <= set(dir(jackfield))
