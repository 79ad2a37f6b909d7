"""Input and output items of OpenAI's responses: https://platform.openai.com/docs/api-reference/responses/create"""

from __future__ import annotations

from typing import Any

from jackfield.contract import (
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
    UnsupportedParameter,
)

from ..media import encode_data_url, parse_data_url

DIALECT = "openai.responses"


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
        if messages and message.role == messages[-1].role == "assistant":
            messages[-1].parts += message.parts
        else:
            messages.append(message)
    return messages


def _parse_item(item: dict[str, Any], param: str) -> Message:
    match item.get("type", "message"):
        case "message":
            role = {"developer": "system"}.get(item["role"], item["role"])
            if role not in ("system", "user", "assistant"):
                raise BadRequest(f"`{param}.role` must be system, developer, user or assistant.", param=f"{param}.role")
            return Message(role, parse_content(item["content"], f"{param}.content"))
        case "function_call":
            return Message("assistant", [ToolCall(item["call_id"], item["name"], item["arguments"])])
        case "function_call_output":
            output = item["output"]
            if not isinstance(output, str):
                parts = parse_content(output, f"{param}.output")
                output = [part for part in parts if isinstance(part, TextPart | ImagePart | FilePart)]
            return Message("tool", [ToolResult(item["call_id"], output)])
        case "reasoning":
            return Message("assistant", [parse_reasoning(item)])
    return Message("assistant" if item["type"].endswith("_call") else "user", [OpaquePart(DIALECT, item)])


def parse_reasoning(item: dict[str, Any]) -> ReasoningPart:
    """A reasoning item; its sealed content is what the vendor wants back."""
    texts = item.get("content") or item.get("summary") or []
    text = "\n\n".join(part["text"] for part in texts)
    return ReasoningPart(text, signature=item.get("encrypted_content"), id=item.get("id"))


def parse_content(content: object, param: str) -> list[Part]:
    """A message's `content`: a string or a list of parts."""
    if isinstance(content, str):
        return [TextPart(content)]
    if not isinstance(content, list):
        raise BadRequest(f"`{param}` must be a string or a list of parts.", param=param)
    return [_parse_part(part, f"{param}.{index}") for index, part in enumerate(content)]


def _parse_part(part: dict[str, Any], param: str) -> Part:
    match part["type"]:
        case "input_text" | "output_text" | "text":
            if not isinstance(part["text"], str):
                raise BadRequest(f"`{param}.text` must be a string.", param=f"{param}.text")
            return TextPart(part["text"], citations=part.get("annotations") or [])
        case "refusal":
            return RefusalPart(part["refusal"])
        case "input_image":
            if part.get("file_id"):
                return ImagePart(Blob(file_id=part["file_id"]), detail=part.get("detail"))
            return ImagePart(parse_data_url(part["image_url"], f"{param}.image_url"), detail=part.get("detail"))
        case "input_file":
            if part.get("file_id"):
                return FilePart(Blob(file_id=part["file_id"], name=part.get("filename")))
            blob = parse_data_url(part.get("file_url") or part["file_data"], f"{param}.file_data")
            blob.name = part.get("filename")
            return FilePart(blob)
    return OpaquePart(DIALECT, part)


def build_items(messages: list[Message]) -> list[dict[str, Any]]:
    """:raises UnsupportedParameter: for a part that this dialect has no form for"""
    return [item for message in messages for item in _build_message(message)]


def _build_message(message: Message) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    content: list[dict[str, Any]] = []
    for part in message.parts:
        match part:
            case ReasoningPart():
                if part.signature:  # only the vendor's own sealed thoughts are taken back
                    item = {"type": "reasoning", "summary": [], "encrypted_content": part.signature}
                    items.append(item | ({"id": part.id} if part.id else {}))
            case ToolCall():
                items.append({"type": "function_call", "call_id": part.id, "name": part.name, "arguments": part.arguments})
            case ToolResult():
                output = part.content if isinstance(part.content, str) else [_build_part(p, "user") for p in part.content]
                items.append({"type": "function_call_output", "call_id": part.call_id, "output": output})
            case OpaquePart(dialect=dialect, body=body) if dialect == DIALECT and "role" not in body:
                (items if body.get("type", "").endswith(("_call", "_output")) else content).append(body)
            case _:
                content.append(_build_part(part, message.role))
    if content:
        reasoning = [item for item in items if item["type"] == "reasoning"]
        rest = [item for item in items if item["type"] != "reasoning"]
        items = [*reasoning, {"type": "message", "role": message.role, "content": content}, *rest]
    return items


def _build_part(part: Part, role: str) -> dict[str, Any]:
    match part:
        case TextPart():
            if role == "assistant":
                return {"type": "output_text", "text": part.text, "annotations": []}
            return {"type": "input_text", "text": part.text}
        case RefusalPart():
            return {"type": "refusal", "refusal": part.text}
        case ImagePart():
            where = {"file_id": part.blob.file_id} if part.blob.file_id else {"image_url": encode_data_url(part.blob)}
            return {"type": "input_image", "detail": part.detail or "auto", **where}
        case FilePart(blob=Blob(file_id=str(file_id))):
            return {"type": "input_file", "file_id": file_id}
        case FilePart(blob=blob):
            where = {"file_url": blob.url} if blob.url else {"file_data": encode_data_url(blob)}
            return {"type": "input_file", "filename": blob.name or "file", **where}
    raise UnsupportedParameter(f"This model's API has no form for a {type(part).__name__} in a message.", param="input")
