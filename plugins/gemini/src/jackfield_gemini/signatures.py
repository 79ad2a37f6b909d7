"""Thought signatures: sealed thoughts that Gemini wants back in the part they came with.

https://ai.google.dev/gemini-api/docs/thought-signatures

A tool call carries its own as Google's OpenAI-compatible API writes it. That of a text is the signature of a piece of
reasoning, marked as ours: by itself it looks like one of Anthropic's.
"""

from __future__ import annotations

from typing import Any, Final

from jackfield_sdk import ToolCall

_MARK: Final = "gemini:"
NO_SIGNATURE: Final = "skip_thought_signature_validator"
"""What Google documents for calls whose signature was lost, or that another vendor's model made."""


def marked(signature: str) -> str:
    """A signature as a ReasoningPart carries it."""
    return _MARK + signature


def unmarked(signature: str | None) -> str | None:
    """The signature of a ReasoningPart, if it is one of Gemini's."""
    return signature.removeprefix(_MARK) if signature and signature.startswith(_MARK) else None


def call_extra(signature: str) -> dict[str, Any]:
    """The `extra` of a tool call: https://ai.google.dev/gemini-api/docs/openai"""
    return {"extra_content": {"google": {"thought_signature": signature}}}


def of_call(call: ToolCall) -> str | None:
    """The signature that a tool call carries."""
    value: Any = call.extra
    for name in ("extra_content", "google", "thought_signature"):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) and value else None
