"""chat, embed, rerank, transcribe, speak: what goes in, what comes out, and how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Jackfield = Callable[..., Any]
TALKER = ("-m", "parrot/talker")


def test_a_prompt(jackfield: Jackfield) -> None:
    done = jackfield("chat", "hello", "you", *TALKER)
    assert (done.code, done.out, done.err) == (0, "hello you \n", "")
    assert jackfield("chat", "hello", *TALKER, "--no-stream").out == "hello\n"
    assert jackfield("chat", "hello", *TALKER, "--system", "Be kind.").out == "Be kind. hello \n"


def test_what_is_piped_in_goes_along(jackfield: Jackfield, tmp_path: Path) -> None:
    assert jackfield("chat", *TALKER, stdin="hello\n").out == "hello \n"
    assert jackfield("chat", "Sum up:", *TALKER, stdin="a report\n").out == "Sum up:\n\na report \n"
    (tmp_path / "cat.png").write_bytes(b"\x89PNG")
    (tmp_path / "note.txt").write_text("text goes as text", encoding="utf-8")
    attached = jackfield("chat", "Look:", *TALKER, "-a", "cat.png", "-a", "note.txt")
    assert attached.out == "note.txt:\n\ntext goes as text\n\nLook: (with a picture) \n"


def test_reasoning_and_usage_stand_on_standard_error(jackfield: Jackfield) -> None:
    done = jackfield("chat", "hello", *TALKER, "--reasoning", "--usage")
    assert done.out == "hello \n"
    assert done.err == "hmm1 tokens in, 3 out\n"


def test_the_answer_as_json(jackfield: Jackfield, tmp_path: Path) -> None:
    answer = jackfield("chat", "hello", *TALKER, "--json").json
    assert (answer["text"], answer["finish_reason"], answer["model"]) == ("hello", "stop", "talker")
    assert answer["usage"]["output_tokens"] == 3
    schema = tmp_path / "city.json"
    schema.write_text('{"type": "object"}', encoding="utf-8")
    assert jackfield("chat", "hello", *TALKER, "--schema", str(schema)).out == "['type'] \n"
    schema.write_text("{", encoding="utf-8")
    assert jackfield("chat", "hello", *TALKER, "--schema", str(schema)).code == 2


def test_standard_input_that_is_closed_or_no_text(jackfield: Jackfield, child_environment: dict[str, str]) -> None:
    for stdin, code, says in (("\udcff", 2, "What is piped in is not text in UTF-8."), ("\ufeffhello\r\n", 0, "")):
        done = jackfield("chat", *TALKER, stdin=stdin)
        assert (done.code, done.out) == (code, "" if code else "hello \n")
        assert says in done.err
    command = [sys.executable, "-c", "import sys; sys.stdin = None; from jackfield.cli import main; main()", "chat", "hello"]
    done = subprocess.run([*command, *TALKER], capture_output=True, text=True, env=child_environment, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello \n", "")


@pytest.mark.parametrize(
    ("prompt", "code", "says"),
    [
        ("fail:vendor", 4, "Error: The parrot sleeps.\nThe vendor says: zzz\nThe vendor's request id: req-7\n"),
        ("fail:workspace", 3, "Error: The seeds are gone.\n"),
        ("fail:caller", 2, "Error: No such trick.\n"),
        ("fail:plugin", 1, "its hook `invoke_llm` raised KeyError: 'feather'"),
        ("break off", 4, "Error: The vendor's stream broke off before its end.\n"),
    ],
)
def test_errors_stand_on_standard_error_and_tell_by_their_code_whose_they_are(
    jackfield: Jackfield, prompt: str, code: int, says: str
) -> None:
    done = jackfield("chat", prompt, *TALKER)
    assert done.code == code
    assert says in done.err
    assert done.out == ("break off \n" if prompt == "break off" else "")
    if prompt.startswith("fail"):
        told = json.loads(jackfield("chat", prompt, *TALKER, "--json").err)["error"]
        assert told["provider"] == "parrot"
        assert told["advice"]


def test_nothing_to_say_and_nobody_to_say_it_to(jackfield: Jackfield) -> None:
    assert "There is nothing to say." in jackfield("chat", *TALKER).err
    assert jackfield("chat", *TALKER).code == 2
    unnamed = jackfield("chat", "hello", "-m", "talker")
    assert unnamed.code == 2
    assert jackfield("chat", "hello", "-m", "owls/talker").code == 2


def test_a_key_from_the_environment(jackfield: Jackfield, monkeypatch: pytest.MonkeyPatch) -> None:
    without = jackfield("chat", "hello", "-m", "owl/talker")
    assert without.code == 3
    assert "JACKFIELD_OWL_SEEDS" in without.err
    monkeypatch.setenv("JACKFIELD_OWL_SEEDS", "sunflower")
    assert jackfield("chat", "hello", "-m", "owl/talker").out == "su: hello \n"


def test_embed_writes_a_line_for_each_line_in_order(jackfield: Jackfield, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.write_text("a\n\n bb \nccc\n", encoding="utf-8")
    done = jackfield("embed", str(texts), "-m", "parrot/vectors", "--batch", "1", "--dimensions", "2")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert lines == [
        {"line": 1, "embedding": [1.0, 2.0], "text": "a"},
        {"line": 3, "embedding": [2.0, 2.0], "text": "bb"},
        {"line": 4, "embedding": [3.0, 2.0], "text": "ccc"},
    ]
    many = "\n".join("x" * (number % 7 + 1) for number in range(500))
    done = jackfield("embed", "-m", "parrot/vectors", "--batch", "7", "--no-text", "-o", "out.jsonl", stdin=many)
    assert (done.code, done.out) == (0, "")
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [line["embedding"][0] for line in written] == [number % 7 + 1 for number in range(500)]
    assert set(written[0]) == {"line", "embedding"}


def test_embed_that_fails(jackfield: Jackfield, tmp_path: Path) -> None:
    failed = jackfield("embed", "-m", "parrot/vectors", "--batch", "1", stdin="a\nfail\n")
    assert failed.code == 4
    assert json.loads(failed.out)["line"] == 1  # what came before it is written
    assert jackfield("embed", "-m", "parrot/vectors", stdin="\n").code == 2
    assert "No such file" in jackfield("embed", "nowhere.txt", "-m", "parrot/vectors").err
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert "is not text in UTF-8" in jackfield("embed", "binary", "-m", "parrot/vectors").err
    assert jackfield("embed", "-m", "parrot/vectors", "-o", "no/such/folder", stdin="a").code == 2


def test_rerank(jackfield: Jackfield) -> None:
    done = jackfield("rerank", "which?", "-m", "parrot/judge", "--top", "2", stdin="short\n\nthe longest of all\nlonger\n")
    assert done.out == "SCORE\tLINE\tDOCUMENT\n0.1800\t3\tthe longest of all\n0.0600\t4\tlonger\n"
    ranking = jackfield("rerank", "which?", "-m", "parrot/judge", "-d", "a", "-d", "bb", "--json").json["ranking"]
    assert [(one["document"], one["index"], one["line"]) for one in ranking] == [("bb", 1, 2), ("a", 0, 1)]
    assert jackfield("rerank", "which?", "-m", "parrot/judge").code == 2


def test_transcribe(jackfield: Jackfield, tmp_path: Path) -> None:
    (tmp_path / "talk.wav").write_bytes(b"RIFF")
    heard = jackfield("transcribe", "talk.wav", "-m", "parrot/ear", "-l", "en")
    assert heard.out == "transcribe talk.wav en\n"
    assert jackfield("transcribe", "talk.wav", "-m", "parrot/ear", "--translate").out == "translate talk.wav None\n"
    timed = jackfield("transcribe", "talk.wav", "-m", "parrot/ear", "--timestamps")
    assert timed.out == "[00:00.5 - 01:01.2] squawk\n"
    assert jackfield("transcribe", "talk.wav", "-m", "parrot/ear", "--json").json["segments"][0]["end"] == 61.25
    assert jackfield("transcribe", "nothing.wav", "-m", "parrot/ear").code == 2


def test_speak(jackfield: Jackfield, tmp_path: Path) -> None:
    done = jackfield("speak", "hello", "-m", "parrot/voice")
    assert done.err == "speech.wav: 10 bytes, audio/wav\n"
    assert (tmp_path / "speech.wav").read_bytes() == b"hello|None"
    done = jackfield("speak", "-m", "parrot/voice", "-o", "voice.mp3", "--json", stdin="from a pipe")
    assert done.json == {"file": "voice.mp3", "bytes": 15, "media_type": "audio/wav"}
    assert (tmp_path / "voice.mp3").read_bytes() == b"from a pipe|mp3"
    assert jackfield("speak", "hello", "-m", "parrot/voice", "-o", "-").out == "hello|None"
    assert jackfield("speak", "-m", "parrot/voice").code == 2
    assert jackfield("speak", "x", "-m", "parrot/voice", "-o", "no/such/folder.wav").code == 2
