"""Small services for a chat application: a name for a conversation, and what its user may want to ask next.

Both are asked of the workspace's default reasoning model, and answered in the language of the conversation. What a model
answers is taken as JSON where it is JSON, and as lines of text where a small model does not keep to the form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from jackfield.contract import (
    BadRequest,
    Feature,
    LLMRequest,
    LLMResult,
    Message,
    ModelType,
    OutputFormat,
    Sampling,
    ServerUnavailable,
    Usage,
)

if TYPE_CHECKING:
    from jackfield.tenancy import Principal

    from .calls import Calls
    from .tickets import CallInfo

TITLE_LENGTH = 60
QUESTION_LENGTH = 200
_MAX_TOKENS = 256  # enough for a few questions; a small model may never stop by itself
_MAX_TOKENS_REASONING = 2048  # such a model thinks before it writes ten words
_EXCERPT = 2000  # characters of one message that are shown to the model
_LATEST = 8  # messages

_TITLE = """You name conversations. Read the conversation below and write a title for it: a phrase of at most eight words \
that says what it is about. Do not answer the conversation. {language}
Answer with JSON only, like this: {{"title": "…"}}"""
_QUESTIONS = """Read the conversation below. Write the {count} questions that its user would most naturally ask the assistant \
next: each in the user's voice, under twenty words, about what was said, none a repetition. {language}
Answer with JSON only, like this: {{{form}}}"""

_SCRIPTS = (
    ("Japanese", re.compile(r"[\u3040-\u30ff]")),
    ("Korean", re.compile(r"[\uac00-\ud7af]")),
    ("Chinese", re.compile(r"[\u4e00-\u9fff]")),
    ("Thai", re.compile(r"[\u0e00-\u0e7f]")),
    ("Hindi", re.compile(r"[\u0900-\u097f]")),
    ("Arabic", re.compile(r"[\u0600-\u06ff]")),
    ("Hebrew", re.compile(r"[\u0590-\u05ff]")),
    ("Greek", re.compile(r"[\u0370-\u03ff]")),
)
_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)
_BULLET = re.compile(r"^\s*(?:[-*•]|\(?\d{1,2}[.):、])\s*")
_LABEL = re.compile(r"^\s*(?:title|标题|標題|タイトル|제목)\s*[:：]\s*", re.IGNORECASE)
_QUOTES = "\"'“”‘’«»「」『』《》`*#"


@dataclass(slots=True)
class Title:
    """:param title: one line, at most `TITLE_LENGTH` characters"""

    title: str
    model: str
    usage: Usage


@dataclass(slots=True)
class Questions:
    """:param questions: as many as were asked for, or fewer where the model had no more"""

    questions: list[str]
    model: str
    usage: Usage


class Assist:
    """:param calls: through which the model is called, as the caller's own call, metered and limited like any other"""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def title(
        self, caller: Principal, messages: Sequence[Message], *, model: str = "default", info: CallInfo | None = None
    ) -> Title:
        """A name for the conversation. Where the model answers nothing usable, the beginning of the conversation.

        :raises BadRequest: for a conversation without text
        """
        said = [message for message in messages if message.role in ("user", "assistant") and message.text.strip()]
        if not said:
            raise BadRequest("The conversation has no text to name.", param="messages")
        instruction = _TITLE.format(language=language_hint(said))
        request = self._request(model, instruction, said[:4], _schema("title"))
        result = await self._ask(caller, request, info)
        title = read_title(result.text) or shorten(said[0].text, TITLE_LENGTH)
        return Title(title, result.model, result.usage)

    async def questions(
        self,
        caller: Principal,
        messages: Sequence[Message],
        *,
        count: int = 3,
        model: str = "default",
        info: CallInfo | None = None,
    ) -> Questions:
        """What the user may want to ask next.

        :raises BadRequest: for a conversation without text
        :raises ServerUnavailable: where the model's answer holds no question
        """
        if not 1 <= count <= 10:
            raise BadRequest("`count` must be from 1 to 10.", param="count")
        said = [message for message in messages if message.role in ("user", "assistant") and message.text.strip()]
        if not said:
            raise BadRequest("The conversation has no text to go on from.", param="messages")
        # A member for each question, not a list of them: vendors' schemas cannot all say how long a list must be.
        names = [f"question_{number}" for number in range(1, count + 1)]
        form = ", ".join(f'"{name}": "…"' for name in names)
        instruction = _QUESTIONS.format(count=count, language=language_hint(said), form=form)
        schema = _schema(*names)
        result = await self._ask(caller, self._request(model, instruction, said[-_LATEST:], schema), info)
        questions = read_questions(result.text)[:count]
        if not questions:
            raise ServerUnavailable(
                "The model suggested no question.", advice="Try again, or choose a more capable default reasoning model."
            )
        return Questions(questions, result.model, result.usage)

    def _request(self, model: str, instruction: str, said: Sequence[Message], schema: dict[str, Any]) -> LLMRequest:
        transcript = "\n\n".join(f"[{message.role}]\n{shorten(message.text, _EXCERPT, keep_lines=True)}" for message in said)
        return LLMRequest(
            model=model,
            messages=[Message.system(instruction), Message.user(f"<conversation>\n{transcript}\n</conversation>")],
            sampling=Sampling(max_tokens=_MAX_TOKENS),
            output=OutputFormat("json_schema", schema=schema, name="answer", strict=True),
            drop_unsupported=True,
        )

    async def _ask(self, caller: Principal, request: LLMRequest, info: CallInfo | None) -> LLMResult:
        description = await self._calls.describe(caller, request.model, ModelType.LLM)
        if Feature.STRUCTURED_OUTPUT not in description.features:
            request.output = None  # the prompt asks for the form as well
        if Feature.REASONING in description.features:
            request.sampling.max_tokens = _MAX_TOKENS_REASONING
        return await self._calls.llm(caller, request, info=info)


def _schema(*names: str) -> dict[str, Any]:
    """An object of texts."""
    properties = {name: {"type": "string"} for name in names}
    return {"type": "object", "properties": properties, "required": list(names), "additionalProperties": False}


def language_hint(messages: Sequence[Message]) -> str:
    """The order to write in the user's language; by name where its script tells it, since small models need that."""
    text = "".join(message.text for message in messages if message.role == "user") or messages[0].text
    for name, script in _SCRIPTS:
        if 4 * len(script.findall(text)) >= len(re.findall(r"\w", text)):
            return f"Write in {name}, as the user does."
    return "Write in the language that the user writes in."


def read_title(answer: str) -> str:
    """The title in a model's answer; empty where there is none."""
    content = _json_in(answer)
    if isinstance(content, dict):
        found = content.get("title") or next((value for value in content.values() if isinstance(value, str)), "")
        return _line(found) if isinstance(found, str) else ""
    if isinstance(content, str):
        return _line(content)
    lines = [line for line in _THINKING.sub("", answer).splitlines() if line.strip() and not line.strip().startswith("```")]
    return _line(lines[0]) if lines and not lines[0].lstrip().startswith(("{", "[")) else ""


def _line(text: str) -> str:
    """One line without label, quotes and full stop."""
    text = _LABEL.sub("", " ".join(text.split())).strip(_QUOTES + " ")
    return shorten(text.rstrip(".。").strip(_QUOTES + " "), TITLE_LENGTH)


def read_questions(answer: str) -> list[str]:
    """The questions in a model's answer, without repetitions."""
    content = _json_in(answer)
    if isinstance(content, dict):
        content = next((value for value in content.values() if isinstance(value, list)), list(content.values()))
    if isinstance(content, list):
        found = [entry.get("question") if isinstance(entry, dict) else entry for entry in content]
        texts = [entry for entry in found if isinstance(entry, str)]
    else:
        lines = _THINKING.sub("", answer).splitlines()
        texts = [line for line in lines if line.rstrip(_QUOTES + " ").endswith(("?", "？", "؟", ";")) or _BULLET.match(line)]
    clean = (shorten(_BULLET.sub("", text).strip(_QUOTES + " "), QUESTION_LENGTH) for text in texts)
    return list(dict.fromkeys(text for text in clean if text))


def _json_in(answer: str) -> Any:
    """The first JSON object or array in the answer, wherever it stands; None where there is none."""
    answer = _THINKING.sub("", answer).strip()
    candidates = [answer]
    for opening, closing in (("{", "}"), ("[", "]")):
        start, end = answer.find(opening), answer.rfind(closing)
        if 0 <= start < end:
            candidates.append(answer[start : end + 1])
    for candidate in candidates:
        try:
            content = orjson.loads(candidate)
        except orjson.JSONDecodeError:
            continue
        if isinstance(content, dict | list | str):
            return content
    return None


def shorten(text: str, length: int, *, keep_lines: bool = False) -> str:
    """At most `length` characters, cut at a word where there is one near, marked with an ellipsis."""
    text = text.strip() if keep_lines else " ".join(text.split())
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > length * 2 // 3 else cut).rstrip() + "…"
