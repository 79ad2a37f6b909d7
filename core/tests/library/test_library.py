"""Jackfield without a server: both faces, all six types, from strings to typed results."""

from __future__ import annotations

import asyncio
import gc
import io
import re
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from jackfield import AsyncJackfield, Jackfield
from jackfield.contract import (
    BadRequest,
    Blob,
    ConnectionFailed,
    CredentialsInvalid,
    CredentialsMissing,
    LLMRequest,
    Message,
    ModelNotFound,
    ModelType,
    ServerUnavailable,
    StreamEnd,
    TextDelta,
    TextPart,
    Timeout,
    Tool,
    ToolChoice,
    ToolResult,
    UnsupportedParameter,
)
from jackfield.host.library_arguments import chat_request, read_audio
from jackfield.kernel import Kernel
from pydantic import BaseModel


@pytest.fixture
def jackfield(kernel: Kernel, credentials: dict[str, Any]) -> Iterator[Jackfield]:
    with Jackfield(kernel=kernel, credentials=credentials) as made:
        yield made


def test_all_six_types_blocking(jackfield: Jackfield, tmp_path: Path) -> None:
    assert jackfield.chat("acme/one", "hello", temperature=0.5).text == "eu: hello"
    assert jackfield.embed("acme/one", ["a", "bb"]).embeddings == [[1.0], [2.0]]
    assert jackfield.embed("acme/one", "abc").embeddings == [[3.0]]
    assert [ranked.index for ranked in jackfield.rerank("acme/one", "q", ["a", "ccc", "bb"], top_n=2).ranking] == [1, 2]
    recording = tmp_path / "talk.mp3"
    recording.write_bytes(b"ID3...")
    assert jackfield.transcribe("acme/one", recording, language="en").text == "talk.mp3 audio/mpeg 6"
    spoken = jackfield.speak("acme/one", "one two")
    assert (spoken.media_type, list(spoken)) == ("audio/wav", [b"one", b"two"])
    jackfield.speak("acme/one", "one two").save(tmp_path / "voice.wav")
    assert (tmp_path / "voice.wav").read_bytes() == b"onetwo"
    assert [verdict.flagged for verdict in jackfield.moderate("acme/one", ["bad", "good"]).verdicts] == [True, False]
    assert jackfield.count_tokens("acme/one", "three short words") == 3
    jackfield.validate("acme")


async def test_all_six_types_async(kernel: Kernel, credentials: dict[str, Any], tmp_path: Path) -> None:
    async with AsyncJackfield(kernel=kernel, credentials=credentials) as jackfield:
        answers = await asyncio.gather(*(jackfield.chat("acme/one", str(number)) for number in range(20)))
        assert [answer.text for answer in answers] == [f"eu: {number}" for number in range(20)]
        assert (await jackfield.embed("acme/one", "abc")).embeddings == [[3.0]]
        assert (await jackfield.rerank("acme/one", "q", ["a", "bb"])).ranking[0].index == 1
        assert (await jackfield.transcribe("acme/one", b"OggS")).text == "audio.ogg audio/ogg 4"
        assert await (await jackfield.speak("acme/one", "one two")).read() == b"onetwo"
        await (await jackfield.speak("acme/one", "one two")).save(tmp_path / "voice.wav")
        assert (await asyncio.to_thread((tmp_path / "voice.wav").read_bytes)) == b"onetwo"
        assert (await jackfield.moderate("acme/one", "bad")).verdicts[0].flagged
        assert await jackfield.count_tokens("acme/one", "three short words") == 3
        await jackfield.validate("acme")
        assert [model.name for model in await jackfield.list_models("acme")] == ["acme/one"] * 6 + ["acme/strict"]


async def test_streams(kernel: Kernel, credentials: dict[str, Any], jackfield: Jackfield) -> None:
    async with AsyncJackfield(kernel=kernel, credentials=credentials) as unblocked:
        assert [text async for text in unblocked.stream("acme/one", "to be or").texts()] == ["to", "be", "or"]
        stream = unblocked.stream("acme/one", "to be")
        assert await anext(stream) == TextDelta("to")
        result = await stream.result()
        assert (result.text, result.finish_reason, result.usage.output_tokens) == ("tobe", "stop", 2)


def test_blocking_streams(jackfield: Jackfield) -> None:
    assert list(jackfield.stream("acme/one", "to be or").texts()) == ["to", "be", "or"]
    events = list(jackfield.stream("acme/one", "to"))
    assert events[:2] == [TextDelta("to"), StreamEnd("stop")]
    assert jackfield.stream("acme/one", "to be").result().text == "tobe"
    many = " ".join("x" for _ in range(1000))  # more than may wait at once
    assert len(list(jackfield.stream("acme/one", many).texts())) == 1000


def test_a_broken_stream_does_not_end_as_if_it_were_whole(jackfield: Jackfield) -> None:
    texts = jackfield.stream("acme/one", "broken").texts()
    assert next(texts) == "broken"
    with pytest.raises(ConnectionFailed):
        next(texts)


@pytest.mark.parametrize("how", ["close", "with", "forget", "close all"])
def test_leaving_a_stream_cancels_the_call_at_the_vendor(
    kernel: Kernel, credentials: dict[str, Any], vendor: Any, how: str
) -> None:
    jackfield = Jackfield(kernel=kernel, credentials=credentials)
    stream = jackfield.stream("acme/one", "endless")
    assert next(iter(stream)) == TextDelta("piece 0")
    if how == "close":
        stream.close()
        assert list(stream) == []
    elif how == "with":
        with stream:
            pass
    elif how == "forget":
        del stream
        gc.collect()
    else:
        jackfield.close()
    assert vendor.gone.wait(30)
    jackfield.close()


def test_closing_while_another_thread_reads(kernel: Kernel, credentials: dict[str, Any]) -> None:
    jackfield = Jackfield(kernel=kernel, credentials=credentials)
    reading = threading.Event()
    outcome: list[BaseException] = []

    def read() -> None:
        try:
            for _ in jackfield.stream("acme/one", "endless"):
                reading.set()
        except RuntimeError as error:
            outcome.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    assert reading.wait(30)
    jackfield.close()
    thread.join(30)
    assert "is closed" in str(outcome[0])
    with pytest.raises(RuntimeError, match="is closed"):
        jackfield.chat("acme/one", "x")
    jackfield.close()


async def test_cancelling_an_async_stream_reaches_the_vendor(kernel: Kernel, credentials: dict[str, Any], vendor: Any) -> None:
    async with AsyncJackfield(kernel=kernel, credentials=credentials) as jackfield:
        async with jackfield.stream("acme/one", "endless") as stream:
            assert await anext(stream) == TextDelta("piece 0")
        assert await asyncio.to_thread(vendor.gone.wait, 5)
        assert [event async for event in stream] == []


async def test_the_blocking_face_works_inside_a_running_loop(jackfield: Jackfield) -> None:
    assert jackfield.chat("acme/one", "notebook").text == "eu: notebook"


def test_one_object_serves_two_loops(kernel: Kernel, credentials: dict[str, Any]) -> None:
    jackfield = AsyncJackfield(kernel=kernel, credentials=credentials)

    async def ask() -> str:
        try:
            return (await jackfield.chat("acme/one", "x")).text
        finally:
            await jackfield.aclose()

    assert [asyncio.run(ask()), asyncio.run(ask())] == ["eu: x", "eu: x"]


def test_credentials_from_the_environment(kernel: Kernel, vendor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_API_KEY", "sk-from-env")
    monkeypatch.setenv("JACKFIELD_ACME_BASE_URL", vendor.url)
    monkeypatch.setenv("JACKFIELD_ACME_REGION", "us")
    monkeypatch.setenv("JACKFIELD_ACME_LOUD", "off")
    with Jackfield(kernel=kernel) as jackfield:
        assert jackfield.chat("acme/one", "x").text == "us: x"
        assert jackfield.chat("acme/one", "x", credentials={"region": "eu"}).text == "eu: x"
    assert vendor.requests[-1]["key"] == "Bearer sk-from-env"
    monkeypatch.setenv("JACKFIELD_ACME_LOUD", "perhaps")
    with Jackfield(kernel=kernel) as jackfield, pytest.raises(CredentialsInvalid) as caught:
        jackfield.chat("acme/one", "x")
    assert caught.value.problems == {"loud": "must be on or off (true or false)"}


def test_what_is_missing_is_named_with_its_variable(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACME_API_KEY", raising=False)
    with Jackfield(kernel=kernel, credentials={"acme": {"region": "eu"}}) as jackfield:
        with pytest.raises(CredentialsMissing) as caught:
            jackfield.chat("acme/one", "x")
        assert caught.value.message == "`acme` needs `api_key`, `base_url`."
        assert "Set ACME_API_KEY, JACKFIELD_ACME_BASE_URL" in caught.value.advice
        assert "https://acme.example/keys" in caught.value.advice
        with pytest.raises(CredentialsInvalid, match="a dict of fields, not a str"):
            jackfield.chat("acme/one", "x", credentials="sk")  # type: ignore[arg-type]
        with pytest.raises(CredentialsInvalid, match="a dict of fields, not a str"):
            Jackfield(kernel=kernel, credentials={"acme": "sk"})  # type: ignore[dict-item]
        with pytest.raises(BadRequest, match="must be a string, a message, or a list"):
            jackfield.chat("acme/one", 5)  # type: ignore[arg-type]
        with pytest.raises(CredentialsInvalid, match="no field apikey"):
            jackfield.chat("acme/one", "x", credentials={"apikey": "sk"})
        with pytest.raises(CredentialsInvalid) as invalid:
            jackfield.chat("acme/one", "x", credentials={"api_key": "sk", "base_url": "ftp://x"})
        assert list(invalid.value.problems) == ["base_url"]


def test_a_model_of_ones_own_takes_its_own_form(kernel: Kernel, credentials: dict[str, Any], vendor: Any) -> None:
    own = credentials | {"acme/mine": {"context_size": 4096}}
    with Jackfield(kernel=kernel, credentials=own) as jackfield:
        assert jackfield.chat("acme/mine", "x").text == "eu: x"
        assert vendor.requests[-1]["context"] == 4096
        with pytest.raises(CredentialsMissing, match="`context_size`"):
            jackfield.chat("acme/other", "x")


def test_names_that_lead_nowhere(jackfield: Jackfield) -> None:
    with pytest.raises(BadRequest, match="named `provider/model`"):
        jackfield.chat("one", "x")
    with pytest.raises(ModelNotFound, match="no provider `nobody`"):
        jackfield.chat("nobody/one", "x")
    with pytest.raises(TypeError, match="temprature"):
        jackfield.chat("acme/one", "x", temprature=1)  # type: ignore[call-arg]
    assert len(jackfield.models()) == len(ModelType) + 1
    assert [model.name for model in jackfield.models("acme", "rerank")] == ["acme/one"]


def test_parameters_are_refused_by_name_or_dropped_on_demand(jackfield: Jackfield, vendor: Any) -> None:
    with pytest.raises(UnsupportedParameter) as caught:
        jackfield.chat("acme/strict", "x", top_k=3)
    assert caught.value.param == "top_k"
    with pytest.raises(BadRequest, match="at most 1"):
        jackfield.chat("acme/strict", "x", temperature=2)
    jackfield.chat("acme/strict", "x", top_k=3, temperature=1, drop_unsupported=True)
    assert vendor.requests[-1]["sampling"] == {"temperature": 1}


def test_errors_of_the_vendor(jackfield: Jackfield, vendor: Any) -> None:
    with pytest.raises(CredentialsInvalid) as caught:
        jackfield.chat("acme/one", "x", credentials={"api_key": "wrong"})
    assert (caught.value.param, caught.value.provider, caught.value.model) == ("api_key", "acme", "one")
    with pytest.raises(CredentialsInvalid):
        jackfield.validate("acme", credentials={"api_key": "wrong"})
    vendor.failures = 2
    assert jackfield.chat("acme/one", "again").text == "eu: again"  # the third time
    vendor.failures = 3
    with pytest.raises(ServerUnavailable):
        jackfield.chat("acme/one", "too often")


def test_a_timeout_reaches_the_vendor(kernel: Kernel, credentials: dict[str, Any], vendor: Any) -> None:
    with Jackfield(kernel=kernel, credentials=credentials, retries=0) as jackfield:
        with pytest.raises(Timeout, match=r"within 0\.05 s"):
            jackfield.chat("acme/one", "slow", timeout=0.05)
        assert vendor.gone.wait(30)


async def test_cancelling_a_call_reaches_the_vendor(kernel: Kernel, credentials: dict[str, Any], vendor: Any) -> None:
    async with AsyncJackfield(kernel=kernel, credentials=credentials) as jackfield:
        task = asyncio.ensure_future(jackfield.chat("acme/one", "slow"))
        assert await asyncio.to_thread(vendor.came.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(vendor.gone.wait, 5)


def read(messages: Any, **options: Any) -> LLMRequest:
    return chat_request("m", messages, options)  # type: ignore[arg-type]


def test_messages_in_every_form() -> None:
    assert read("hi").messages == [Message.user("hi")]
    assert read(Message.user("hi"), system="be brief").messages == [Message.system("be brief"), Message.user("hi")]
    weather = {"name": "weather", "arguments": "{}"}
    conversation = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": [{"type": "text", "text": "u"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": weather}]},
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
    ]
    messages = read(conversation).messages
    assert [message.role for message in messages] == ["system", "user", "assistant", "tool"]
    result = messages[3].parts[0]
    assert isinstance(result, ToolResult)
    assert result.call_id == "c1"
    mixed = read([Message.system("s"), {"role": "user", "content": "u"}]).messages
    assert [message.text for message in mixed] == ["s", "u"]
    for nonsense in ([], [7], [{"content": "x"}], [{"role": "nobody", "content": "x"}]):
        with pytest.raises(BadRequest):
            read(nonsense)


def test_tools_output_and_sampling_in_every_form() -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    request = read("x", tools=[tool, Tool(name="g")], tool_choice="f", stop="END", max_tokens=5, drop_unsupported=True)
    assert [tool.name for tool in request.tools if isinstance(tool, Tool)] == ["f", "g"]
    assert request.tool_choice == ToolChoice(mode="tool", name="f")
    assert request.sampling.given() == {"stop": ["END"], "max_tokens": 5}
    assert request.drop_unsupported
    assert read("x", tool_choice="required").tool_choice == ToolChoice(mode="required")

    class City(BaseModel):
        name: str

    output = read("x", output=City).output
    assert output is not None
    assert (output.kind, output.name) == ("json_schema", "City")
    assert output.schema == City.model_json_schema()
    schema = read("x", output={"type": "object"}).output
    assert schema is not None
    assert schema.schema == {"type": "object"}
    assert getattr(read("x", output="json").output, "kind", None) == "json_object"
    for nonsense in ("yaml", 7):
        with pytest.raises(BadRequest):
            read("x", output=nonsense)
    assert read("x", extra={"web": True}).dialect == "openai.chat"


@pytest.mark.parametrize(
    ("data", "name", "media_type"),
    [
        (b"RIFF....WAVE", "audio.wav", "audio/wav"),
        (b"fLaC", "audio.flac", "audio/flac"),
        (b"\xff\xfb\x90", "audio.mp3", "audio/mpeg"),
        (b"....ftypM4A ", "audio.m4a", "audio/mp4"),
        (b"\x1aE\xdf\xa3", "audio.webm", "audio/webm"),
    ],
)
def test_recordings_without_a_name_are_told_by_their_first_bytes(data: bytes, name: str, media_type: str) -> None:
    assert read_audio(data) == Blob(data=data, name=name, media_type=media_type)
    assert read_audio(io.BytesIO(data)) == Blob(data=data, name=name, media_type=media_type)


def test_a_recording_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="No such file"):
        read_audio(tmp_path / "nothing.wav")
    blob = Blob(url="https://example.org/x.wav")
    assert read_audio(blob) is blob


def test_parts_pass_as_they_are(jackfield: Jackfield) -> None:
    message = Message("user", [TextPart("one "), TextPart("two")])
    assert jackfield.chat("acme/one", [message]).text == "eu: one two"


ROOT = Path(__file__).parents[3]
SNIPPETS = [
    pytest.param(code, id=f"{page}-{number}")
    for page in ("README.md", "docs/using.md", "docs/zh/using.md")
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL))
    if "from jackfield import" in code
]


@pytest.mark.parametrize("code", SNIPPETS)
def test_what_the_manual_shows_runs(
    kernel: Kernel, credentials: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    monkeypatch.setattr("jackfield.Jackfield", partial(Jackfield, kernel=kernel, credentials=credentials))
    exec(re.sub(r'"(openai|local)/[\w.-]+"', '"acme/one"', code), {})
    assert "Name three rivers." in capsys.readouterr().out
