"""Content blocks of Anthropic's messages: wire to contract and back: https://docs.anthropic.com/en/api/messages"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from jackfield.contract import (
    AudioPart,
    BadRequest,
    Blob,
    FilePart,
    ImagePart,
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
from ..citations import for_messages
from ..counts import dicts, members
from ..media import decode_base64, encode_base64, sniff

DIALECT = "anthropic.messages"

_KNOWN: Mapping[str, frozenset[str]] = {
    "text": frozenset({"text", "citations"}),
    "image": frozenset({"source"}),
    "document": frozenset({"source", "title", "context", "citations"}),
    "thinking": frozenset({"thinking", "signature"}),
    "redacted_thinking": frozenset({"data"}),
    "tool_use": frozenset({"id", "name", "input"}),
    "tool_result": frozenset({"tool_use_id", "content", "is_error"}),
}
"""The types of blocks that the contract has a place for, and their members."""

_ALWAYS = frozenset({"type", "cache_control"})
_ID = re.compile(r"[a-zA-Z0-9_-]+")


def parse_cache(block: dict[str, Any]) -> str | None:
    """`cache_control` as the contract has it: its TTL, or "default"."""
    control = block.get("cache_control")
    return str(control.get("ttl") or "default") if isinstance(control, dict) else None


def build_cache(cache: str | None) -> dict[str, Any]:
    """The member `cache_control`, if there is one. TTLs that other vendors know are left to the default."""
    if cache is None:
        return {}
    return {"cache_control": {"type": "ephemeral"} | ({"ttl": cache} if cache in ("5m", "1h") else {})}


def parse_blocks(content: object, param: str, *, answered: bool = False) -> list[Part]:
    """A message's `content`: a string or a list of blocks.

    :param answered: the blocks are an answer's, in which members of no meaning to the contract do not matter; in a request,
        a block that has some is kept as it is
    :raises BadRequest: naming the block at fault
    """
    if isinstance(content, str):
        return [TextPart(content)]
    if not isinstance(content, list):
        raise BadRequest(f"`{param}` must be a string or a list of blocks.", param=param)
    parts: list[Part] = []
    for index, block in enumerate(content):
        where = f"{param}.{index}"
        if not isinstance(block, dict) or not isinstance(kind := block.get("type"), str):
            raise BadRequest(f"`{where}` must be an object with a `type`.", param=where)
        if kind not in _KNOWN or (not answered and _holds_more(block, kind)):
            parts.append(OpaquePart(DIALECT, block))
            continue
        try:
            parts.append(_parse_block(block, where))
        except (KeyError, TypeError, AttributeError) as error:
            raise BadRequest(f"`{where}` is no whole `{kind}` block: {error} is missing or wrong.", param=where) from None
    return parts


def _holds_more(block: dict[str, Any], kind: str) -> bool:
    if kind == "document" and members(block.get("source")).get("type") == "content":
        return True
    if kind == "tool_use":  # what a call holds beyond goes with it
        return False
    return any(value is not None for name, value in block.items() if name not in _ALWAYS and name not in _KNOWN[kind])


def _parse_block(block: dict[str, Any], param: str) -> Part:
    cache = parse_cache(block)
    match block["type"]:
        case "text":
            return TextPart(_string(block["text"], f"{param}.text"), cache=cache, citations=dicts(block.get("citations")))
        case "image":
            return ImagePart(_parse_source(block["source"], f"{param}.source"), cache=cache)
        case "document":
            return FilePart(
                _parse_source(block["source"], f"{param}.source"),
                title=block.get("title"),
                context=block.get("context"),
                cache=cache,
                citations=members(block.get("citations")).get("enabled"),
            )
        case "thinking":
            return ReasoningPart(_string(block["thinking"], f"{param}.thinking"), signature=block.get("signature") or None)
        case "redacted_thinking":
            return ReasoningPart(redacted=_string(block["data"], f"{param}.data"))
        case "tool_use":
            arguments = orjson.dumps(block["input"]).decode()
            known = _ALWAYS | _KNOWN["tool_use"]
            extra = {name: value for name, value in block.items() if name not in known and value is not None}
            identity, name = _string(block["id"], f"{param}.id"), _string(block["name"], f"{param}.name")
            return ToolCall(identity, name, arguments, cache, extra)
    return _parse_tool_result(block, param)


def _string(value: object, param: str) -> str:
    if not isinstance(value, str):
        raise BadRequest(f"`{param}` must be a string.", param=param)
    return value


def _parse_tool_result(block: dict[str, Any], param: str) -> Part:
    content = block.get("content") or ""
    if not isinstance(content, str):
        parts = parse_blocks(content, f"{param}.content")
        known = [part for part in parts if isinstance(part, TextPart | ImagePart | FilePart)]
        if len(known) < len(parts):
            return OpaquePart(DIALECT, block)
        content = known
    call_id = _string(block["tool_use_id"], f"{param}.tool_use_id")
    return ToolResult(call_id, content, is_error=block.get("is_error") is True, cache=parse_cache(block))


def _parse_source(source: dict[str, Any], param: str) -> Blob:
    match source["type"]:
        case "base64":
            return Blob(media_type=source["media_type"], data=decode_base64(source["data"], f"{param}.data"))
        case "url":
            return Blob(url=_string(source["url"], f"{param}.url"))
        case "file":
            return Blob(file_id=_string(source["file_id"], f"{param}.file_id"))
        case "text":
            return Blob(media_type="text/plain", data=source["data"].encode())
    raise BadRequest(f"`{param}.type` must be base64, url, file or text.", param=f"{param}.type")


def build_blocks(parts: Iterable[Part], *, own: bool = True) -> list[dict[str, Any]]:
    """:param own: the parts came in this dialect, so that what its calls hold beyond the contract goes back with them

    :raises UnsupportedParameter: for a part that this dialect has no form for
    """
    return [block for part in parts if (block := _build_block(part, own=own)) is not None]


def _build_block(part: Part, *, own: bool) -> dict[str, Any] | None:
    match part:
        case TextPart():
            citations = for_messages(part.citations)
            return _text(part.text, {"citations": citations} if citations else {}, part.cache)
        case RefusalPart():
            return _text(part.text)
        case AudioPart() if part.transcript:
            return _text(part.transcript)
        case ImagePart():
            return {"type": "image", "source": _build_source(part.blob, "image/png")} | build_cache(part.cache)
        case FilePart():
            return _build_file(part)
        case ReasoningPart():
            return _build_reasoning(part)
        case ToolCall():
            call = {"type": "tool_use", "id": tool_id(part.id), "name": part.name, "input": _arguments(part)}
            return call | (part.extra if own else {}) | build_cache(part.cache)
        case ToolResult():
            content = part.content if isinstance(part.content, str) else build_blocks(part.content)
            error = {"is_error": True} if part.is_error else {}
            result = {"type": "tool_result", "tool_use_id": tool_id(part.call_id), "content": content}
            return result | error | build_cache(part.cache)
        case OpaquePart(dialect=dialect, body=body) if dialect == DIALECT:
            return body
    kind = f"{part.dialect} part `{part.body.get('type')}`" if isinstance(part, OpaquePart) else type(part).__name__
    raise UnsupportedParameter(f"This model's API has no form for a {kind} in a message.", param="messages")


def _text(text: str, beside: dict[str, Any] | None = None, cache: str | None = None) -> dict[str, Any] | None:
    """A block of text, but for empty text, which the API refuses."""
    return {"type": "text", "text": text} | (beside or {}) | build_cache(cache) if text else None


def _build_reasoning(part: ReasoningPart) -> dict[str, Any] | None:
    """A block, but for thoughts without a seal, and with another vendor's, which the API refuses."""
    if any(seals.is_openai(seal) or seals.is_marked(seal) for seal in (part.redacted, part.signature) if seal):
        return None
    if part.redacted:
        return {"type": "redacted_thinking", "data": part.redacted}
    return {"type": "thinking", "thinking": part.text, "signature": part.signature} if part.signature else None


def tool_id(identity: str) -> str:
    """An id that the API takes; some vendors write `functions.name:0`. The same in a call and in its result."""
    if _ID.fullmatch(identity):
        return identity
    return f"{re.sub('[^a-zA-Z0-9_-]', '_', identity)}_{zlib.crc32(identity.encode()):08x}"


def _arguments(call: ToolCall) -> Any:
    try:
        arguments = orjson.loads(call.arguments or "{}")
    except orjson.JSONDecodeError:
        arguments = None
    # The model's own text may be broken JSON; the API takes objects only, so it is sent back as what it was.
    return arguments if isinstance(arguments, dict) else {"arguments": call.arguments}


def _build_file(part: FilePart) -> dict[str, Any]:
    kind = part.blob.media_type or (sniff(part.blob.data) if part.blob.data else None) or ""
    if kind.startswith("image/"):
        return {"type": "image", "source": _build_source(part.blob, kind)} | build_cache(part.cache)
    block: dict[str, Any] = {"type": "document", "source": _build_source(part.blob, "application/pdf")}
    title = part.title or part.blob.name
    block |= {"title": title} if title else {}
    block |= {"context": part.context} if part.context else {}
    block |= {"citations": {"enabled": part.citations}} if part.citations is not None else {}
    return block | build_cache(part.cache)


def _build_source(blob: Blob, unknown: str) -> dict[str, Any]:
    """:param unknown: the media type of bytes that do not tell theirs"""
    if blob.file_id is not None:
        return {"type": "file", "file_id": blob.file_id}
    if blob.url is not None:
        return {"type": "url", "url": blob.url}
    data = blob.data or b""
    kind = (blob.media_type or sniff(data) or unknown).partition(";")[0]
    if kind.startswith("text/") or kind == "application/json":
        return {"type": "text", "media_type": "text/plain", "data": data.decode("utf-8", "replace")}
    return {"type": "base64", "media_type": kind, "data": encode_base64(data)}
