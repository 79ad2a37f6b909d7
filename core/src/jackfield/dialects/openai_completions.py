"""OpenAI's older text completions, both ways: https://platform.openai.com/docs/api-reference/completions"""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator
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
    UnsupportedParameter,
    Usage,
    UsageReport,
)

from . import openai_chat
from .openai_chat import parse_usage, render_usage
from .openai_chat.results import parse_finish_reason, render_finish_reason
from .openai_errors import render_error
from .sse import ServerSentEvent, encode

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


def parse_request(body: dict[str, Any]) -> LLMRequest:
    """:raises BadRequest: naming the member at fault; a list of several prompts or of token ids is refused"""
    prompt = body.get("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise BadRequest("`prompt` must be one string.", param="prompt")
    logprobs = body.get("logprobs")
    rest = {name: value for name, value in body.items() if name not in ("prompt", "logprobs")}
    request = openai_chat.parse_request(rest | {"messages": [{"role": "user", "content": prompt}]})
    request.completion, request.dialect = True, DIALECT
    if logprobs is not None:
        request.sampling.logprobs, request.sampling.top_logprobs = True, logprobs
    return request


def build_request(request: LLMRequest) -> dict[str, Any]:
    """:raises UnsupportedParameter: for tools and formats, which this surface does not know"""
    if request.tools or (request.output and request.output.kind != "text"):
        raise UnsupportedParameter("A text completion takes no tools and no output format.", param="tools")
    body = openai_chat.build_request(request)
    del body["messages"]
    if body.pop("logprobs", None):
        body["logprobs"] = body.pop("top_logprobs", 0)
    if request.dialect == DIALECT:
        body |= request.extra
    return body | {"prompt": "".join(message.text for message in request.messages)}


def parse_result(body: dict[str, Any]) -> LLMResult:
    """:raises ServerUnavailable: if the body is no text completion"""
    try:
        choices = [
            Choice(
                message=Message.assistant(choice["text"]),
                finish_reason=parse_finish_reason(choice.get("finish_reason")),
                logprobs=choice.get("logprobs"),
            )
            for choice in body["choices"]
        ]
        first = choices[0]
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ServerUnavailable(f"The vendor's answer is no text completion: {error!r}.") from None
    return LLMResult(
        message=first.message,
        finish_reason=first.finish_reason,
        logprobs=first.logprobs,
        usage=parse_usage(body.get("usage")),
        model=str(body.get("model") or ""),
        alternatives=choices[1:],
    )


async def parse_stream(events: AsyncIterator[ServerSentEvent]) -> AsyncIterator[LLMEvent]:
    """:raises ServerUnavailable: for an error event, or what is no chunk"""
    async for event in events:
        if event.data == "[DONE]":
            return
        try:
            chunk = orjson.loads(event.data)
            for choice in chunk.get("choices") or ():
                if choice.get("text"):
                    yield TextDelta(choice["text"], choice.get("index") or 0, choice.get("logprobs"))
                if choice.get("finish_reason"):
                    yield StreamEnd(parse_finish_reason(choice["finish_reason"]), choice.get("index") or 0)
            if chunk.get("usage"):
                yield UsageReport(parse_usage(chunk["usage"]))
        except (orjson.JSONDecodeError, TypeError, AttributeError, KeyError) as error:
            raise ServerUnavailable(f"The vendor's stream holds what is no chunk of a completion: {error!r}.") from None


def _completion(identity: str, model: str, created: int, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": identity, "object": "text_completion", "created": created, "model": model, "choices": choices}


def render_result(result: LLMResult, request: LLMRequest | None = None) -> dict[str, Any]:
    """OpenAI's `text_completion` object."""
    first = Choice(message=result.message, finish_reason=result.finish_reason, logprobs=result.logprobs)
    choices = [
        {
            "text": choice.message.text,
            "index": index,
            "logprobs": choice.logprobs,
            "finish_reason": render_finish_reason(choice.finish_reason),
        }
        for index, choice in enumerate([first, *result.alternatives])
    ]
    model = result.model or (request.model if request else "")
    return _completion(result.id, model, result.created, choices) | {"usage": render_usage(result.usage)}


async def render_stream(events: AsyncIterator[LLMEvent], request: LLMRequest) -> AsyncIterator[bytes]:
    """The stream as OpenAI sends it. An error in mid-stream becomes an error event, and no `[DONE]` follows."""
    identity, model, created, usage = f"cmpl-{uuid.uuid4().hex}", request.model, int(time.time()), Usage()
    try:
        async for event in events:
            finish: str | None = None
            text = ""
            match event:
                case StreamStart():
                    identity, model = event.id or identity, event.model or model
                    continue
                case UsageReport():
                    usage = event.usage
                    continue
                case TextDelta():
                    text = event.text
                case StreamEnd():
                    finish = render_finish_reason(event.finish_reason)
                case _:
                    continue
            choice = {"text": text, "index": event.choice, "logprobs": None, "finish_reason": finish}
            yield encode(orjson.dumps(_completion(identity, model, created, [choice])))
    except JackfieldError as error:
        yield encode(orjson.dumps(render_error(error)))
        return
    if request.include_usage:
        yield encode(orjson.dumps(_completion(identity, model, created, []) | {"usage": render_usage(usage)}))
    yield b"data: [DONE]\n\n"
