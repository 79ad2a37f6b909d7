"""OpenAI's older completions, of models that answer as chats do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from jackfield.contract import BadRequest, LLMEvent, LLMResult, Message, StreamEnd, TextDelta
from jackfield.dialects import openai_completions
from openai.types import Completion

BODY = {"model": "m", "prompt": "Once", "logprobs": 2}


def told(token: str, logprob: float, **others: float) -> dict[str, Any]:
    """A token's log probability as chats have it."""
    top = [{"token": other, "logprob": value, "bytes": None} for other, value in {token: logprob, **others}.items()]
    return {"token": token, "logprob": logprob, "bytes": None, "top_logprobs": top}


TOKENS = [told(" upon", -0.5, in_=-1.5), told(" a", -0.25, the=-2.0)]
OLDER = {
    "tokens": [" upon", " a"],
    "token_logprobs": [-0.5, -0.25],
    "top_logprobs": [{" upon": -0.5, "in_": -1.5}, {" a": -0.25, "the": -2.0}],
    "text_offset": [0, 5],
}


def test_log_probabilities_have_this_surfaces_form() -> None:
    request = openai_completions.parse_request(BODY)
    assert (request.sampling.logprobs, request.sampling.top_logprobs) == (True, 2)
    result = LLMResult(
        message=Message.assistant(" upon a"), finish_reason="stop", logprobs={"content": TOKENS, "refusal": None}
    )
    body = Completion.model_validate(openai_completions.render_result(result, request))
    assert body.choices[0].logprobs is not None
    assert body.choices[0].logprobs.model_dump() == OLDER
    result.logprobs = OLDER  # as a vendor of this dialect tells them
    assert openai_completions.render_result(result, request)["choices"][0]["logprobs"] == OLDER
    result.logprobs = {"content": [told(" upon", -0.5) | {"top_logprobs": []}], "refusal": None}
    assert openai_completions.render_result(result)["choices"][0]["logprobs"]["top_logprobs"] is None
    result.logprobs = {"content": None, "refusal": None}
    assert openai_completions.render_result(result)["choices"][0]["logprobs"] is None


async def test_they_are_streamed_with_their_place_in_the_text() -> None:
    async def events() -> AsyncIterator[LLMEvent]:
        yield TextDelta(" upon", logprobs={"content": TOKENS[:1]})
        yield TextDelta("!", choice=1)
        yield TextDelta(" a", logprobs={"content": TOKENS[1:]})
        yield StreamEnd("stop")

    request = openai_completions.parse_request(BODY | {"stream": True})
    raw = b"".join([chunk async for chunk in openai_completions.render_stream(events(), request)]).decode()
    choices = [json.loads(line[6:])["choices"][0] for line in raw.splitlines() if line.startswith("data: {")]
    assert [choice["logprobs"] and choice["logprobs"]["text_offset"] for choice in choices] == [[0], None, [5], None]


@pytest.mark.parametrize("change", [{"prompt": ["a", "b"]}, {"prompt": [1, 2]}, {"prompt": None}, {"logprobs": True}])
def test_what_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadRequest) as caught:
        openai_completions.parse_request(BODY | change)
    assert caught.value.param in change
