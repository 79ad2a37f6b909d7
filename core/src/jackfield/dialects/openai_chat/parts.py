"""Content parts of OpenAI's chat: wire to contract and back.

https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages
"""

from __future__ import annotations

import base64
import binascii
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

DIALECT = "openai.chat"


def parse_data_url(url: str, param: str) -> Blob:
    """A `data:` URL (RFC 2397) as raw bytes, any other URL as it is.

    :raises BadRequest: if the base64 is broken
    """
    if not url.startswith("data:"):
        return Blob(url=url)
    head, _, body = url[5:].partition(",")
    media_type = head.removesuffix(";base64") or "text/plain"
    return Blob(media_type=media_type, data=decode_base64(body, param))


def decode_base64(text: str, param: str) -> bytes:
    """:raises BadRequest: naming `param`"""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(f"`{param}` holds base64 that cannot be read.", param=param) from None


def encode_data_url(blob: Blob) -> str:
    """The blob as a URL that OpenAI takes."""
    if blob.url is not None:
        return blob.url
    return f"data:{blob.media_type or 'application/octet-stream'};base64,{base64.b64encode(blob.data or b'').decode()}"


def parse_parts(content: object, param: str) -> list[Part]:
    """A message's `content`: a string, null, or a list of parts."""
    if content is None:
        return []
    if isinstance(content, str):
        return [TextPart(content)]
    if not isinstance(content, list):
        raise BadRequest(f"`{param}` must be a string or a list of parts.", param=param)
    return [_parse_part(part, f"{param}.{index}") for index, part in enumerate(content)]


def _parse_part(part: Any, param: str) -> Part:
    if not isinstance(part, dict) or not isinstance(kind := part.get("type"), str):
        raise BadRequest(f"`{param}` must be an object with a `type`.", param=param)
    try:
        match kind:
            case "text":
                return TextPart(_text(part["text"], f"{param}.text"))
            case "refusal":
                return RefusalPart(_text(part["refusal"], f"{param}.refusal"))
            case "image_url":
                image = part["image_url"]
                image = {"url": image} if isinstance(image, str) else image
                return ImagePart(parse_data_url(image["url"], f"{param}.image_url.url"), detail=image.get("detail"))
            case "input_audio":
                audio = part["input_audio"]
                return AudioPart(
                    Blob(media_type=f"audio/{audio['format']}", data=decode_base64(audio["data"], f"{param}.input_audio.data"))
                )
            case "file":
                file = part["file"]
                if file.get("file_id"):
                    return FilePart(Blob(file_id=file["file_id"], name=file.get("filename")))
                blob = parse_data_url(file["file_data"], f"{param}.file.file_data")
                blob.name = file.get("filename")
                return FilePart(blob)
            case "video_url":
                return VideoPart(parse_data_url(part["video_url"]["url"], f"{param}.video_url.url"))
    except (KeyError, TypeError, AttributeError) as error:
        raise BadRequest(f"`{param}` is no whole part of type `{kind}`: {error} is missing or wrong.", param=param) from None
    return OpaquePart(DIALECT, part)


def _text(value: object, param: str) -> str:
    if not isinstance(value, str):
        raise BadRequest(f"`{param}` must be a string.", param=param)
    return value


def build_part(part: Part) -> dict[str, Any]:
    """A part as OpenAI writes it.

    :raises UnsupportedParameter: for a part that this dialect has no form for
    """
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case RefusalPart():
            return {"type": "refusal", "refusal": part.text}
        case ImagePart():
            image = {"url": encode_data_url(part.blob)} | ({"detail": part.detail} if part.detail else {})
            return {"type": "image_url", "image_url": image}
        case AudioPart(blob=Blob(data=bytes(data), media_type=media_type)):
            kind = (media_type or "audio/wav").split("/")[-1].removeprefix("x-").replace("mpeg", "mp3")
            return {"type": "input_audio", "input_audio": {"data": base64.b64encode(data).decode(), "format": kind}}
        case FilePart(blob=Blob(file_id=str(file_id))):
            return {"type": "file", "file": {"file_id": file_id}}
        case FilePart():
            file = {"file_data": encode_data_url(part.blob)} | ({"filename": part.blob.name} if part.blob.name else {})
            return {"type": "file", "file": file}
        case VideoPart():
            return {"type": "video_url", "video_url": {"url": encode_data_url(part.blob)}}
        case OpaquePart(dialect=dialect, body=body) if dialect == DIALECT:
            return body
    kind = part.dialect + " part" if isinstance(part, OpaquePart) else type(part).__name__
    raise UnsupportedParameter(f"This model's API has no form for a {kind} in a message.", param="messages")


def build_content(parts: list[Part]) -> str | list[dict[str, Any]] | None:
    """Plain text as a string, which every compatible server takes; anything else as a list of parts."""
    shown = [part for part in parts if not isinstance(part, ReasoningPart | ToolCall | ToolResult)]
    if not shown:
        return None
    if all(isinstance(part, TextPart) for part in shown):
        return "".join(part.text for part in shown if isinstance(part, TextPart))
    return [build_part(part) for part in shown]
