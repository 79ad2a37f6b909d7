"""A seal that says by itself that it is another vendor's is left out, whatever it looks like otherwise."""

from __future__ import annotations

import pytest
from jackfield.contract import LLMRequest, Message, ReasoningPart
from jackfield.dialects import anthropic_messages, openai_chat, openai_responses

ANTHROPIC = "EqoBCkgIChABGAIqQ" * 8
OPENAI = "gAAAAABqZ3EgPw"


def sent(seal: str) -> tuple[bool, bool]:
    """Whether a seal is sent back to Anthropic, and to OpenAI."""
    thought = Message("assistant", [ReasoningPart("Hm.", signature=seal), *Message.assistant("Hi.").parts])
    request = LLMRequest(model="m", messages=[Message.user("Hello"), thought, Message.user("More")])
    options = anthropic_messages.MessagesOptions(default_max_tokens=9)
    bodies = (anthropic_messages.build_request(request, options), openai_responses.build_request(request))
    return seal in str(bodies[0]), seal in str(bodies[1])


@pytest.mark.parametrize(
    ("seal", "to_anthropic", "to_openai"),
    [(ANTHROPIC, True, False), (OPENAI, False, True), (f"gemini:{ANTHROPIC}", False, False), ("gemini:gAAAA", False, False)],
)
def test_a_seal_goes_back_to_its_own_vendor_only(seal: str, to_anthropic: bool, to_openai: bool) -> None:
    assert sent(seal) == (to_anthropic, to_openai)


def test_a_marked_seal_does_not_go_to_a_vendor_of_chats() -> None:
    parts = [ReasoningPart("Hm.", signature="gemini:x"), ReasoningPart("So.", signature="y", id="rs_1")]
    request = LLMRequest(model="m", messages=[Message("assistant", [*parts])])
    (message,) = openai_chat.build_request(request, openai_chat.ChatOptions(reasoning_name="reasoning_details"))["messages"]
    assert message["reasoning_details"] == [
        {"type": "reasoning.text", "text": "Hm.", "index": 0},
        {"type": "reasoning.text", "text": "So.", "signature": "y", "index": 1, "id": "rs_1"},
    ]
