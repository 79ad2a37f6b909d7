"""Logs: no secret and no prompt, whoever logs, in every form."""

from __future__ import annotations

import json
import logging

import pytest
import structlog
from jackfield.host import logs
from jackfield.host.settings import LogSettings

CANARIES = (
    "sk-proj-CANARY1234567890",
    "CANARYpassword",
    "CANARYprompt",
    "eyJhbGciOiJIUzI1.CANARYeyJzdWIi.sig",
    "CANARYquery",
    "AIzaCANARY1234567890abcdef",
)


pytestmark = pytest.mark.usefixtures("restored_logs")


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_canary_comes_out(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(LogSettings.model_validate({"format": form}))
    fields = {
        "headers": {"authorization": CANARIES[0], "x": [f"Bearer {CANARIES[0]}"]},
        "database_url": f"postgresql://user:{CANARIES[1]}@db/x",
        "messages": [{"role": "user", "content": CANARIES[2]}],
        "url": f"https://v/models?key={CANARIES[4]}&x=1",
    }
    structlog.get_logger("jackfield.test").warning("call failed with %s", CANARIES[3], **fields, model="gpt-x", tokens=3)
    logging.getLogger("some.library").error("key %s refused", CANARIES[5], extra=fields)
    try:
        int(f"bad key {CANARIES[0]}")
    except ValueError:
        logging.getLogger("jackfield.kernel").exception("a plugin failed")
    logging.getLogger("some.library").debug("not shown")
    out = capsys.readouterr()
    assert out.out == ""
    for canary in CANARIES:
        assert canary not in out.err
    assert "CANARY" not in out.err
    assert "gpt-x" in out.err
    assert "ValueError: invalid literal" in out.err
    assert "not shown" not in out.err
    if form == "json":
        events = [json.loads(line) for line in out.err.splitlines()]
        assert [event["level"] for event in events] == ["warning", "error", "error"]
        assert events[0]["url"] == "https://v/models?key=•••&x=1"
        assert events[0]["tokens"] == 3
        assert events[0]["database_url"] == "postgresql://user:•••@db/x"


def test_setting_up_twice_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    for level in ("info", "error"):
        logs.set_up(LogSettings.model_validate({"format": "json", "level": level}))
    logging.getLogger("jackfield.x").error("once")
    logging.getLogger("jackfield.x").warning("not at all")
    assert len(capsys.readouterr().err.splitlines()) == 1
