"""Content parts of OpenAI's chat: wire to contract and back.

https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
    VideoPart,
)

from ..counts import members
from ..media import decode_base64, encode_base64, encode_data_url, parse_data_url, parse_file_data
from .options import PLAIN, ChatOptions

DIALECT = "openai.chat"

_CACHE = ("cache_control", "prompt_cache_breakpoint")
_MEANINGLESS = (*_CACHE, "closed")  # `closed`: Mistral's thoughts are, but those that are to be gone on with
_INNER: Mapping[str, frozenset[str]] = {
    "text": frozenset(),
    "refusal": frozenset(),
    "thinking": frozenset(),
    "image_url": frozenset({"url", "detail"}),
    "input_audio": frozenset({"data", "format"}),
    "file": frozenset({"file_id", "file_data", "filename"}),
    "video_url": frozenset({"url"}),
}
"""The kinds of parts that the contract knows, and the members of what they hold."""


def parse_parts(content: object, param: str) -> list[Part]:
    """A message's `content`: a string, null, or a list of parts.

    :raises BadRequest: naming the part at fault
    """
    if content is None:
        return []
    if isinstance(content, str):
        return [TextPart(content)]
    if not isinstance(content, list):
        raise BadRequest(f"`{param}` must be a string or a list of parts.", param=param)
    return [_parse_part(part, f"{param}.{index}") for index, part in enumerate(content)]


def _parse_part(part: Any, param: str) -> Part:
    if isinstance(part, str):  # the official client's own helpers allow it in assistant messages
        return TextPart(part)
    if not isinstance(part, dict) or not isinstance(kind := part.get("type"), str):
        raise BadRequest(f"`{param}` must be an object with a `type`.", param=param)
    if not _is_known(part, kind):
        return OpaquePart(DIALECT, part)
    try:
        return _parse_known(part, kind, param)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadRequest(f"`{param}` is no whole part of type `{kind}`: {error} is missing or wrong.", param=param) from None


def _is_known(part: dict[str, Any], kind: str) -> bool:
    """Whether the contract has a place for all of the part; what it has none for is kept as it is, and not cut."""
    if kind not in _INNER:
        return False
    beside = {name for name, value in part.items() if value is not None}.difference(("type", kind), _MEANINGLESS)
    within = {name for name, value in members(part.get(kind)).items() if value is not None} - _INNER[kind]
    return not beside and not within


def _parse_known(part: dict[str, Any], kind: str, param: str) -> Part:
    match kind:
        case "text":
            return TextPart(_text(part["text"], f"{param}.text"), cache=parse_cache(part))
        case "refusal":
            return RefusalPart(_text(part["refusal"], f"{param}.refusal"))
        case "thinking":
            return ReasoningPart(thinking_text(part["thinking"]))
        case "image_url":
            image = part["image_url"]
            image = {"url": image} if isinstance(image, str) else image
            blob = parse_data_url(image["url"], f"{param}.image_url.url")
            return ImagePart(blob, detail=image.get("detail"), cache=parse_cache(part))
        case "input_audio":
            audio = part["input_audio"]
            data = decode_base64(audio["data"], f"{param}.input_audio.data")
            return AudioPart(Blob(media_type=f"audio/{_text(audio['format'], f'{param}.input_audio.format')}", data=data))
        case "file":
            file = part["file"]
            if file.get("file_id"):
                blob = Blob(file_id=_text(file["file_id"], f"{param}.file.file_id"))
            else:
                blob = parse_file_data(file["file_data"], f"{param}.file.file_data")
            blob.name = file.get("filename")
            return FilePart(blob, cache=parse_cache(part))
    return VideoPart(parse_data_url(part["video_url"]["url"], f"{param}.video_url.url"))


def _text(value: object, param: str) -> str:
    if not isinstance(value, str):
        raise BadRequest(f"`{param}` must be a string.", param=param)
    return value


def thinking_text(thinking: object) -> str:
    """The text of Mistral's parts that think: https://docs.mistral.ai/capabilities/reasoning/"""
    if isinstance(thinking, str):
        return thinking
    pieces = thinking if isinstance(thinking, list) else []
    return "".join(str(members(piece).get("text") or "") for piece in pieces)


def parse_cache(part: dict[str, Any]) -> str | None:
    """Whether a prefix ends here that may be kept: its TTL, or "default"."""
    control = next((part[name] for name in _CACHE if isinstance(part.get(name), dict)), None)
    return str(control.get("ttl") or "default") if control is not None else None


def _build_cache(cache: str | None, options: ChatOptions) -> dict[str, Any]:
    if cache is None or options.cache is None:
        return {}
    known = ("30m", "12h") if options.cache == "prompt_cache_breakpoint" else ("5m", "1h")
    ttl = {"ttl": cache} if cache in known else {}
    kind = {"mode": "explicit"} if options.cache == "prompt_cache_breakpoint" else {"type": "ephemeral"}
    return {options.cache: kind | ttl}


def build_part(part: Part, options: ChatOptions = PLAIN) -> dict[str, Any]:
    """A part as OpenAI writes it.

    :raises UnsupportedParameter: for a part that this dialect has no form for
    """
    match part:
        case TextPart():
            return {"type": "text", "text": part.text} | _build_cache(part.cache, options)
        case RefusalPart():
            return {"type": "refusal", "refusal": part.text}
        case ImagePart():
            image = {"url": encode_data_url(part.blob)} | ({"detail": part.detail} if part.detail else {})
            return {"type": "image_url", "image_url": image} | _build_cache(part.cache, options)
        case AudioPart(blob=Blob(data=bytes(data), media_type=media_type)):
            kind = (media_type or "audio/wav").split("/")[-1].removeprefix("x-").replace("mpeg", "mp3")
            return {"type": "input_audio", "input_audio": {"data": encode_base64(data), "format": kind}}
        case FilePart():
            where = {"file_id": part.blob.file_id} if part.blob.file_id else {"file_data": encode_data_url(part.blob)}
            name = part.blob.name or part.title
            return {"type": "file", "file": where | ({"filename": name} if name else {})} | _build_cache(part.cache, options)
        case VideoPart():
            return {"type": "video_url", "video_url": {"url": encode_data_url(part.blob)}}
        case OpaquePart(dialect=dialect, body=body) if dialect == DIALECT:
            return body
    kind = f"{part.dialect} part `{part.body.get('type')}`" if isinstance(part, OpaquePart) else type(part).__name__
    raise UnsupportedParameter(f"This model's API has no form for a {kind} in a message.", param="messages")


def build_content(parts: Sequence[Part], options: ChatOptions, joint: str = "") -> str | list[dict[str, Any]] | None:
    """Plain text as a string, which every compatible server takes; anything else as a list of parts.

    :param joint: stands between texts that are joined
    """
    shown = [part for part in parts if not isinstance(part, ReasoningPart | ToolCall | ToolResult)]
    if not shown:
        return None
    texts = [part for part in shown if isinstance(part, TextPart)]
    cached = options.cache is not None and any(text.cache for text in texts)
    if len(texts) == len(shown) and not cached and (len(texts) == 1 or not options.text_parts):
        return joint.join(text.text for text in texts)
    return [build_part(part, options) for part in shown]
