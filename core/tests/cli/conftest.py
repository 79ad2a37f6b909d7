"""The command line in this process, with one plugin of its own: a parrot."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jackfield.cli.app import run
from jackfield.contract import ENTRY_POINT_GROUP
from jackfield.host import Host, Settings
from jackfield.kernel import Kernel
from jackfield.kernel.discovery import discover

PARROT = """
import asyncio
from jackfield.contract import *
from jackfield.contract import hookimpl

MODELS = tuple(
    ModelDescription(id=name, type=kind, context_window=4096 if kind == "llm" else None)
    for name, kind in (
        ("talker", "llm"), ("vectors", "text_embedding"), ("judge", "rerank"), ("ear", "speech_to_text"),
        ("voice", "text_to_speech"), ("censor", "moderation"),
    )
)
ERRORS = {
    "fail:vendor": lambda: ServerUnavailable("The parrot sleeps.", vendor_message="zzz", request_id="req-7"),
    "fail:workspace": lambda: CredentialsInvalid("The seeds are gone.", param="seeds"),
    "fail:caller": lambda: UnsupportedParameter("No such trick.", param="trick"),
    "fail:plugin": lambda: KeyError("feather"),
}

@hookimpl
def jackfield_providers():
    key = FormField(name="seeds", kind="secret", label="Seeds", required=True)
    owl = ProviderDescription(
        id="owl", label="Owl", model_types=["llm"], provision=["predefined"], models=[MODELS[0]],
        provider_form=CredentialForm(fields=(key,)),
    )
    return [owl, ProviderDescription(
        id="parrot", label="Parrot", model_types=list(ModelType), provision=["predefined"], provider_form=CredentialForm(),
        models=MODELS,
    )]

@hookimpl
async def invoke_llm(request, context):
    last = request.messages[-1]
    if last.text in ERRORS:
        raise ERRORS[last.text]()
    said = " ".join(m.text for m in request.messages)
    if context.provider == "owl":
        said = f"{context.credentials['seeds'][:2]}: {said}"
    if any(isinstance(p, ImagePart) for p in last.parts):
        said += " (with a picture)"
    if request.output and request.output.schema:
        said = str(sorted(request.output.schema))
    usage = Usage(input_tokens=len(said.split()), output_tokens=3)
    if not request.stream:
        return LLMResult(message=Message.assistant(said), finish_reason="stop", usage=usage, model=request.model)
    async def events():
        yield ReasoningDelta("hmm")
        for word in said.split(" "):
            yield TextDelta(word + " ")
        if last.text == "break off":
            return
        if last.text == "hang":
            yield TextDelta("waiting")
            await asyncio.Event().wait()
        yield StreamEnd("stop")
        yield UsageReport(usage)
    return events()

@hookimpl
async def invoke_text_embedding(request, context):
    if "fail" in request.inputs:
        raise RateLimited("Not so fast.")
    return EmbeddingResult(embeddings=[[float(len(t)), float(request.dimensions or 0)] for t in request.inputs])

@hookimpl
async def invoke_rerank(request, context):
    order = sorted(range(len(request.documents)), key=lambda i: -len(request.documents[i]))
    return RerankResult(ranking=[RankedDocument(i, len(request.documents[i]) / 100) for i in order[:request.top_n]])

@hookimpl
async def invoke_speech_to_text(request, context):
    return TranscriptionResult(
        text=f" {request.task} {request.audio.name} {request.language}", segments=[TimedText("squawk", 0.5, 61.25)]
    )

@hookimpl
async def invoke_text_to_speech(request, context):
    async def pieces():
        yield request.text.encode()
        yield f"|{request.format}".encode()
    return SpeechResult(audio=pieces(), media_type="audio/wav")

@hookimpl
async def invoke_moderation(request, context):
    return ModerationResult(verdicts=[Verdict(flagged=False) for _ in request.inputs])
"""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Jackfield = Callable[..., Done]


Install = Callable[[str, str], None]


def install(site: Path, name: str, code: str) -> None:
    """A distribution as an installer leaves it."""
    module = name.replace("-", "_")
    (site / f"{module}.py").write_text(code, encoding="utf-8")
    info = site / f"{module}-1.0.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nAuthor: A. Grey\nLicense: MIT\nHome-page: https://x.test\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{name} = {module}\n", encoding="utf-8")


@cache
def _plugins_here() -> list[str]:
    """Those of the workspace: asked before a test adds its own."""
    return [candidate.record.distribution for candidate in discover(ENTRY_POINT_GROUP)]


@pytest.fixture
def child_environment(site: Path) -> dict[str, str]:
    """For commands that run as processes of their own. They share compiled modules, wherever the environment has none."""
    compiled = Path(tempfile.gettempdir()) / f"jackfield-pycache-{os.getuid()}"
    environment = os.environ | {"PYTHONPATH": str(site), "PYTHONPYCACHEPREFIX": str(compiled)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of distributions on the path; the plugins of the workspace are switched off."""
    others = _plugins_here()
    site = tmp_path / "site"
    site.mkdir()
    install(site, "jackfield-parrot", PARROT)
    before = set(sys.modules)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("JACKFIELD_PLUGINS__DISABLED", json.dumps(others))
    monkeypatch.setenv("JACKFIELD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JACKFIELD_CALLS__ATTEMPTS", "1")
    monkeypatch.delenv("JACKFIELD_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    yield site
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(site) in str(sys.modules[name].__file__):
            del sys.modules[name]


@pytest.fixture
def install_plugin(site: Path) -> Install:
    """`install_plugin(name, code)`: another distribution on the path."""
    return lambda name, code: install(site, name, code)


@dataclass
class Server:
    """`jackfield serve` as a process of its own.

    :ivar lines: what it printed until it was ready
    """

    process: subprocess.Popen[str]
    lines: list[str]

    @property
    def url(self) -> str:
        return self.lines[0].removeprefix("Jackfield serves at ").strip()

    @property
    def key(self) -> str | None:
        return next((line.rsplit(" ", 1)[1].strip() for line in self.lines if "The first API key" in line), None)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture
def serve(child_environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts `jackfield serve` as a process, its log in `log`."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> Server:
        process = subprocess.Popen(
            [sys.executable, "-m", "jackfield.cli", "serve", "--port", "0", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=(tmp_path / "log").open("a"),
            text=True,
            env=child_environment,
        )
        running.append(process)
        lines = []
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                return Server(process, lines)
        raise AssertionError((lines, (tmp_path / "log").read_text()))

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.fixture(scope="session")
def made_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after a first start. Made once: its key pair takes a second."""
    folder = tmp_path_factory.mktemp("made") / "data"

    async def make() -> None:
        async with await Host.open(Settings(data_dir=folder), kernel=Kernel.of([])):
            pass

    asyncio.run(make())
    return folder


@pytest.fixture
def database(made_database: Path, tmp_path: Path) -> Path:
    """The data folder of the commands, after a first start."""
    return shutil.copytree(made_database, tmp_path / "data")


@pytest.fixture
def jackfield(site: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], restored_logs: None) -> Jackfield:
    """`jackfield("chat", "hello", stdin="…")`: run a command to its end, as from a shell without a terminal."""

    def call(*arguments: str, stdin: str = "") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode(errors="surrogateescape"))))
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            run(list(arguments))
        out, err = capfd.readouterr()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return Done(code or 0, out, err)

    return call
