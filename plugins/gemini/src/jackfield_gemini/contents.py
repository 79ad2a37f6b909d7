"""Messages as Gemini's contents: https://ai.google.dev/api/caching#Content"""

from __future__ import annotations

import json
from typing import Any, Final

from jackfield_sdk import (
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
    VideoPart,
)
from jackfield_sdk.blobs import media_type, to_base64

from .signatures import NO_SIGNATURE, of_call, unmarked

DIALECT: Final = "gemini.generate"
"""Parts, tools and members of this name are Gemini's own, and passed on as they are."""
FILES: Final = "https://generativelanguage.googleapis.com/v1beta/"
_TYPES: Final = {"audio/x-wav": "audio/wav", "audio/mpeg": "audio/mp3", "audio/wave": "audio/wav"}


def build_contents(request: LLMRequest) -> dict[str, Any]:
    """`contents` and `systemInstruction`: system messages move there, wherever they stand.

    :raises UnsupportedParameter: for a part that Gemini has no form for
    """
    names = {part.id: part.name for message in request.messages for part in message.parts if isinstance(part, ToolCall)}
    system: list[dict[str, Any]] = []
    contents: list[dict[str, Any]] = []
    for message in request.messages:
        if message.role == "system":
            system += [_build_system(part) for part in message.parts]
        elif message.role == "assistant":
            _append(contents, "model", _build_answer(message))
        else:
            for part in message.parts:
                for parts in _build_asked(part, names):
                    _append(contents, "user", parts)
    if not contents or contents[0]["role"] == "model":  # Gemini wants the user to begin
        contents.insert(0, {"role": "user", "parts": [{"text": ""}]})
    return {"contents": contents} | ({"systemInstruction": {"parts": system}} if system else {})


def _append(contents: list[dict[str, Any]], role: str, parts: list[dict[str, Any]]) -> None:
    """Add parts to the last content of the same role, or as a new one. Answers of tools stand for themselves."""
    if not parts:
        return
    last = contents[-1] if contents else None
    if (
        last is not None
        and last["role"] == role
        and ("functionResponse" in last["parts"][-1]) == ("functionResponse" in parts[0])
    ):
        last["parts"] += parts
    else:
        contents.append({"role": role, "parts": parts})


def _build_system(part: Part) -> dict[str, Any]:
    if not isinstance(part, TextPart):
        raise UnsupportedParameter("A system message may hold nothing but text.", param="messages")
    return {"text": part.text}


def _build_asked(part: Part, names: dict[str, str]) -> list[list[dict[str, Any]]]:
    """The parts of a user or a tool; what a tool shows beside text comes behind its answer."""
    if not isinstance(part, ToolResult):
        return [_build_shown(part)]
    text, shown = part.content, []
    if not isinstance(text, str):
        shown = [built for one in text if not isinstance(one, TextPart) for built in _build_shown(one)]
        text = "\n".join(one.text for one in text if isinstance(one, TextPart)) or "See the next message."
    name = part.name or names.get(part.call_id) or part.call_id
    response = {"id": part.call_id, "name": name, "response": {"error" if part.is_error else "output": text}}
    return [[{"functionResponse": response}], shown]


def _build_shown(part: Part) -> list[dict[str, Any]]:
    match part:
        case TextPart() | RefusalPart():
            return [{"text": part.text}]
        case ImagePart() | VideoPart():
            return [_build_blob(part.blob)]
        case AudioPart() if part.blob.data is not None or part.blob.url is not None:
            return [_build_blob(part.blob)]
        case FilePart():
            context = [{"text": part.context}] if part.context else []
            return [*context, _build_blob(part.blob)]
        case OpaquePart(dialect=dialect, body=body) if dialect == DIALECT:
            return [body]
    kind = f"{part.dialect} part `{part.body.get('type')}`" if isinstance(part, OpaquePart) else type(part).__name__
    raise UnsupportedParameter(f"Gemini has no form for a {kind} in a message.", param="messages")


def _build_blob(blob: Blob) -> dict[str, Any]:
    """Bytes, or an address that Google fetches (its own files, YouTube, any https): never we.

    https://ai.google.dev/gemini-api/docs/file-input-methods
    """
    where = blob.url
    if blob.file_id is not None:
        where = blob.file_id if "://" in blob.file_id else FILES + blob.file_id
    if where is not None:
        return {"fileData": {"fileUri": where} | ({"mimeType": blob.media_type} if blob.media_type else {})}
    kind = media_type(blob)
    return {"inlineData": {"mimeType": _TYPES.get(kind, kind), "data": to_base64(blob)}}


def _build_answer(message: Message) -> list[dict[str, Any]]:
    """An assistant's parts. Thoughts are not sent back, but their signatures in the part that follows them."""
    parts: list[dict[str, Any]] = []
    built: dict[str, Any]
    own = {signature for part in message.parts if isinstance(part, ToolCall) and (signature := of_call(part))}
    pending: str | None = None
    first_call = True
    for part in message.parts:
        match part:
            case ReasoningPart():
                signature = unmarked(part.signature)
                pending = signature if signature and signature not in own else pending
                continue
            case ToolCall():
                if pending and of_call(part):  # that of a text which came to nothing
                    parts.append({"text": "", "thoughtSignature": pending})
                    pending = None
                built = {"functionCall": {"id": part.id, "name": part.name, "args": _arguments(part)}}
                signature = of_call(part) or pending or (NO_SIGNATURE if first_call else None)
                first_call = False
            case AudioPart() if part.transcript:
                built, signature = {"text": part.transcript}, pending
            case _:
                (built, *more), signature = _build_shown(part), pending
                parts += [*more]
        parts.append(built | ({"thoughtSignature": signature} if signature else {}))
        pending = None
    return [*parts, {"text": "", "thoughtSignature": pending}] if pending else parts


def _arguments(call: ToolCall) -> dict[str, Any]:
    """What the model wrote, which may be no JSON; Gemini wants an object."""
    try:
        arguments = json.loads(call.arguments or "{}")
    except ValueError:
        arguments = None
    return arguments if isinstance(arguments, dict) else {"arguments": call.arguments}
