"""`jackfield serve` as a process: what it prints, what it answers, how it ends."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest


def ask(server: Any, key: str | None) -> httpx.Response:
    body = {"model": "parrot/talker", "messages": [{"role": "user", "content": "hello"}]}
    return httpx.post(f"{server.url}/v1/chat/completions", json=body, headers={"authorization": f"Bearer {key}"}, timeout=20)


def test_a_first_start_and_a_second(serve: Callable[..., Any], tmp_path: Path) -> None:
    first = serve()
    assert first.key is not None
    assert first.key.startswith("jf-")
    assert "\x1b" not in "".join(first.lines)
    assert any("jackfield chat -m parrot/talker hello" in line for line in first.lines)
    setup = next(line for line in first.lines if line.startswith("Set up the console, and become its owner: "))
    page = httpx.get(setup.partition(": ")[2].strip(), timeout=20)
    assert (page.status_code, "Become the owner" in page.text, "First API key" in page.text) == (200, True, False)
    answer = ask(first, first.key)
    assert answer.json()["choices"][0]["message"]["content"] == "hello"
    assert ask(first, "jf-wrong").status_code == 401
    assert first.stop() == 0

    second = serve()
    assert second.key is None
    assert ask(second, first.key).status_code == 200
    assert second.stop() == 0
    log = (tmp_path / "log").read_text("utf-8")
    assert first.key not in log
    assert setup.rpartition("=")[2].strip() not in log
    assert "hello" not in log


def test_a_port_that_is_taken(jackfield: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = jackfield("serve", "--port", str(port))
    assert done.code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.err
    assert done.out == ""


@pytest.mark.parametrize("package", ["uvicorn", "jinja2"])
def test_without_the_extra(child_environment: dict[str, str], package: str) -> None:
    code = f"import sys; sys.modules['{package}'] = None; from jackfield.cli.app import run; run(['serve', '--port', '0'])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=child_environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert f"The gateway needs `{package}`, which is not installed." in done.stderr
    assert "pip install 'jackfield[server]'" in done.stderr
