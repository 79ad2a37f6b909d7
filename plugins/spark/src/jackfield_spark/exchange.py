"""Spark's websocket: https://www.xfyun.cn/doc/spark/Web.html, https://www.xfyun.cn/doc/spark/X1ws.html

One question, one connection: `{"header": {app_id}, "parameter": {"chat": {…}}, "payload": {"message": {"text": […]}}}` is
answered by messages `{"header": {code, sid}, "payload": {"choices": {status, text: […]}}}`, of which the last has the status 2
and the usage.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

from jackfield_sdk import (
    CallContext,
    LLMEvent,
    LLMRequest,
    Message,
    ReasoningDelta,
    ReasoningPart,
    ServerUnavailable,
    StreamEnd,
    StreamStart,
    TextDelta,
    TextPart,
    Tool,
    ToolCall,
    ToolCallDelta,
    UnsupportedParameter,
    UsageReport,
    VendorHTTP,
)
from jackfield_sdk.dialects import openai_chat
from jackfield_sdk.websocket import connect

from .errors import error_inside

_SAMPLING = ("temperature", "top_k", "max_tokens", "presence_penalty", "frequency_penalty")
_LAST = 2


def build(request: LLMRequest, domain: str, app_id: str) -> dict[str, Any]:
    """The question, but for how the model thinks.

    :raises UnsupportedParameter: by name, for what only HTTP has, unless `drop_unsupported`
    """
    if request.output is not None and request.output.kind != "text":
        _refuse(request, "response_format")
    chat: dict[str, Any] = {"domain": domain}
    for name, value in request.sampling.given().items():
        if name in _SAMPLING:
            chat[name] = value
        elif not (name == "reasoning_effort" or (name == "n" and value == 1)):
            _refuse(request, name)
    header = {"app_id": app_id} | ({"uid": request.user[:32]} if request.user else {})
    payload: dict[str, Any] = {"message": {"text": [_message(message) for message in request.messages]}}
    if functions := _functions(request):
        payload["functions"] = {"text": functions}
    return {"header": header, "parameter": {"chat": chat | request.extra}, "payload": payload}


def _refuse(request: LLMRequest, name: str) -> None:
    if not request.drop_unsupported:
        message = f"The websocket does not take the parameter `{name}`."
        raise UnsupportedParameter(message, param=name, advice="Leave it out, or choose HTTP in the credential.")


def _functions(request: LLMRequest) -> list[dict[str, Any]]:
    mode = request.tool_choice.mode if request.tool_choice is not None else "auto"
    if mode == "none":
        return []
    if request.tools and mode != "auto":
        _refuse(request, "tool_choice")
    functions = []
    for tool in request.tools:
        if isinstance(tool, Tool):
            functions.append({"name": tool.name, "description": tool.description or "", "parameters": tool.parameters})
        else:
            _refuse(request, "tools")
    return functions


def _message(message: Message) -> dict[str, Any]:
    """:raises UnsupportedParameter: for what is neither text nor a call; there is no form for what a tool returned"""
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    if not all(isinstance(part, TextPart | ToolCall | ReasoningPart) for part in message.parts) or len(calls) > 1:
        text = "The websocket takes text, and the call of one tool; results of tools go by HTTP."
        raise UnsupportedParameter(text, param="messages", advice="Choose HTTP in the credential.")
    built: dict[str, Any] = {"role": message.role, "content": message.text}
    if calls:
        built["function_call"] = {"name": calls[0].name, "arguments": calls[0].arguments}
    return built


async def talk(context: CallContext, url: str, question: dict[str, Any], http: VendorHTTP) -> AsyncIterator[LLMEvent]:
    """Ask, and take in what is answered. Closing it closes the connection, which stops the model.

    :raises JackfieldError: by the vendor's table; ConnectionFailed, ServerUnavailable, Timeout
    """
    answer = _Answer()
    async with connect(context, url, http=http) as socket:
        await socket.send(question)
        async for message in socket.messages():
            vendor = error_inside(message)
            if vendor is not None:
                raise http.failure(vendor, context)
            for event in answer.events(message):
                yield event
            if answer.over:
                return


class _Answer:
    """Messages to events: what was begun, and whether it is over."""

    def __init__(self) -> None:
        self.over = False
        self._started = False
        self._calls = 0

    def events(self, message: dict[str, Any]) -> Iterator[LLMEvent]:
        """:raises ServerUnavailable: for what is no message of an answer"""
        try:
            yield from self._events(message["header"], message.get("payload") or {})
        except (KeyError, TypeError, AttributeError) as error:
            raise ServerUnavailable(f"The vendor's message is none of an answer: {error!r}.") from None

    def _events(self, header: dict[str, Any], payload: dict[str, Any]) -> Iterator[LLMEvent]:
        if not self._started and header.get("sid"):
            self._started = True
            yield StreamStart(str(header["sid"]), "")
        choices = payload.get("choices") or {}
        for item in choices.get("text") or ():
            yield from self._item(item)
        if usage := (payload.get("usage") or {}).get("text"):
            yield UsageReport(openai_chat.parse_usage(usage))
        if choices.get("status") == _LAST or header.get("status") == _LAST:
            self.over = True
            yield StreamEnd("tool_calls" if self._calls else "stop")

    def _item(self, item: dict[str, Any]) -> Iterator[LLMEvent]:
        if thought := item.get("reasoning_content"):
            yield ReasoningDelta(str(thought))
        if text := item.get("content"):
            yield TextDelta(str(text))
        if call := item.get("function_call"):
            identity = f"call_{uuid.uuid4().hex[:24]}"
            yield ToolCallDelta(self._calls, identity, str(call["name"]), str(call.get("arguments") or "{}"))
            self._calls += 1
