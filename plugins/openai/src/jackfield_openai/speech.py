"""The speech endpoint's limit: https://developers.openai.com/api/reference/resources/audio/subresources/speech"""

from __future__ import annotations

from jackfield_sdk import ModelDescription, RequestTooLarge, SpeechRequest


def check_length(request: SpeechRequest, model: ModelDescription | None) -> None:
    """:raises RequestTooLarge: for a text that is longer than the model speaks at once"""
    limit = model.properties.get("max_characters") if model is not None else None
    if isinstance(limit, int) and len(request.text) > limit:
        raise RequestTooLarge(
            f"The text has {len(request.text)} letters; the model speaks {limit} at once.",
            param="input",
            advice="Send it in parts.",
        )
