"""The messages of a chat, and the documents it is to cite: https://docs.cohere.com/v2/reference/chat"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jackfield_sdk import (
    AudioPart,
    FilePart,
    ImagePart,
    LLMRequest,
    OpaquePart,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResult,
    UnsupportedParameter,
    blobs,
)
from jackfield_sdk.dialects import extras

DIALECT = "cohere.chat"
"""The name under which a library's caller writes members of Cohere's own; the gateway serves no such dialect."""


def build_messages(request: LLMRequest, *, thinks: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Messages, and the documents that stand in those of the user.

    :param thinks: whether the model has thoughts of its own, which are sent back; else what it thought before it called a tool
        goes back as its plan, and other thoughts are left out
    :raises UnsupportedParameter: for a part that Cohere has no form for
    """
    built: list[dict[str, Any]] = []
    documents: list[dict[str, Any]] = []
    for number, message in enumerate(request.messages):
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        files = [part for part in message.parts if _is_document(part)]
        rest = [part for part in message.parts if not isinstance(part, ToolResult) and not _is_document(part)]
        built += [_build_result(result) for result in results]
        documents += [_build_document(file) for file in files if isinstance(file, FilePart)]
        extra = extras.message_extra(message.extra, number, request, DIALECT)
        if message.role == "assistant":
            one = _build_assistant(rest, thinks=thinks)
        elif message.role == "system":
            one = {"role": "system", "content": _build_texts(rest)} if rest else None
        else:
            one = {"role": "user", "content": _build_content(rest)} if rest else None
        if one is not None:
            built.append(one | extra)
    return built, documents


def _is_document(part: Part) -> bool:
    return isinstance(part, FilePart) and not (part.blob.media_type or "").startswith("image/")


def _build_document(file: FilePart) -> dict[str, Any]:
    """A document to be cited; Cohere reads text, and whatever else is told of it.

    :raises UnsupportedParameter: for what is no text
    """
    kind = file.blob.media_type or "text/plain"
    readable = kind.startswith("text/") or kind == "application/json"
    try:
        text = blobs.to_bytes(file.blob).decode() if readable else None
    except UnicodeDecodeError:
        text = None
    if text is None:
        what = f"This model reads documents of text, and no {kind if not readable else 'other files'}."
        raise UnsupportedParameter(what, param="messages", advice="Send the text of the document.")
    told = {"title": file.title or file.blob.name, "context": file.context, "text": text}
    return {"data": {name: value for name, value in told.items() if value}}


def _build_result(result: ToolResult) -> dict[str, Any]:
    content: Any = result.told
    if not isinstance(content, str):
        blocks = [_build_result_block(part) for part in content]
        texts = [block["text"] for block in blocks if block["type"] == "text"]
        content = "\n".join(texts) if len(texts) == len(blocks) else blocks
    return {"role": "tool", "tool_call_id": result.call_id, "content": content}


def _build_result_block(part: TextPart | ImagePart | FilePart) -> dict[str, Any]:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case FilePart() if _is_document(part):
            return {"type": "document", "document": _build_document(part)}
    raise UnsupportedParameter("This model takes text and documents from a tool, and no images.", param="messages")


def _build_assistant(parts: Sequence[Part], *, thinks: bool) -> dict[str, Any] | None:
    """None if nothing is left of the message, which Cohere would refuse."""
    thoughts = "".join(part.text for part in parts if isinstance(part, ReasoningPart))
    said = [part for part in parts if not isinstance(part, ReasoningPart | ToolCall)]
    calls = [_build_call(part) for part in parts if isinstance(part, ToolCall)]
    text = _build_texts(said, joint="")
    built: dict[str, Any] = {"role": "assistant"}
    if thoughts and thinks and (text or calls):
        built["content"] = [{"type": "thinking", "thinking": thoughts}, *([{"type": "text", "text": text}] if text else [])]
    elif text:
        built["content"] = text
    if calls:
        built["tool_calls"] = calls
        if thoughts and not thinks:
            built["tool_plan"] = thoughts
    return built if len(built) > 1 else None


def _build_call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}


def _build_texts(parts: Sequence[Part], joint: str = "\n") -> str:
    """:raises UnsupportedParameter: for what is no text"""
    return joint.join(_text_of(part) for part in parts)


def _text_of(part: Part) -> str:
    match part:
        case TextPart() | RefusalPart():
            return part.text
        case AudioPart() if part.transcript:
            return part.transcript
    raise _no_form_for(part)


def _build_content(parts: Sequence[Part]) -> str | list[dict[str, Any]]:
    """Plain text as a string, and with images as blocks."""
    if any(isinstance(part, ImagePart | FilePart | OpaquePart) for part in parts):
        return [_build_block(part) for part in parts]
    return _build_texts(parts)


def _build_block(part: Part) -> dict[str, Any]:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case ImagePart():
            detail = {"detail": part.detail} if part.detail else {}
            return {"type": "image_url", "image_url": {"url": blobs.to_url(part.blob)} | detail}
        case FilePart():  # an image, as documents were taken out
            return {"type": "image_url", "image_url": {"url": blobs.to_url(part.blob)}}
        case OpaquePart(dialect=dialect, body=body) if dialect == DIALECT:
            return body
    raise _no_form_for(part)


def _no_form_for(part: Part) -> UnsupportedParameter:
    return UnsupportedParameter(f"This model's API has no form for a {type(part).__name__} in a message.", param="messages")
