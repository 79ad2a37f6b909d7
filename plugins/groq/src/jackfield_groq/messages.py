"""Messages of OpenAI's chat as Groq takes them: https://console.groq.com/docs/openai"""

from __future__ import annotations

from typing import Any

from jackfield_sdk import UnsupportedParameter

_PARTS = frozenset({"text", "image_url", "document"})


def adapt_message(message: dict[str, Any]) -> dict[str, Any]:
    """Without the `name` of who speaks; a refusal is text.

    :raises UnsupportedParameter: for a part that Groq has no form for
    """
    message = dict(message)
    message.pop("name", None)
    if refusal := message.pop("refusal", None):
        message["content"] = f"{message.get('content') or ''}{refusal}"
    parts = message["content"] if isinstance(message.get("content"), list) else []
    if "audio" in message or any(part.get("type") not in _PARTS for part in parts):
        raise UnsupportedParameter("Groq's models take text and images, and no files, sound or videos.", param="messages")
    return message
