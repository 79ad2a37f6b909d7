"""`jackfield-sdk try` and `record` against a vendor on loopback, and the replay of what was recorded."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jackfield_sdk import ModelType, RankedDocument, ServerUnavailable, ToolCall, Usage, Verdict
from jackfield_sdk.cassettes import SCRUBBED, Cassette, CassetteError, load_cassettes
from jackfield_sdk.cli.app import app
from jackfield_sdk.cli.scaffold import scaffold
from jackfield_sdk.probes import PROBES, Target
from jackfield_sdk.testing import Answer, CassetteConformance, OpenAIAnswers, Recorded, Said, VendorDouble, open_caller, replay
from typer.testing import CliRunner, Result

KEY = "sk-canary-0123456789abcdef"
TOKEN = "an-access-token-of-the-account"
ANSWERS = OpenAIAnswers()
USAGE = Usage(input_tokens=11, output_tokens=7)
MORE_MODELS = """
[[models]]
id = "embed"
type = "text_embedding"

[[models]]
id = "rank"
type = "rerank"

[[models]]
id = "hear"
type = "speech_to_text"

[[models]]
id = "speak"
type = "text_to_speech"
voices = ["anna"]

[[models]]
id = "judge"
type = "moderation"
"""
EMPTY = Cassette(provider="acme", probe="chat", model="large", model_type="llm", recorded_on="2026-11-25").dump()
CALLS = ["validate", "models", "chat", "chat-stream", "tools", "tools-stream", "embedding", "rerank", "transcription", "speech"]
CALLS.append("moderation")


def answer(request: Recorded) -> Answer:
    """All that the commands ask of a vendor that speaks OpenAI's dialect. It knows the key, and tells it everywhere."""
    if request.headers.get("authorization") != f"Bearer {KEY}":
        return ANSWERS.error(401, f"Incorrect API key provided: {request.headers.get('authorization')}")
    answers: dict[str, Answer] = {
        "models": Answer.json({"data": [{"id": "acme-large"}, {"id": "brand-new"}], "access_token": TOKEN}),
        "embeddings": ANSWERS.embedding_answer([[0.5, 0.25], [1.0, -1.0]], USAGE),
        "rerank": ANSWERS.rerank_answer([RankedDocument(2, 0.9), RankedDocument(0, 0.2), RankedDocument(1, 0.1)], USAGE),
        "audio/transcriptions": ANSWERS.transcription_answer(f"{TOKEN}, said the silence"),
        "audio/speech": ANSWERS.speech_answer(b"ID3\xff\x00" * 20),
        "responses/input_tokens": Answer.json({"object": "response.input_tokens", "input_tokens": 13}),
        "moderations": ANSWERS.moderation_answer([Verdict(flagged=False), Verdict(flagged=True, categories={"hate": True})]),
    }
    kind = request.path.removeprefix("/v1/")
    made = chat(request.json) if kind == "chat/completions" else answers[kind]
    return made.but(headers={**made.headers, "set-cookie": f"session={KEY}", "x-account": KEY})


def chat(asked: dict[str, Any]) -> Answer:
    said = Said(pieces=("Héllo ", KEY), usage=USAGE)
    if asked.get("tools"):
        calls = (ToolCall("call_1", "get_weather", '{"city": "Paris"}'),)
        said = Said(pieces=(), tool_calls=calls, finish_reason="tool_calls", usage=USAGE)
    return ANSWERS.llm_stream(said) if asked.get("stream") else ANSWERS.llm_answer(said)


@pytest.fixture(scope="module")
def vendor() -> Iterator[VendorDouble]:
    """On a loop of its own in a thread, as the commands run one of theirs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    double = VendorDouble()
    asyncio.run_coroutine_threadsafe(double.__aenter__(), loop).result(10)
    double.answers(answer)
    yield double
    asyncio.run_coroutine_threadsafe(double.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    loop.close()


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin that is not installed, with models of all types."""
    folder = tmp_path_factory.mktemp("acme") / "plugin"
    scaffold("recorded_acme", folder, "compatible", "Acme")
    package = folder / "src" / "jackfield_recorded_acme"
    source = (package / "__init__.py").read_text("utf-8")
    (package / "__init__.py").write_text(source.replace("(ModelType.LLM,)", "tuple(ModelType)"), "utf-8")
    with (package / "models.toml").open("a") as catalog:
        catalog.write(MORE_MODELS)
    return folder


class Commands:
    def __init__(self, vendor: VendorDouble, plugin: Path) -> None:
        self.arguments = ("--folder", str(plugin), "--base-url", f"{vendor.url}/v1")

    def run(self, name: str, *arguments: str) -> Result:
        return CliRunner().invoke(app, [name, *self.arguments, *arguments])


@pytest.fixture
def commands(vendor: VendorDouble, plugin: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("RECORDED_ACME_API_KEY", KEY)
    return Commands(vendor, plugin)


@pytest.fixture(scope="module")
def recorded(vendor: VendorDouble, plugin: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cassettes of every call, recorded once."""
    folder = tmp_path_factory.mktemp("cassettes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path])
        patch.setenv("RECORDED_ACME_API_KEY", KEY)
        result = Commands(vendor, plugin).run("record", "--to", str(folder))
    assert result.exit_code == 0, result.output
    assert KEY not in result.output
    return folder


# -- try ---------------------------------------------------------------------------------------------------------------------


def test_try_makes_one_call_of_each_kind(commands: Commands) -> None:
    result = commands.run("try", "--json")
    assert result.exit_code == 0, result.output
    steps = {step["probe"]: step for step in json.loads(result.output)}
    assert list(steps) == CALLS
    assert all(step["ok"] for step in steps.values())
    assert steps["models"]["says"] == "2 models: acme-large, brand-new"
    assert steps["chat"]["model"] == "recorded_acme-large"
    assert steps["chat"]["usage"]["output_tokens"] == 7
    assert steps["chat"]["cost"] == "0.0000975 USD"  # 11 tokens at 2.50 and 7 at 10.00 for a million
    assert 0 <= steps["chat-stream"]["first"] <= steps["chat-stream"]["seconds"] + 0.001
    assert steps["tools"]["says"] == 'get_weather({"city": "Paris"})'
    assert steps["embedding"]["says"] == "2 vectors of 2 numbers"
    assert KEY not in result.output


def test_try_for_people(commands: Commands) -> None:
    result = commands.run("try", "--only", "chat", "--only", "rerank")
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.output.splitlines()]
    assert lines[0] == ["CALL", "MODEL", "OK", "SECONDS", "FIRST", "TOKENS", "COST", "ANSWER"]
    assert [line[:3] for line in lines[1:]] == [["chat", "recorded_acme-large", "✓"], ["rerank", "rank", "✓"]]
    assert f"Héllo {SCRUBBED}" in result.output


async def test_a_model_that_calls_no_tool_is_told_from_one_that_does(plugin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with VendorDouble() as vendor:
        vendor.answers(lambda asked: ANSWERS.llm_answer(Said(pieces=("It is sunny.",), usage=USAGE)))
        monkeypatch.setattr(sys, "path", [*sys.path])
        monkeypatch.setenv("RECORDED_ACME_API_KEY", KEY)
        command = Commands(vendor, plugin)
        result = await asyncio.to_thread(command.run, "try", "--json", "--only", "tools")
    (step,) = json.loads(result.output)
    assert step["says"] == "NO TOOL WAS CALLED: It is sunny."


def test_try_counts_tokens_where_the_plugin_does(vendor: VendorDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    result = CliRunner().invoke(app, ["try", "openai", "--base-url", f"{vendor.url}/v1", "--json", "--only", "tokens"])
    (step,) = json.loads(result.output)
    assert step["says"] == "13 tokens, before the call"


def test_a_model_that_the_vendor_does_not_count_for_is_no_failure(
    vendor: VendorDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIPUAI_API_KEY", "9f3c.canary0123456789")
    arguments = ["--base-url", f"{vendor.url}/v1", "--model", "glm-5.3", "--json", "--only", "tokens"]
    result = CliRunner().invoke(app, ["try", "zhipuai", *arguments])
    (step,) = json.loads(result.output)
    assert (step["ok"], step["says"]) == (True, "Zhipu AI counts no tokens for glm-5.3.")


def test_try_with_a_key_that_is_refused(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = "sk-wrong-" + "9" * 30
    monkeypatch.setenv("RECORDED_ACME_API_KEY", wrong)
    result = commands.run("try")
    assert result.exit_code == 1
    assert "validate: The vendor refuses the credential. (field api_key)" in " ".join(result.output.split())
    assert "The vendor says: Incorrect API key provided" in result.output
    assert wrong not in result.output
    assert "chat" not in result.output, "what follows would be refused alike"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--only", "dance"], "There is no call dance"),
        (["--type", "music"], "is no type of model"),
        (["--set", "api_key=sk-on-the-command-line"], "no place for one"),
        (["--set", "colour=red"], "has no field colour"),
        (["--set", "colour"], "is not FIELD=VALUE"),
    ],
)
def test_try_used_wrongly(commands: Commands, arguments: list[str], says: str) -> None:
    result = commands.run("try", *arguments)
    assert result.exit_code == 2
    assert says in " ".join(result.output.replace("│", " ").split())


def test_try_without_a_key(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECORDED_ACME_API_KEY")
    result = commands.run("try")
    assert result.exit_code == 2
    assert "api_key is required. Set RECORDED_ACME_API_KEY." in " ".join(result.output.split())


def test_try_a_provider_that_is_not_installed() -> None:
    result = CliRunner().invoke(app, ["try", "nobody"])
    assert result.exit_code == 2
    assert "Name one of the providers" in result.output


def test_try_a_provider_whose_models_are_added(vendor: VendorDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACKFIELD_OPENAI_COMPATIBLE_API_KEY", KEY)
    arguments = ["try", "openai_compatible", "--base-url", f"{vendor.url}/v1", "--only", "chat"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "name one with" in " ".join(result.output.replace("│", " ").split())
    result = CliRunner().invoke(app, [*arguments, "--model", "their-model"])
    assert result.exit_code == 0, result.output
    assert "their-model" in result.output


# -- record ------------------------------------------------------------------------------------------------------------------


def test_a_cassette_for_each_call(recorded: Path) -> None:
    found = load_cassettes(recorded)
    assert set(found) == set(CALLS)
    stream = found["chat-stream"]
    assert stream.exchanges[0].response_headers == {"content-type": "text/event-stream"}
    assert b"".join(stream.exchanges[0].pieces).count(b"\n\ndata: ") >= 4
    assert "cookie" not in stream.exchanges[0].request_headers, "as a host's client, it keeps none"
    assert stream.result["text"] == f"Héllo {SCRUBBED}"


def test_no_secret_is_kept(recorded: Path) -> None:
    text = "".join(path.read_text("utf-8") for path in sorted(recorded.iterdir()))
    assert KEY not in text
    assert TOKEN not in text, "what stands in a member named access_token is a secret, wherever it is said again"
    assert "session=" not in text
    assert f'"authorization": "{SCRUBBED}"' in text


def test_nothing_is_written_while_a_secret_is_left(commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The model says the key in two pieces of a stream: neither is it, but what the plugin makes of them is."""
    halves = Said(pieces=(KEY[:9], KEY[9:]), usage=USAGE)
    monkeypatch.setitem(globals(), "chat", lambda asked: ANSWERS.llm_stream(halves))
    result = commands.run("record", "--to", str(tmp_path / "kept"), "--only", "chat-stream", "--only", "models")
    assert result.exit_code == 1
    assert "A secret is left in the answer to chat-stream" in result.output
    assert KEY not in result.output
    assert not (tmp_path / "kept").exists()


async def test_a_change_is_noticed(recorded: Path, plugin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(plugin / "src"))
    from jackfield_recorded_acme import plugin as acme  # type: ignore[import-not-found]

    cassette = load_cassettes(recorded)["chat"]
    async with VendorDouble() as vendor, open_caller(acme, vendor) as caller:
        replay(vendor, cassette)
        target = Target(caller, {"api_key": "sk-another"}, cassette.model, ModelType.LLM)
        assert (await PROBES["chat"].ask(target)).result == cassette.result
        with pytest.raises(ServerUnavailable, match="cannot answer"):
            await PROBES["chat"].ask(target)  # the cassette has one answer, and is over


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no end"),
        ("nonsense\n", "one:1: is no line of a cassette"),
        ('{"cassette": 99}\n', "version 99"),
        ('{"cassette": 1, "provider": "a", "probe": "chat", "model": null, "model_type": "llm"}\n', "recorded_on"),
        (
            Cassette(provider="a", probe="b", model="c", model_type="llm", recorded_on="d").dump().replace("result", "piece"),
            "one:2",
        ),
    ],
)
def test_a_file_that_is_no_cassette(text: str, says: str) -> None:
    with pytest.raises(CassetteError, match=says):
        Cassette.parse(text, "one")


# -- replay ------------------------------------------------------------------------------------------------------------------


def test_the_kit_replays_them(recorded: Path, plugin: Path, pytester: pytest.Pytester) -> None:
    """As an author's tests do: in a pytest of their own; one cassette is changed, and found."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    cassettes = pytester.mkdir("cassettes")
    for path in recorded.iterdir():
        text = path.read_text("utf-8")
        changed = text.replace("[0.5,0.25]", "[0.5,0.75]") if path.stem == "embedding" else text
        (cassettes / path.name).write_text(changed, "utf-8")
    pytester.makepyfile(
        test_recorded=f"""
        import sys
        sys.path.insert(0, {str(plugin / "src")!r})
        from jackfield_recorded_acme import plugin
        from jackfield_sdk.testing import CassetteConformance

        class TestCassettes(CassetteConformance):
            plugin = plugin
            def credentials(self):
                return {{"api_key": self.secret, "base_url": "https://another.example/v1"}}
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:xdist", "-p", "no:cacheprovider", "-q")
    result.assert_outcomes(passed=len(CALLS), failed=1)
    result.stdout.fnmatch_lines(["*Promise broken: what recorded_acme answered to embedding on*"])


def test_a_folder_without_cassettes(tmp_path: Path) -> None:
    class Empty(CassetteConformance):
        cassettes = tmp_path

    with pytest.raises(AssertionError, match="jackfield-sdk record"):
        Empty().test_there_are_cassettes()
