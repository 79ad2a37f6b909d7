"""The answer of a chat, whole: https://docs.cohere.com/v2/reference/chat#response"""

from __future__ import annotations

from typing import Any

from jackfield_sdk import FinishReason, LLMResult, Message, Part, ReasoningPart, ServerUnavailable, TextPart, ToolCall
from jackfield_sdk.dialects import counts

from .usage import parse_usage

_KNOWN = {"id", "finish_reason", "message", "usage", "logprobs"}
_REASONS: dict[str, FinishReason] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR_TOXIC": "content_filter",
}


def parse_finish_reason(reason: object) -> FinishReason:
    """Cohere's word; an unknown one is a plain stop. Failures were raised before."""
    return _REASONS.get(str(reason), "stop")


def parse_result(body: dict[str, Any], model: str) -> LLMResult:
    """:param model: what was asked, as the answer does not say

    :raises ServerUnavailable: if the body is no answer of a chat
    """
    try:
        parts = _parse_message(body["message"])
        logprobs = [parse_logprob(item) for item in body.get("logprobs") or ()]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ServerUnavailable(f"The vendor's answer is no chat: {error!r}.") from None
    result = LLMResult(
        message=Message("assistant", parts),
        finish_reason=parse_finish_reason(body.get("finish_reason")),
        usage=parse_usage(body.get("usage")),
        model=model,
        logprobs={"content": logprobs} if logprobs else None,
        extra={name: value for name, value in body.items() if name not in _KNOWN and value is not None},
    )
    if isinstance(body.get("id"), str) and body["id"]:
        result.id = body["id"]
    return result


def _parse_message(message: dict[str, Any]) -> list[Part]:
    """What it thought or planned, what it said with its citations, and the tools it wants called.

    :raises KeyError: and TypeError, for what is none
    """
    content = message.get("content")
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    parts: list[Part] = [_parse_block(block) for block in blocks]
    for citation in counts.dicts(message.get("citations")):
        cited = _cited_part(citation, parts)
        if cited is not None:
            cited.citations.append(citation)
    parts = [part for part in parts if not isinstance(part, TextPart | ReasoningPart) or part.text]
    if plan := message.get("tool_plan"):
        parts.append(ReasoningPart(string(plan)))
    parts += [_parse_call(call) for call in message.get("tool_calls") or ()]
    return parts


def _parse_block(block: dict[str, Any]) -> Part:
    return ReasoningPart(string(block["thinking"])) if block["type"] == "thinking" else TextPart(string(block["text"]))


def _cited_part(citation: dict[str, Any], parts: list[Part]) -> TextPart | None:
    """The text in which a citation stands: the block that it names, or the first."""
    if not is_of_text(citation):
        return None
    index = counts.count(citation.get("content_index"))
    texts = [part for part in [*parts[index : index + 1], *parts] if isinstance(part, TextPart)]
    return texts[0] if texts else None


def _parse_call(call: dict[str, Any]) -> ToolCall:
    function = call["function"]
    return ToolCall(string(call["id"]), string(function["name"]), string(function.get("arguments") or "{}"))


def is_of_text(citation: dict[str, Any]) -> bool:
    """Whether it is the answer that is cited from, and not a plan or a thought."""
    return citation.get("type") in (None, "TEXT_CONTENT")


def parse_logprob(item: Any) -> dict[str, Any]:
    """One stretch of text, of one token mostly, as OpenAI writes it. Of several tokens, which Cohere does not tell apart, the
    probabilities are those of them all together."""
    text = string(item.get("text") or "")
    logprob = sum(float(one) for one in item.get("logprobs") or ())
    return {"token": text, "logprob": logprob, "bytes": list(text.encode()), "top_logprobs": []}


def string(value: object) -> str:
    """:raises TypeError: for anything else; members of another vendor's type are no text"""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} where a string belongs")
    return value
