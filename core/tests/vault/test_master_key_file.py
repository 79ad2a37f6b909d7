"""Where master keys come from, and every way in which one is refused."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from jackfield.vault import (
    KeyPair,
    MasterKey,
    MasterKeyRefused,
    load_keyring,
    load_master_key,
    read_key_file,
    write_key_file,
)
from jackfield.vault import key_file as key_file_module


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "master.key"


def refusal(path: Path, environment: str | None = None, *, create: bool = False) -> MasterKeyRefused:
    with pytest.raises(MasterKeyRefused) as caught:
        load_keyring(path, environment, create=create)
    assert caught.value.advice
    return caught.value


def test_the_first_start_makes_a_key_that_only_its_owner_reads(path: Path) -> None:
    ring = load_keyring(path, create=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]
    assert load_keyring(path, create=False).ids == ring.ids
    assert load_master_key(path, None, create=False) == ring.current


def test_the_umask_does_not_open_it(path: Path) -> None:
    former = os.umask(0)
    try:
        load_keyring(path, create=True)
    finally:
        os.umask(former)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_missing_key_is_not_replaced_where_secrets_depend_on_it(path: Path) -> None:
    error = refusal(path)
    assert "missing" in error.message
    assert str(path) in error.message
    assert not path.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o644, 0o620, 0o602, 0o610])
def test_a_file_that_others_reach_is_refused(path: Path, mode: int) -> None:
    load_keyring(path, create=True)
    path.chmod(mode)
    error = refusal(path, create=True)
    assert f"{mode:04o}" in error.message
    assert f"chmod 600 {path}" in error.advice


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(path: Path) -> None:
    load_keyring(path, create=True)
    os.chown(path, 12345, -1)
    assert "12345" in refusal(path).message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"hello",
        base64.b64encode(bytes(31)),
        base64.b64encode(bytes(33)),
        b"\xff\xfe\x00",
        b"A" * 20_000,
        b"# only\n",
    ],
)
def test_a_malformed_file_is_refused_without_showing_it(path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_file_module, "_PATIENCE", 0.0)
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o600)
    error = refusal(path, create=True)
    assert str(path) in error.message
    if content.strip():
        assert content.decode(errors="replace").strip() not in str(error.describe())


def test_what_is_no_file_or_cannot_be_written_is_refused(path: Path, tmp_path: Path) -> None:
    path.mkdir(parents=True)
    refusal(path, create=True)
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "not a file" in refusal(tmp_path / "pipe").message
    (tmp_path / "file").write_text("")
    assert "cannot be" in refusal(tmp_path / "file" / "master.key", create=True).message


def test_the_environment_counts_before_the_file(path: Path) -> None:
    key = MasterKey.generate()
    ring = load_keyring(path, f" {key.encode()}\n", create=True)
    assert ring.ids == (key.id,)
    assert not path.exists()
    url_safe = base64.urlsafe_b64encode(key.material).rstrip(b"=").decode()
    assert load_keyring(path, url_safe, create=False).current == key
    assert "JACKFIELD_MASTER_KEY" in refusal(path, "c2hvcnQ=").message
    assert "c2hvcnQ" not in str(refusal(path, "c2hvcnQ=").describe())


def test_several_keys_the_first_of_which_locks(path: Path) -> None:
    new, old = MasterKey.generate(), MasterKey.generate()
    for text in (f"{new.encode()},{old.encode()}", f"{new.encode()} {old.encode()}"):
        ring = load_keyring(path, text, create=False)
        assert ring.current == new
        assert ring.key(old.id) == old


def test_a_link_as_kubernetes_mounts_secrets_is_followed(path: Path, tmp_path: Path) -> None:
    ring = load_keyring(tmp_path / "real", create=True)
    path.parent.mkdir()
    path.symlink_to(tmp_path / "real")
    assert load_keyring(path, create=False).ids == ring.ids
    (tmp_path / "real").chmod(0o644)
    refusal(path)


def test_a_running_host_learns_of_a_key_put_into_the_file(path: Path) -> None:
    host = load_keyring(path, create=True)
    old, new = host.current, MasterKey.generate()
    write_key_file(path, [new, old])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    pair = KeyPair.generate("w", bits=2048)
    assert KeyPair.unlock(pair.lock(new), pair.id, "w", host).id == pair.id
    assert host.current == new
    assert host.ids == (new.id, old.id)
    assert read_key_file(path) == (new, old)


def test_without_hard_links_the_file_is_made_all_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    ring = load_keyring(path, create=True)
    assert load_keyring(path, create=True).ids == ring.ids
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


STARTER = """
import sys
from pathlib import Path
from jackfield.vault import load_keyring
print("ready", flush=True)
for line in sys.stdin:
    print(*load_keyring(Path(line.strip()), create=True).ids, flush=True)
"""


def test_of_processes_that_start_at_once_all_have_the_same_key(tmp_path: Path) -> None:
    starters = [
        subprocess.Popen([sys.executable, "-c", STARTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    try:
        assert {starter.stdout.readline() for starter in starters if starter.stdout} == {"ready\n"}
        for attempt in range(8):
            path = tmp_path / str(attempt) / "master.key"
            for starter in starters:
                assert starter.stdin
                starter.stdin.write(f"{path}\n")
                starter.stdin.flush()
            found = {starter.stdout.readline().strip() for starter in starters if starter.stdout}
            assert found == set(load_keyring(path, create=False).ids)
            assert list(path.parent.iterdir()) == [path]
    finally:
        for starter in starters:
            starter.communicate(timeout=10)
