"""Every text of the console has its Chinese, and the catalogs hold nothing that nobody says."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import jackfield.console
import pytest
from jackfield.console.templating import environment
from jackfield.console.translations import catalog, preferred_language, translate, translate_sentence
from jinja2 import nodes

PACKAGE = Path(jackfield.console.__file__).parent
OWN_WORDS = {"Jackfield", "· Jackfield", "JSON", "CSV", "USD", "CNY", "EUR", "pip install jackfield-anthropic"}
SAYING = {"say", "mark", "done", "menu", "_"}
"""Functions whose text argument is English of the console's own."""


def _texts_of_templates() -> Iterator[tuple[str, str]]:
    for name in environment().list_templates():
        loader = environment().loader
        assert loader is not None
        tree = environment().parse(loader.get_source(environment(), name)[0])
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "_" and call.args:
                for constant in (call.args[0], *call.args[0].find_all(nodes.Const)):
                    if isinstance(constant, nodes.Const) and isinstance(constant.value, str):
                        yield name, constant.value


def _texts_of_code() -> Iterator[tuple[str, str]]:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                for argument in node.args if name in SAYING else ():
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and _is_words(argument.value):
                        yield path.name, argument.value


def _is_words(text: str) -> bool:
    return not text.startswith("/") and not text.endswith(".html")


TEXTS = sorted({*_texts_of_templates(), *_texts_of_code()})


def test_texts_are_found() -> None:
    assert ("sign_in.html", "Sign in") in TEXTS
    assert ("home.py", "Make an API key") in TEXTS


def test_every_text_has_its_chinese() -> None:
    missing = sorted({text for _, text in TEXTS if text not in catalog()})
    assert not missing


def test_no_translation_is_left_over() -> None:

    said = {text for _, text in TEXTS}
    for path in (PACKAGE / "zh").glob("*.toml"):
        if not path.name.startswith("errors"):  # what the services say, all over the house
            assert not set(tomllib.loads(path.read_text("utf-8"))) - said, path.name


def test_no_template_has_text_that_is_not_marked() -> None:
    """Letters between tags are the console's own words, so they stand in `_()`; but for its name, units and marks."""
    for name in environment().list_templates():
        loader = environment().loader
        assert loader is not None
        source = loader.get_source(environment(), name)[0]
        source = re.sub(r"\{% block page_class %\}.*?\{% endblock %\}", "", source)
        html = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", source, flags=re.DOTALL)
        for text in re.sub(r"<[^>]*>", "\n", html).split("\n"):
            if re.search(r"[A-Za-z]{2,}", text):
                assert text.strip() in OWN_WORDS, f"{name}: {text!r}"


def test_places_are_the_same_in_both_languages() -> None:

    for english, chinese in catalog().items():
        places = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, chinese)]
        assert places[0] == places[1], english


def test_a_sentence_that_is_filled_in_is_translated() -> None:
    said = translate_sentence("A password has at least 10 characters.", "zh")
    assert said == "密码至少需要 10 个字符。"
    assert translate_sentence("The vendor's very own words.", "zh") == "The vendor's very own words."
    assert translate("Sign in", "en") == "Sign in"


def test_a_sentence_within_a_sentence_is_translated_too() -> None:
    inner = "The model `local/smollm2` is switched off in this workspace."
    said = translate_sentence(f"The default model of type llm is `quick`, which cannot be used: {inner}", "zh")
    assert said.endswith("无法使用：模型 `local/smollm2` 在本工作区已停用。")


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "en"), ("zh-CN,zh;q=0.9", "zh"), ("fr, en;q=0.5, zh;q=0.4", "en"), ("zh;q=x,en", "en"), ("de", "en")],
)
def test_the_language_of_a_browser(header: str, language: str) -> None:
    assert preferred_language(header) == language
