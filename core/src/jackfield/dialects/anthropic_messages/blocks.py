"""Content blocks of Anthropic's messages: wire to contract and back: https://docs.anthropic.com/en/api/messages"""

from __future__ import annotations

import base64
from typing import Any

import orjson

from jackfield.contract import (
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

from ..media import decode_base64

DIALECT = "anthropic.messages"


def parse_cache(block: dict[str, Any]) -> str | None:
    """`cache_control` as the contract has it: its TTL, or "default"."""
    control = block.get("cache_control")
    return (control.get("ttl") or "default") if isinstance(control, dict) else None


def build_cache(cache: str | None) -> dict[str, Any]:
    """The member `cache_control`, if there is one."""
    if cache is None:
        return {}
    return {"cache_control": {"type": "ephemeral"} | ({"ttl": cache} if cache != "default" else {})}


def parse_blocks(content: object, param: str) -> list[Part]:
    """A message's `content`: a string or a list of blocks.

    :raises BadRequest: naming the block at fault
    """
    if isinstance(content, str):
        return [TextPart(content)]
    if not isinstance(content, list):
        raise BadRequest(f"`{param}` must be a string or a list of blocks.", param=param)
    parts = []
    for index, block in enumerate(content):
        where = f"{param}.{index}"
        if not isinstance(block, dict) or not isinstance(block.get("type"), str):
            raise BadRequest(f"`{where}` must be an object with a `type`.", param=where)
        try:
            parts.append(_parse_block(block, where))
        except (KeyError, TypeError, AttributeError) as error:
            raise BadRequest(
                f"`{where}` is no whole `{block['type']}` block: {error} is missing or wrong.", param=where
            ) from None
    return parts


def _parse_block(block: dict[str, Any], param: str) -> Part:
    match block["type"]:
        case "text":
            if not isinstance(block["text"], str):
                raise BadRequest(f"`{param}.text` must be a string.", param=f"{param}.text")
            return TextPart(block["text"], cache=parse_cache(block), citations=block.get("citations") or [])
        case "image":
            return ImagePart(_parse_source(block["source"], f"{param}.source"), cache=parse_cache(block))
        case "document" if block["source"]["type"] != "content":
            citations = block.get("citations")
            return FilePart(
                _parse_source(block["source"], f"{param}.source"),
                title=block.get("title"),
                context=block.get("context"),
                cache=parse_cache(block),
                citations=citations.get("enabled") if isinstance(citations, dict) else None,
            )
        case "thinking":
            return ReasoningPart(block["thinking"], signature=block.get("signature"))
        case "redacted_thinking":
            return ReasoningPart(redacted=block["data"])
        case "tool_use":
            return ToolCall(block["id"], block["name"], orjson.dumps(block["input"]).decode(), cache=parse_cache(block))
        case "tool_result":
            return _parse_tool_result(block, param)
    return OpaquePart(DIALECT, block)


def _parse_tool_result(block: dict[str, Any], param: str) -> Part:
    content = block.get("content") or ""
    if not isinstance(content, str):
        parts = parse_blocks(content, f"{param}.content")
        known = [part for part in parts if isinstance(part, TextPart | ImagePart | FilePart)]
        if len(known) < len(parts):
            return OpaquePart(DIALECT, block)
        content = known
    return ToolResult(block["tool_use_id"], content, is_error=bool(block.get("is_error")), cache=parse_cache(block))


def _parse_source(source: dict[str, Any], param: str) -> Blob:
    match source["type"]:
        case "base64":
            return Blob(media_type=source["media_type"], data=decode_base64(source["data"], f"{param}.data"))
        case "url":
            return Blob(url=source["url"])
        case "file":
            return Blob(file_id=source["file_id"])
        case "text":
            return Blob(media_type="text/plain", data=source["data"].encode())
    raise BadRequest(f"`{param}.type` must be base64, url, file or text.", param=f"{param}.type")


def build_blocks(parts: list[Part]) -> list[dict[str, Any]]:
    """:raises UnsupportedParameter: for a part that this dialect has no form for"""
    return [block for part in parts if (block := _build_block(part)) is not None]


def _build_block(part: Part) -> dict[str, Any] | None:
    match part:
        case TextPart() | RefusalPart():
            if not part.text:
                return None  # the API refuses empty text
            citations = part.citations if isinstance(part, TextPart) else []
            anthropic = [citation for citation in citations if str(citation.get("type", "")).endswith("_location")]
            cache = part.cache if isinstance(part, TextPart) else None
            return {"type": "text", "text": part.text} | ({"citations": anthropic} if anthropic else {}) | build_cache(cache)
        case ImagePart():
            return {"type": "image", "source": _build_source(part.blob)} | build_cache(part.cache)
        case FilePart():
            block: dict[str, Any] = {"type": "document", "source": _build_source(part.blob)}
            title = part.title or part.blob.name
            block |= {"title": title} if title else {}
            block |= {"context": part.context} if part.context else {}
            block |= {"citations": {"enabled": part.citations}} if part.citations is not None else {}
            return block | build_cache(part.cache)
        case ReasoningPart():
            if part.redacted:
                return {"type": "redacted_thinking", "data": part.redacted}
            # Thoughts of another vendor carry no signature, and this one takes only its own.
            return {"type": "thinking", "thinking": part.text, "signature": part.signature} if part.signature else None
        case ToolCall():
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": _arguments(part)} | build_cache(part.cache)
        case ToolResult():
            content = part.content if isinstance(part.content, str) else build_blocks(list(part.content))
            error = {"is_error": True} if part.is_error else {}
            return {"type": "tool_result", "tool_use_id": part.call_id, "content": content} | error | build_cache(part.cache)
        case OpaquePart(dialect=dialect, body=body) if dialect == DIALECT:
            return body
    raise UnsupportedParameter(f"This model's API has no form for a {type(part).__name__} in a message.", param="messages")


def _arguments(call: ToolCall) -> Any:
    try:
        arguments = orjson.loads(call.arguments or "{}")
    except orjson.JSONDecodeError:
        arguments = None
    # The model's own text may be broken JSON; the API takes objects only, so it is sent back as what it was.
    return arguments if isinstance(arguments, dict) else {"arguments": call.arguments}


def _build_source(blob: Blob) -> dict[str, Any]:
    if blob.file_id is not None:
        return {"type": "file", "file_id": blob.file_id}
    if blob.url is not None:
        return {"type": "url", "url": blob.url}
    data = blob.data or b""
    if blob.media_type == "text/plain":
        return {"type": "text", "media_type": "text/plain", "data": data.decode("utf-8", "replace")}
    return {"type": "base64", "media_type": blob.media_type or "image/png", "data": base64.b64encode(data).decode()}
