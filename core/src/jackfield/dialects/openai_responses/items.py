"""Items of OpenAI's responses, of the input and of the output, as they are read.

https://platform.openai.com/docs/api-reference/responses/create, …/responses/object
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.contract import (
    AudioPart,
    BadRequest,
    Blob,
    FilePart,
    ImagePart,
    Message,
    OpaquePart,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResult,
)

from ..counts import dicts
from ..media import decode_base64, parse_data_url, parse_file_data

DIALECT = "openai.responses"
REDACTED = "redacted:"
"""Stands in `encrypted_content` before reasoning that its vendor gave in sealed form only, so that it goes back as that."""

_CALL = frozenset({"type", "id", "call_id", "name", "arguments", "status"})
_OUTPUT = frozenset({"type", "id", "call_id", "output", "status"})
_PARTS: Mapping[str, frozenset[str]] = {
    "input_text": frozenset({"text"}),
    "output_text": frozenset({"text", "annotations", "logprobs"}),
    "text": frozenset({"text"}),
    "refusal": frozenset({"refusal"}),
    "input_image": frozenset({"image_url", "file_id", "detail"}),
    "input_file": frozenset({"file_id", "file_url", "file_data", "filename"}),
    "input_audio": frozenset({"input_audio"}),
}
_ALWAYS = frozenset({"type", "prompt_cache_breakpoint"})


def parse_items(wired: object) -> list[Message]:
    """The request's `input`: a string, or a list of items.

    :raises BadRequest: naming the item at fault
    """
    if isinstance(wired, str):
        return [Message.user(wired)]
    if not isinstance(wired, list) or not wired:
        raise BadRequest("`input` must be a string or a list of items.", param="input")
    messages: list[Message] = []
    for index, item in enumerate(wired):
        param = f"input.{index}"
        if not isinstance(item, dict):
            raise BadRequest(f"`{param}` must be an object.", param=param)
        try:
            message = _parse_item(item, param)
        except (KeyError, TypeError, AttributeError) as error:
            raise BadRequest(f"`{param}` is no whole item: {error} is missing or wrong.", param=param) from None
        # Reasoning, text and calls of one turn are items of their own here, and parts of one message there.
        last = messages[-1] if messages else None
        if last is not None and message.role == last.role == "assistant" and _go_together(last, message):
            last.parts += message.parts
            last.extra |= message.extra
        else:
            messages.append(message)
    return messages


def _go_together(one: Message, other: Message) -> bool:
    return not one.extra or not other.extra or one.extra == other.extra


def _parse_item(item: dict[str, Any], param: str) -> Message:
    kind = item.get("type") or "message"
    match kind:
        case "message":
            role = {"developer": "system"}.get(item["role"], item["role"])
            if role not in ("system", "user", "assistant"):
                raise BadRequest(f"`{param}.role` must be system, developer, user or assistant.", param=f"{param}.role")
            known = ("type", "role", "content", "id", "status")
            extra = {name: value for name, value in item.items() if name not in known and value is not None}
            return Message(role, parse_content(item["content"], f"{param}.content"), extra=extra)
        case "function_call":
            return Message("assistant", [parse_call(item)])
        case "function_call_output" if not _beyond(item, _OUTPUT):
            return Message("tool", [_parse_output(item, param)])
        case "reasoning":
            return Message("assistant", [parse_reasoning(item)])
    return Message("assistant" if kind.endswith("_call") else "user", [OpaquePart(DIALECT, item)])


def _beyond(item: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in known and value is not None}


def _parse_output(item: dict[str, Any], param: str) -> ToolResult:
    output = item["output"]
    if not isinstance(output, str):
        parts = parse_content(output, f"{param}.output")
        output = [part for part in parts if isinstance(part, TextPart | ImagePart | FilePart)]
        if len(output) < len(parts):
            raise BadRequest(f"`{param}.output` may hold text, images and files only.", param=f"{param}.output")
    return ToolResult(_string(item["call_id"]), output)


def parse_call(item: dict[str, Any]) -> ToolCall:
    """A call of a function. :raises KeyError: and TypeError, for what is none"""
    identity, name, arguments = (_string(item[member]) for member in ("call_id", "name", "arguments"))
    return ToolCall(identity, name, arguments, extra=_beyond(item, _CALL))


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} where a string belongs")
    return value


def parse_reasoning(item: dict[str, Any]) -> ReasoningPart:
    """A reasoning item; its sealed content is what the vendor wants back."""
    texts = dicts(item.get("content")) or dicts(item.get("summary"))
    text = "\n\n".join(_string(part["text"]) for part in texts)
    sealed, identity = item.get("encrypted_content"), item.get("id")
    identity = identity if isinstance(identity, str) else None
    if isinstance(sealed, str) and sealed.startswith(REDACTED):
        return ReasoningPart(text, redacted=sealed.removeprefix(REDACTED), id=identity)
    return ReasoningPart(text, signature=sealed if isinstance(sealed, str) and sealed else None, id=identity)


def parse_content(content: object, param: str, *, answered: bool = False) -> list[Part]:
    """A message's `content`: a string or a list of parts.

    :param answered: the parts are an answer's, in which members of no meaning to the contract do not matter
    """
    if isinstance(content, str):
        return [TextPart(content)]
    if not isinstance(content, list):
        raise BadRequest(f"`{param}` must be a string or a list of parts.", param=param)
    return [_parse_part(part, f"{param}.{index}", answered=answered) for index, part in enumerate(content)]


def is_content(body: dict[str, Any]) -> bool:
    """Whether what the contract does not know is a part of a message, and no item of its own."""
    kind = str(body.get("type", ""))
    return kind in _PARTS or kind.startswith(("input_", "output_")) or kind in ("summary_text", "computer_screenshot")


def _parse_part(part: dict[str, Any], param: str, *, answered: bool) -> Part:
    kind = part["type"]
    if kind not in _PARTS or (not answered and _beyond(part, _PARTS[kind] | _ALWAYS)):
        return OpaquePart(DIALECT, part)
    control = part.get("prompt_cache_breakpoint")
    cache = str(control.get("ttl") or "default") if isinstance(control, dict) else None
    match kind:
        case "input_text" | "output_text" | "text":
            if not isinstance(part["text"], str):
                raise BadRequest(f"`{param}.text` must be a string.", param=f"{param}.text")
            return TextPart(part["text"], cache=cache, citations=dicts(part.get("annotations")))
        case "refusal":
            return RefusalPart(_string(part["refusal"]))
        case "input_image":
            if part.get("file_id"):
                blob = Blob(file_id=_string(part["file_id"]))
            else:
                blob = parse_data_url(part["image_url"], f"{param}.image_url")
            return ImagePart(blob, detail=part.get("detail"), cache=cache)
        case "input_audio":
            audio = part["input_audio"]
            data = decode_base64(audio["data"], f"{param}.input_audio.data")
            return AudioPart(Blob(media_type=f"audio/{_string(audio['format'])}", data=data))
    if part.get("file_id"):
        blob = Blob(file_id=_string(part["file_id"]))
    elif part.get("file_url"):
        blob = Blob(url=_string(part["file_url"]))
    else:
        blob = parse_file_data(part["file_data"], f"{param}.file_data")
    blob.name = part.get("filename")
    return FilePart(blob, cache=cache)
