"""Settings: the order of their sources, and errors that name what is wrong without showing it."""

from __future__ import annotations

from pathlib import Path

import pytest
from jackfield.contract import HostFault
from jackfield.host.settings import Settings
from pydantic import BaseModel


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("JACKFIELD_CONFIG", raising=False)


def test_environment_over_file_over_defaults_setting_by_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "jackfield.toml").write_text(
        '[server]\nhost = "0.0.0.0"\nport = 1\n[[trials]]\nprovider = "openai"\nmodels = ["a"]\nquota = 200\n'
        '[trials.credentials]\napi_key = { env = "LENT" }\nbase_url = "https://x"\n'
    )
    monkeypatch.setenv("JACKFIELD_SERVER__PORT", "2")
    monkeypatch.setenv("JACKFIELD_EGRESS__DENY", '["10.0.0.0/8"]')
    monkeypatch.setenv("LENT", "sk-lent")
    settings = Settings.load(log={"level": "debug"})
    assert (settings.server.host, settings.server.port, settings.server.workers) == ("0.0.0.0", 2, 1)
    assert settings.egress.deny == ("10.0.0.0/8",)
    assert (settings.log.level, settings.log.format) == ("debug", "auto")
    assert settings.trials[0].opened() == {"api_key": "sk-lent", "base_url": "https://x"}
    monkeypatch.delenv("LENT")
    with pytest.raises(HostFault, match="LENT"):
        settings.trials[0].opened()


def test_a_trials_secret_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-file\n")
    trial = {"provider": "p", "models": ["*"], "quota": 1, "credentials": {"api_key": {"file": str(tmp_path / "key")}}}
    assert Settings.load(trials=[trial]).trials[0].opened() == {"api_key": "sk-file"}


def test_a_trial_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = '{"provider": "openai", "models": ["gpt-3.5-turbo"], "quota": 200, "credentials": {"api_key": {"env": "LENT"}}}'
    monkeypatch.setenv("JACKFIELD_TRIALS", f"[{trial}]")
    monkeypatch.setenv("LENT", "sk-lent")
    (found,) = Settings.load().trials
    assert (found.quota, found.unit, found.ends_on, found.opened()) == (200, "calls", None, {"api_key": "sk-lent"})


def test_owners_make_workspaces_unless_each_would_have_a_trial() -> None:
    trial = {"provider": "p", "models": ["*"], "quota": 1, "credentials": {}}
    assert Settings.load().workspaces_by_owners
    assert not Settings.load(trials=[trial]).workspaces_by_owners
    assert Settings.load(trials=[trial], owners_make_workspaces=True).workspaces_by_owners
    assert not Settings.load(owners_make_workspaces=False).workspaces_by_owners


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('[server]\nprot = "CANARY"\n[egress]\ndeny = ["CANARY"]\n', ["server.prot", "egress.deny"]),
        (
            '[[trials]]\nprovider = "p"\nmodels = []\nquota = 0\ncredentials = { api_key = ["CANARY"] }\n',
            ["models", "quota", "api_key"],
        ),
        ('database_url = ["CANARY"]\n', ["database_url"]),
        ('[egress]\nproxy = "socks5://CANARY"\n', ["egress.proxy"]),
        ("[server\n", ["TOML"]),
    ],
)
def test_errors_name_every_setting_and_show_no_value(tmp_path: Path, text: str, names: list[str]) -> None:
    (tmp_path / "jackfield.toml").write_text(text)
    with pytest.raises(HostFault) as fault:
        Settings.load()
    for name in names:
        assert name in fault.value.message
    assert "CANARY" not in fault.value.message
    assert fault.value.__cause__ is None or "CANARY" not in str(fault.value.__cause__)


def test_wrong_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACKFIELD_TRIALS", "CANARY")
    with pytest.raises(HostFault, match="trials") as fault:
        Settings.load()
    assert "CANARY" not in fault.value.message
    monkeypatch.delenv("JACKFIELD_TRIALS")
    monkeypatch.setenv("JACKFIELD_CONFIG", "/nowhere/jackfield.toml")
    with pytest.raises(HostFault, match="/nowhere") as fault:
        Settings.load()
    assert fault.value.fault == "caller"


def test_every_setting_is_described_and_no_secret_is_shown() -> None:
    def walk(model: type[BaseModel], path: str = "") -> None:
        for name, field in model.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                assert inner.__doc__
                walk(inner, f"{path}{name}.")
            else:
                assert field.description, f"{path}{name}"

    walk(Settings)
    settings = Settings.load(database_url="postgresql://u:CANARY@h/d", master_key="CANARY", redis_url="redis://:CANARY@h")
    assert "CANARY" not in repr(settings)
    assert "CANARY" not in settings.model_dump_json()
