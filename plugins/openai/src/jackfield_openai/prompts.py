"""A chat as one text, for models that only go on with a text."""

from __future__ import annotations

import dataclasses

from jackfield_sdk import LLMRequest, Message, UnsupportedParameter

_SPEAKERS = {"user": "User", "assistant": "Assistant"}


def as_completion(request: LLMRequest) -> LLMRequest:
    """The chat as a completion: a lone message as it is, a conversation as its transcript.

    :raises UnsupportedParameter: for a message that holds more than text
    """
    for message in request.messages:
        if message.role == "tool" or any(not hasattr(part, "text") for part in message.parts):
            raise UnsupportedParameter("A model that completes text takes nothing but text.", param="messages")
    if len(request.messages) == 1:
        prompt = request.messages[0].text
    else:
        turns = [
            f"{_SPEAKERS[message.role]}: {message.text}" if message.role in _SPEAKERS else message.text
            for message in request.messages
        ]
        prompt = "\n\n".join([*turns, "Assistant:"])
    return dataclasses.replace(request, messages=[Message.user(prompt)], completion=True)
