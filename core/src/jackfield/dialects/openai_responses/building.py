"""Items of OpenAI's responses, as they are sent: https://platform.openai.com/docs/api-reference/responses/create"""

from __future__ import annotations

from typing import Any

from jackfield.contract import (
    AudioPart,
    Blob,
    FilePart,
    ImagePart,
    LLMRequest,
    Message,
    OpaquePart,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResult,
    UnsupportedParameter,
)

from .. import seals
from ..citations import for_responses
from ..extras import message_extra, refuse
from ..media import encode_base64, encode_data_url
from .items import DIALECT, is_content
from .options import ResponsesOptions


def build_items(request: LLMRequest, options: ResponsesOptions) -> list[dict[str, Any]]:
    """:raises UnsupportedParameter: for a part that this dialect has no form for"""
    builder = _Builder(request, options)
    for number, message in enumerate(request.messages):
        builder.add(message, message_extra(message.extra, number, request, DIALECT))
    return builder.items


class _Builder:
    """Items in the order of the parts; neighbouring parts of a message's content share an item."""

    def __init__(self, request: LLMRequest, options: ResponsesOptions) -> None:
        self.items: list[dict[str, Any]] = []
        self._request = request
        self._own = request.dialect in (None, DIALECT)
        self._cache = options.cache or request.dialect == DIALECT
        self._content: list[dict[str, Any]] = []

    def add(self, message: Message, extra: dict[str, Any]) -> None:
        """One message."""
        for part in message.parts:
            match part:
                case ReasoningPart() | ToolCall() | ToolResult():
                    item = self._item(part)
                case OpaquePart(dialect=dialect, body=body) if dialect == DIALECT and not is_content(body):
                    item = body
                case _:
                    self._content += self._parts(part, message.role)
                    continue
            if item is not None:
                self._flush(message, extra)
                self.items.append(item)
        self._flush(message, extra)

    def _flush(self, message: Message, extra: dict[str, Any]) -> None:
        if self._content:
            self.items.append({"type": "message", "role": message.role, "content": self._content, **extra})
            self._content = []

    def _item(self, part: ReasoningPart | ToolCall | ToolResult) -> dict[str, Any] | None:
        match part:
            case ReasoningPart():
                return _reasoning(part)
            case ToolCall():
                call = {"type": "function_call", "call_id": part.id, "name": part.name, "arguments": part.arguments}
                return call | (part.extra if self._own else {})
            case ToolResult():
                output: Any = part.told
                if not isinstance(output, str):
                    output = [built for one in output for built in self._parts(one, "user")]
                return {"type": "function_call_output", "call_id": part.call_id, "output": output}

    def _parts(self, part: Part, role: str) -> list[dict[str, Any]]:
        if isinstance(part, FilePart):
            if part.citations:
                refuse(self._request, "citations")
            context = [{"type": "input_text", "text": part.context}] if part.context else []
            return [*context, _build_part(part, role) | self._breakpoint(part.cache)]
        cache = part.cache if isinstance(part, TextPart | ImagePart) and role != "assistant" else None
        return [_build_part(part, role) | self._breakpoint(cache)]

    def _breakpoint(self, cache: str | None) -> dict[str, Any]:
        if cache is None or not self._cache:
            return {}
        return {"prompt_cache_breakpoint": {"mode": "explicit"} | ({"ttl": cache} if cache in ("30m", "12h") else {})}


def _reasoning(part: ReasoningPart) -> dict[str, Any] | None:
    """Only the vendor's own sealed thoughts are taken back."""
    if not part.signature or part.redacted or seals.is_anthropic(part.signature) or seals.is_marked(part.signature):
        return None
    summary = [{"type": "summary_text", "text": part.text}] if part.text else []
    item = {"type": "reasoning", "summary": summary, "encrypted_content": part.signature}
    return item | ({"id": part.id} if part.id else {})


def _build_part(part: Part, role: str) -> dict[str, Any]:
    match part:
        case TextPart() if role == "assistant":
            annotations = for_responses(part.citations, 0, len(part.text))
            return {"type": "output_text", "text": part.text, "annotations": annotations}
        case TextPart():
            return {"type": "input_text", "text": part.text}
        case RefusalPart():
            return {"type": "refusal", "refusal": part.text}
        case AudioPart() if role == "assistant" and part.transcript:
            return {"type": "output_text", "text": part.transcript, "annotations": []}
        case AudioPart(blob=Blob(data=bytes(data), media_type=media_type)):
            kind = (media_type or "audio/wav").split("/")[-1].removeprefix("x-").replace("mpeg", "mp3")
            return {"type": "input_audio", "input_audio": {"data": encode_base64(data), "format": kind}}
        case ImagePart(blob=blob):
            where = {"file_id": blob.file_id} if blob.file_id else {"image_url": encode_data_url(blob, "input")}
            return {"type": "input_image", "detail": part.detail or "auto", **where}
        case FilePart(blob=Blob(file_id=str(file_id))):
            return {"type": "input_file", "file_id": file_id}
        case FilePart(blob=Blob(url=str(url))):
            return {"type": "input_file", "file_url": url}
        case FilePart(blob=blob):
            name = blob.name or part.title or "file"
            return {"type": "input_file", "filename": name, "file_data": encode_data_url(blob, "input")}
        case OpaquePart(dialect=dialect, body=body) if dialect == DIALECT:
            return body
    kind = f"{part.dialect} part `{part.body.get('type')}`" if isinstance(part, OpaquePart) else type(part).__name__
    raise UnsupportedParameter(f"This model's API has no form for a {kind} in a message.", param="input")
