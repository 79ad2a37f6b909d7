"""What concerns the whole process: what is imported, what is missing, how it ends. Each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

PREPARE = """
import asyncio, sys
import httpx
from jackfield.kernel import Kernel
from jackfield_local import plugin
from jackfield_sdk import *
kernel = Kernel.of([("local", plugin)])
def context(model, kind):
    described = kernel.provider("local").model(model, kind)
    return CallContext(provider="local", credentials=Credentials({}), http=None, model=described)
CHAT = context("smollm2", ModelType.LLM)
def chat(text, **members):
    return LLMRequest(model="smollm2", messages=[Message.user(text)], **members)
"""


def run(code: str, *, prepare: bool = True) -> subprocess.CompletedProcess[str]:
    source = (PREPARE if prepare else "") + textwrap.dedent(code)
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=100, check=False)


def test_importing_the_plugin_imports_no_engine() -> None:
    done = run(
        """
        import sys
        import jackfield_local
        jackfield_local.plugin.jackfield_providers()
        heavy = {"xllamacpp", "wordllama", "faster_whisper", "ctranslate2", "av", "numpy", "espeakng_loader", "onnxruntime"}
        print(sorted(heavy & set(sys.modules)))
        """,
        prepare=False,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")


@pytest.mark.parametrize(
    "ending",
    ["pass", "raise KeyboardInterrupt"],
    ids=["left open", "interrupted"],
)
def test_a_process_ends_at_once_and_clean_while_the_model_is_at_work(ending: str) -> None:
    done = run(
        f"""
        async def main():
            endless = Sampling(max_tokens=3900, logit_bias={{"2": -100}})
            request = chat("Tell me a very long story.", stream=True, sampling=endless)
            events = [await kernel.stream_llm(request, CHAT) for _ in range(2)][0]
            await anext(aiter(events))
            print("begun", flush=True)
            {ending}
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            pass
        """
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "begun", "")


def test_an_engine_that_is_not_installed_is_named_with_the_command_that_installs_it() -> None:
    done = run(
        """
        embedding = context("wordllama", ModelType.TEXT_EMBEDDING)
        speech = context("espeak", ModelType.TEXT_TO_SPEECH)
        hearing = context("whisper", ModelType.SPEECH_TO_TEXT)
        recording = TranscriptionRequest(model="whisper", audio=Blob(data=b"x"))
        calls = {
            "xllamacpp": lambda: kernel.invoke_llm(chat("hi"), CHAT),
            "wordllama": lambda: kernel.invoke_text_embedding(EmbeddingRequest(model="wordllama", inputs=["a"]), embedding),
            "espeakng_loader": lambda: kernel.invoke_text_to_speech(SpeechRequest(model="espeak", text="a"), speech),
            "faster_whisper": lambda: kernel.invoke_speech_to_text(recording, hearing),
        }
        for module, call in calls.items():
            sys.modules[module] = None  # what makes an import fail as if the package were not there
            try:
                asyncio.run(call())
            except MissingExtra as error:
                print(error.message, error.advice)
        """
    )
    assert (done.returncode, done.stderr) == (0, "")
    extras = {"xllamacpp": "chat", "wordllama": "embedding", "espeakng_loader": "speech", "faster_whisper": "transcription"}
    for line, (module, extra) in zip(done.stdout.splitlines(), extras.items(), strict=True):
        assert f"the package `{module}`, which is not installed" in line
        assert f'pip install "jackfield-local[{extra}]"' in line


def test_nobody_else_on_the_machine_reaches_the_engine() -> None:
    """llama.cpp's engine always listens: on a socket in a folder of the user's own, with a key besides."""
    done = run(
        """
        import http.client, os, socket, stat
        asyncio.run(kernel.invoke_llm(chat("hi", sampling=Sampling(max_tokens=1)), CHAT))
        (loaded,) = plugin._chats._loaded._models.values()
        path = loaded.server._server.listening_address.removeprefix("unix://")
        print(oct(stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode)))
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(path)
        connection.request("POST", "/completion", "{}")
        print(connection.getresponse().status)
        """
    )
    assert done.stdout.split() == ["0o700", "401"], done.stderr


def test_a_wrong_setting_is_named() -> None:
    done = run(
        """
        import os
        os.environ["JACKFIELD_LOCAL_SLOTS"] = "many"
        try:
            asyncio.run(kernel.invoke_llm(chat("hi"), CHAT))
        except HostFault as error:
            print(error.message)
        """
    )
    assert "JACKFIELD_LOCAL_SLOTS is not a whole number" in done.stdout, done.stderr
