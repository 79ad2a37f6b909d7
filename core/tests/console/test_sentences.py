"""Every sentence that the services may answer the console with has its Chinese: found in their sources, where it is raised."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import jackfield
import pytest
from jackfield.console.pages.audit import ACTIONS
from jackfield.console.translations import catalog, translate_sentence
from jackfield.contract import JackfieldError, errors

CORE = Path(jackfield.__file__).parent
SDK = importlib.util.find_spec("jackfield_sdk")
NEVER_IN_THE_CONSOLE = re.compile(
    r"(cli|gateway|store)/"  # the command line, the API, and what stops the host at its start
    r"|host/(host|http|library\w*|settings|replicas|lending)\.py"
    r"|tenancy/(dify/|rotation\.py)"
    r"|dialects/(anthropic_messages/(blocks|bodies|requests)|openai_responses/(items|requests))\.py"  # it speaks OpenAI's chat
    r"|dialects/openai_(audio|completions|moderations)\.py"
)
KINDS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, JackfieldError)}
RAISED = KINDS | {"StaleForm", "Broken", "Quarantine"}
SAYING = {"message", "advice", "cause"}
NEWER_THAN_THEIR_CHINESE = 8
"""Sentences that may wait for whoever translates them next: until then they are shown in English."""


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts that an argument may be, whatever is filled in as `7`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from (left + right for left in _texts(node.left) for right in _texts(node.right))
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _texts(value)


def _raised(root: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if NEVER_IN_THE_CONSOLE.match(name):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in RAISED:
                first = node.args[1:3] if called == "Broken" else node.args[:1]
                for argument in [*first, *(keyword.value for keyword in node.keywords if keyword.arg in SAYING)]:
                    yield from ((name, text) for text in _texts(argument))


def _of(root: Path) -> list[tuple[str, str]]:
    return sorted(set(_raised(root)))


CLASSES = [("contract/errors.py", getattr(errors, name).advice) for name in sorted(KINDS)]


@pytest.mark.parametrize(
    ("sentences", "least"),
    [
        pytest.param(_of(CORE), 150, id="core"),
        pytest.param(CLASSES, 15, id="advice"),
        pytest.param(
            _of(Path(SDK.origin).parent) if SDK and SDK.origin else [],
            40,
            id="sdk",
            marks=pytest.mark.skipif(not SDK, reason="not installed"),
        ),
    ],
)
def test_every_sentence_has_its_chinese(sentences: list[tuple[str, str]], least: int) -> None:
    assert len(sentences) > least, "they are found"
    missing = [(where, text) for where, text in sentences if text and translate_sentence(text, "zh") == text]
    assert len(missing) <= NEWER_THAN_THEIR_CHINESE, missing


def test_no_place_is_all_of_a_sentence() -> None:
    """Else it would stand for everything that anybody says."""
    assert not [text for text in catalog() if not re.sub(r"\{\w+\}", "", text).strip(" .:`")]


def test_every_change_has_words_in_the_audit_log() -> None:
    found = {
        action
        for path in (CORE / "tenancy").rglob("*.py")
        for action in re.findall(
            r'"((?:alias|budget|credential|default|keys?|member|model|preference|workspace)\.[a-z]+)"', path.read_text("utf-8")
        )
    }
    assert len(found) > 15
    assert found <= set(ACTIONS)
