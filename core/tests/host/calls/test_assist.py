"""Titles and questions: asked of the default model, in the conversation's language, read out of whatever it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jackfield.contract import BadRequest, Message, ModelNotFound, ModelType, ServerUnavailable
from jackfield.host.assist import language_hint, read_questions, read_title, shorten

if TYPE_CHECKING:
    from ..conftest import Exchange, Vendor
    from .conftest import Desk, Helpers


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ('{"title": "Moons of Jupiter"}', "Moons of Jupiter"),
        ('Sure!\n```json\n{"title": "Moons of Jupiter."}\n```', "Moons of Jupiter"),
        ("<think>Hmm {x}</think>\n**Moons of Jupiter**", "Moons of Jupiter"),
        ('Title: "Moons of Jupiter"\nAnd more', "Moons of Jupiter"),
        ('"木星的卫星"', "木星的卫星"),
        ("标题：木星的卫星。", "木星的卫星"),
        ('{"name": "Moons of Jupiter"}', "Moons of Jupiter"),
        ("{broken", ""),
        ("", ""),
        ('{"title": 7}', ""),
        ("word " * 40, "word word word word word word word word word word word…"),
    ],
)
def test_a_title_is_read_out_of_any_answer(answer: str, title: str) -> None:
    assert read_title(answer) == title


@pytest.mark.parametrize(
    ("answer", "questions"),
    [
        ('{"questions": ["Why?", "How?", "Why?"]}', ["Why?", "How?"]),
        ('["Why?", {"question": "How?"}]', ["Why?", "How?"]),
        ('{"question_1": "Why?", "question_2": "How?", "note": 7}', ["Why?", "How?"]),
        ("Here you go:\n1. Why is it so?\n2) How far is it?\n", ["Why is it so?", "How far is it?"]),
        ("- 它有多远？\n- 为什么？", ["它有多远？", "为什么？"]),
        ("I cannot think of any.", []),
        ('{"questions": []}', []),
    ],
)
def test_questions_are_read_out_of_any_answer(answer: str, questions: list[str]) -> None:
    assert read_questions(answer) == questions


def test_the_language_is_named_where_its_script_tells_it() -> None:
    hints = {
        "木星有几颗卫星？": "Chinese",
        "木星の衛星は？": "Japanese",
        "목성의 위성?": "Korean",
        "Wie viele Monde?": "the language",
    }
    for text, language in hints.items():
        assert language in language_hint([Message.user(text), Message.assistant("Well …")])


def test_shortening_cuts_at_words() -> None:
    assert shorten("one two three", 9) == "one two…"
    assert shorten("木" * 10, 5) == "木木木木…"


def _says(helpers: Helpers, text: str) -> object:
    async def reply(exchange: Exchange) -> None:
        await exchange.answer(200, helpers.completion(text))

    return reply


async def test_the_default_model_is_asked_and_metered(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    talk = [Message.system("Be nice."), Message.user("How many moons has Jupiter?"), Message.assistant("95.")]
    with pytest.raises(ModelNotFound, match="no default model"):
        await desk.host.assist.title(desk.caller, talk)
    await desk.add_key()
    await desk.host.tenancy.choices.set_default(desk.owner, ModelType.LLM, "acme/chat")
    vendor.reply = _says(helpers, '{"title": "Moons of Jupiter"}')  # type: ignore[assignment]
    assert (await desk.host.assist.title(desk.caller, talk)).title == "Moons of Jupiter"
    vendor.reply = _says(helpers, "")  # type: ignore[assignment]
    assert (await desk.host.assist.title(desk.caller, talk)).title == "How many moons has Jupiter?"
    vendor.reply = _says(helpers, '["Which is the largest?", "Who found them?", "Are they cold?", "More?"]')  # type: ignore[assignment]
    found = await desk.host.assist.questions(desk.caller, talk)
    assert (len(found.questions), found.usage.total_tokens) == (3, 10)
    vendor.reply = _says(helpers, "No idea.")  # type: ignore[assignment]
    with pytest.raises(ServerUnavailable, match="no question"):
        await desk.host.assist.questions(desk.caller, talk)
    for messages in ([], [Message.system("x")], [Message.user("  ")]):
        with pytest.raises(BadRequest):
            await desk.host.assist.title(desk.caller, messages)
    with pytest.raises(BadRequest):
        await desk.host.assist.questions(desk.caller, talk, count=0)
    prompt = vendor.exchanges[0].json["messages"]
    assert "Jupiter" in prompt[1]["content"]
    assert "Be nice" not in str(prompt)
    assert len(await desk.usage()) == 4
