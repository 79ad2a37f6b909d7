"""GGUF files that a workspace adds: what is opened, what is not, and what is said of it."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jackfield_sdk import (
    ContextLengthExceeded,
    CredentialsInvalid,
    EmbeddingRequest,
    Feature,
    ModelType,
    Sampling,
    Tool,
    UnsupportedParameter,
)

if TYPE_CHECKING:
    from .conftest import Local


@pytest.fixture
def model(opened: Path, gguf: Path) -> Path:
    """A real model in an opened folder."""
    path = opened / "mine.gguf"
    copy(gguf, path)
    return path


def copy(gguf: Path, path: Path) -> None:
    """Another name for the file where that can be, else a copy; not a symbolic link, whose target is not in the folder."""
    try:
        path.hardlink_to(gguf)
    except OSError:
        path.write_bytes(gguf.read_bytes())


async def test_a_file_in_an_opened_folder_is_described_checked_and_chats(local: Local, model: Path) -> None:
    form = local.kernel.provider("local").model_form
    assert form is not None
    values = form.check({"path": str(model), "context_size": 512})
    context = local.context("mine", **values)
    assert context.model is not None
    assert context.model.context_window == 512
    assert Feature.TOOLS not in context.model.features, "its template has no place for tools"

    await local.kernel.validate_model_credentials("mine", ModelType.LLM, context)
    request = local.chat("Say hello.", model="mine", sampling=Sampling(max_tokens=6, temperature=0))
    result = await local.kernel.invoke_llm(request, context)
    assert result.text
    assert result.usage.input_tokens == await local.kernel.count_tokens(request, context)
    with pytest.raises(UnsupportedParameter) as caught:
        await local.kernel.invoke_llm(local.chat(model="mine", tools=[Tool("f")]), context)
    assert caught.value.param == "tools"


async def test_a_template_of_ones_own_takes_the_place_of_the_files(local: Local, model: Path) -> None:
    template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    context = local.context("mine", path=str(model), context_size=512, chat_template=template)
    request = local.chat("The capital of France is", model="mine", sampling=Sampling(max_tokens=3, temperature=0))
    assert "Paris" in (await local.kernel.invoke_llm(request, context)).text
    assert await local.kernel.count_tokens(request, context) == 5


async def test_a_file_embeds(local: Local, model: Path) -> None:
    context = local.context("mine", ModelType.TEXT_EMBEDDING, path=str(model), context_size=256)
    assert context.model is not None
    assert context.model.dimensions == 576
    request = EmbeddingRequest(model="mine", inputs=["A cat sat on a mat.", "hello"])
    result = await local.kernel.invoke_text_embedding(request, context)
    assert [len(vector) for vector in result.embeddings] == [576, 576]
    assert math.isclose(math.hypot(*result.embeddings[0]), 1, abs_tol=1e-3)
    assert result.usage.input_tokens > 5
    with pytest.raises(ContextLengthExceeded):
        await local.kernel.invoke_text_embedding(EmbeddingRequest(model="mine", inputs=["word " * 500]), context)


async def test_models_take_turns_where_only_one_may_be_in_memory(
    local: Local, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JACKFIELD_LOCAL_MODELS", "1")
    mine = local.context("mine", path=str(model), context_size=512)
    for _ in range(2):
        for name, context in (("mine", mine), ("smollm2", local.context("smollm2"))):
            request = local.chat("Say hello.", model=name, sampling=Sampling(max_tokens=2))
            assert (await local.kernel.invoke_llm(request, context)).usage.output_tokens == 2
    dropped = await local.kernel.stream_llm(
        local.chat("Tell me a story.", model="mine", sampling=Sampling(max_tokens=400)), mine
    )
    await anext(aiter(dropped))
    del dropped  # neither read to its end nor closed: its model makes room all the same
    request = local.chat("Say hello.", sampling=Sampling(max_tokens=2))
    assert (await local.kernel.invoke_llm(request, local.context("smollm2"))).usage.output_tokens == 2


def test_outside_of_the_opened_folders_nothing_is_told_of_what_is_there(
    local: Local, opened: Path, gguf: Path, tmp_path: Path
) -> None:
    (tmp_path / "real.gguf").write_bytes(b"GGUF")
    (opened / "link.gguf").symlink_to(gguf)
    (opened / "folder").mkdir()
    paths = [
        tmp_path / "real.gguf",
        tmp_path / "missing.gguf",
        tmp_path / "nowhere" / "missing.gguf",
        opened / ".." / "real.gguf",
        opened / "link.gguf",
        Path("/etc/passwd.gguf"),
    ]
    messages = {_refusal(local, str(path)).message for path in paths}
    assert messages == {"The path is not in a folder from which models may be loaded."}
    assert "JACKFIELD_LOCAL_MODEL_DIRS" in _refusal(local, str(paths[0])).advice


def test_a_wrong_file_is_named(local: Local, opened: Path) -> None:
    (opened / "text.gguf").write_text("hello, this is no model")
    (opened / "model.bin").write_bytes(b"GGUF")
    (opened / "folder.gguf").mkdir()
    (opened / "short.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 5) + struct.pack("<Q", 1 << 60))
    (opened / "old.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 99, 1, 5))
    (opened / "many.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 1 << 50))
    expected = {
        "text.gguf": "is not a GGUF file",
        "model.bin": "must end in .gguf",
        "folder.gguf": "names no file",
        "missing.gguf": "names no file",
        "short.gguf": "cut short or broken",
        "old.gguf": "version 99",
        "many.gguf": "is broken",
    }
    for name, problem in expected.items():
        assert problem in _refusal(local, str(opened / name)).message, name
    assert "whole path" in _refusal(local, "relative.gguf").message
    assert "whole path" in _refusal(local, "/tmp/\0.gguf").message


def test_no_folder_is_opened_by_itself(local: Local, gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JACKFIELD_LOCAL_MODEL_DIRS", raising=False)
    assert "not in a folder" in _refusal(local, str(gguf)).message


def test_the_caches_own_folder_is_open(local: Local, gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACKFIELD_LOCAL_CACHE", str(tmp_path))
    (tmp_path / "models").mkdir()
    copy(gguf, tmp_path / "models" / "a.gguf")
    described = local.kernel.describe_model("local", "a", ModelType.LLM, {"path": str(tmp_path / "models" / "a.gguf")})
    assert described.context_window == 4096


async def test_a_broken_model_with_a_good_header_is_refused_when_it_is_checked(local: Local, opened: Path, gguf: Path) -> None:
    broken = opened / "broken.gguf"
    with gguf.open("rb") as whole:
        broken.write_bytes(whole.read(5_000_000))
    context = local.context("broken", path=str(broken))
    with pytest.raises(CredentialsInvalid) as caught:
        await local.kernel.validate_model_credentials("broken", ModelType.LLM, context)
    assert caught.value.param == "path"


def test_a_context_longer_than_the_model_was_trained_for_is_refused(local: Local, model: Path) -> None:
    with pytest.raises(CredentialsInvalid) as caught:
        local.context("mine", path=str(model), context_size=100_000)
    assert caught.value.param == "context_size"


def test_a_file_is_no_model_of_another_type(local: Local, model: Path) -> None:
    with pytest.raises(CredentialsInvalid):
        local.context("mine", ModelType.RERANK, path=str(model))


def _refusal(local: Local, path: str, **values: Any) -> CredentialsInvalid:
    with pytest.raises(CredentialsInvalid) as caught:
        local.kernel.describe_model("local", "x", ModelType.LLM, {"path": path, **values})
    assert caught.value.param == "path"
    return caught.value
