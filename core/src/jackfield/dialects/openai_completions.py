"""OpenAI's older text completions, both ways: https://platform.openai.com/docs/api-reference/completions"""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import accumulate
from typing import Any

import orjson

from jackfield.contract import (
    BadRequest,
    Choice,
    JackfieldError,
    LLMEvent,
    LLMRequest,
    LLMResult,
    Message,
    ServerUnavailable,
    StreamEnd,
    StreamStart,
    TextDelta,
    Usage,
    UsageReport,
)

from . import openai_chat
from .counts import count, dicts
from .extras import passed_on, refuse
from .openai_chat.options import PLAIN, ChatOptions
from .openai_chat.requests import OPENAI_SHARED, build_members, is_openai
from .openai_chat.results import join_logprobs, parse_finish_reason, render_finish_reason
from .openai_errors import render_error
from .openai_usage import parse_chat_usage, render_chat_usage
from .sse import ServerSentEvent, encode
from .stream_errors import stream_error

DIALECT = "openai.completions"

__all__ = [
    "DIALECT",
    "build_request",
    "parse_request",
    "parse_result",
    "parse_stream",
    "render_error",
    "render_result",
    "render_stream",
]

_KNOWN = {"id", "object", "created", "model", "choices", "usage"}


def parse_request(body: dict[str, Any]) -> LLMRequest:
    """:raises BadRequest: naming the member at fault; a list of several prompts or of token ids is refused"""
    prompt = body.get("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise BadRequest("`prompt` must be one string.", param="prompt")
    logprobs = body.get("logprobs")
    if logprobs is not None and (not isinstance(logprobs, int) or isinstance(logprobs, bool) or logprobs < 0):
        raise BadRequest("`logprobs` must be a whole number.", param="logprobs")
    rest = {name: value for name, value in body.items() if name not in ("prompt", "logprobs", "messages")}
    request = openai_chat.parse_request(rest | {"messages": [{"role": "user", "content": prompt}]})
    request.completion, request.dialect = True, DIALECT
    if logprobs is not None:
        request.sampling.logprobs, request.sampling.top_logprobs = True, logprobs
    return request


def build_request(request: LLMRequest, options: ChatOptions = PLAIN) -> dict[str, Any]:
    """:raises UnsupportedParameter: by name, for tools and formats, which this surface has not, unless `drop_unsupported`"""
    if request.tools:
        refuse(request, "tools", "A text completion takes no tools.")
    if request.output is not None and request.output.kind != "text":
        refuse(request, "response_format", "A text completion takes no output format.")
    refused = options.unsupported | {"reasoning_effort"}
    options = dataclasses.replace(options, max_tokens_name="max_tokens", unsupported=refused)
    body: dict[str, Any] = {"model": request.model, "prompt": "".join(message.text for message in request.messages)}
    body |= build_members(request, options)
    wanted, top = body.pop("logprobs", None), body.pop("top_logprobs", None)
    if wanted or top:  # one member here, which says how many
        body["logprobs"] = top or 0
    return body | passed_on(request, DIALECT, shared=OPENAI_SHARED if is_openai(request.dialect) else frozenset())


def parse_result(body: dict[str, Any]) -> LLMResult:
    """:raises ServerUnavailable: if the body is no text completion"""
    try:
        choices = [
            Choice(
                message=Message.assistant(_text(choice["text"])),
                finish_reason=parse_finish_reason(choice.get("finish_reason")),
                logprobs=choice.get("logprobs"),
            )
            for choice in sorted(body["choices"], key=lambda choice: count(choice.get("index")))
        ]
        first = choices[0]
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ServerUnavailable(f"The vendor's answer is no text completion: {error!r}.") from None
    result = LLMResult(
        message=first.message,
        finish_reason=first.finish_reason,
        logprobs=first.logprobs,
        usage=parse_chat_usage(body.get("usage")),
        model=str(body.get("model") or ""),
        alternatives=choices[1:],
        extra={name: value for name, value in body.items() if name not in _KNOWN and value is not None},
    )
    if isinstance(body.get("id"), str) and body["id"]:
        result.id = body["id"]
    result.created = count(body.get("created")) or result.created
    return result


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"text is {type(value).__name__}")
    return value


async def parse_stream(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[LLMEvent]:
    """:raises ServerUnavailable: for what is no chunk; for an error event what its code says, see `stream_error`"""
    started = False
    ended: set[int] = set()
    async for event in events:
        if event.data == "[DONE]":
            return
        try:
            chunk = orjson.loads(event.data)
            if not started and isinstance(chunk.get("id"), str):
                started = True
                yield StreamStart(chunk["id"], str(chunk.get("model") or ""))
            parsed = list(_parse_chunk(chunk, ended))
        except (orjson.JSONDecodeError, TypeError, AttributeError, KeyError) as error:
            raise ServerUnavailable(f"The vendor's stream holds what is no chunk of a completion: {error!r}.") from None
        for one in parsed:
            yield one


def _parse_chunk(chunk: dict[str, Any], ended: set[int]) -> Iterator[LLMEvent]:
    if chunk.get("error"):
        raise stream_error(chunk["error"])
    for choice in chunk.get("choices") or ():
        index = count(choice.get("index"))
        if text := _text(choice.get("text")):
            yield TextDelta(text, index, choice.get("logprobs"))
        if choice.get("finish_reason") and index not in ended:
            ended.add(index)
            yield StreamEnd(parse_finish_reason(choice["finish_reason"]), index)
    if isinstance(chunk.get("usage"), dict):
        yield UsageReport(parse_chat_usage(chunk["usage"]))


def _completion(identity: str, model: str, created: int, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": identity, "object": "text_completion", "created": created, "model": model, "choices": choices}


def _choice(text: str, index: int, logprobs: Any, finish: str | None) -> dict[str, Any]:
    return {"text": text, "index": index, "logprobs": logprobs, "finish_reason": finish}


def _logprobs(told: Any, offset: int = 0) -> dict[str, Any] | None:
    """This surface's form of log probabilities, also of those that a model of another dialect told in the form of chats.

    :param offset: where in the whole text the first token begins
    """
    told = join_logprobs(told)
    if not isinstance(told, dict) or "tokens" in told:
        return told if isinstance(told, dict) else None
    tokens = dicts(told.get("content"))
    if not tokens:
        return None
    texts = [str(token.get("token", "")) for token in tokens]
    alternatives = [{one.get("token"): one.get("logprob") for one in dicts(token.get("top_logprobs"))} for token in tokens]
    return {
        "tokens": texts,
        "token_logprobs": [token.get("logprob") for token in tokens],
        "top_logprobs": alternatives if any(alternatives) else None,
        "text_offset": [offset + before for before in accumulate(map(len, texts[:-1]), initial=0)],
    }


def render_result(result: LLMResult, request: LLMRequest | None = None) -> dict[str, Any]:
    """OpenAI's `text_completion` object."""
    first = Choice(message=result.message, finish_reason=result.finish_reason, logprobs=result.logprobs)
    choices = [
        _choice(choice.message.text, index, _logprobs(choice.logprobs), render_finish_reason(choice.finish_reason))
        for index, choice in enumerate([first, *result.alternatives])
    ]
    model = result.model or (request.model if request else "")
    body = _completion(result.id, model, result.created, choices)
    return result.extra | body | {"usage": render_chat_usage(result.usage)}


async def render_stream(events: AsyncIterator[LLMEvent], request: LLMRequest) -> AsyncIterator[bytes]:
    """The stream as OpenAI sends it. An error in mid-stream becomes an error event, and no `[DONE]` follows."""
    identity, model, created, usage = f"cmpl-{uuid.uuid4().hex}", request.model, int(time.time()), Usage()
    beside: dict[str, Any] = {"usage": None} if request.include_usage else {}
    said: Counter[int] = Counter()
    try:
        async for event in events:
            match event:
                case StreamStart():
                    identity, model, usage = event.id or identity, event.model or model, event.usage or usage
                    continue
                case UsageReport():
                    usage = event.usage
                    continue
                case TextDelta():
                    choice = _choice(event.text, event.choice, _logprobs(event.logprobs, said[event.choice]), None)
                    said[event.choice] += len(event.text)
                case StreamEnd():
                    choice = _choice("", event.choice, None, render_finish_reason(event.finish_reason))
                case _:
                    continue
            yield encode(orjson.dumps(_completion(identity, model, created, [choice]) | beside))
    except JackfieldError as error:
        yield encode(orjson.dumps(render_error(error)))
        return
    if request.include_usage:
        yield encode(orjson.dumps(_completion(identity, model, created, []) | {"usage": render_chat_usage(usage)}))
    yield b"data: [DONE]\n\n"
