"""The playground: chat with any model, two beside each other, with a name for the conversation and what to ask next."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response, StreamingResponse

from jackfield.contract import LLMRequest, Message, ModelType, ParameterRule
from jackfield.dialects import openai_chat
from jackfield.gateway.requests import json_object
from jackfield.host import UsableModel

from ..playground_texts import TEXTS
from ..registry import PageSet
from ..translations import mark
from ..visit import Visit

MAX_CONVERSATION = 32 * 1024 * 1024
"""Bytes of a conversation with the images and files in it."""

pages = PageSet()
pages.menu("/playground", mark("Playground"), group="Use", order=10)

# What a model without rules is offered; whether it takes them, its vendor says.
_USUAL = (
    ParameterRule(name="temperature", minimum=0, maximum=2),
    ParameterRule(name="top_p", minimum=0, maximum=1),
    ParameterRule(name="max_tokens", kind="integer", minimum=1),
)
# What the page sets itself, or cannot show.
_LEFT_OUT = frozenset({"n", "logprobs", "top_logprobs", "logit_bias"})


@pages.get("/playground")
async def show(visit: Visit) -> Response:
    """The page. A model can be chosen by the address: `?model=openai/gpt-4.1-mini`."""
    caller, host = visit.caller, visit.host
    usable = await host.models.usable(caller, ModelType.LLM)
    view = await host.tenancy.views.get(caller.workspace_id)
    facts: dict[str, Any] = {
        "models": {model.name: _describe(visit, model) for model in usable},
        "texts": {name: visit.say(text) for name, text in TEXTS.items()},
        "base": visit.base_url,
        "assist": ModelType.LLM in view.defaults,
        "hears": ModelType.SPEECH_TO_TEXT in view.defaults,
        "speaks": ModelType.TEXT_TO_SPEECH in view.defaults,
    }
    names = list(facts["models"])
    wanted = visit.query.get("model") or view.defaults.get(ModelType.LLM)
    return await visit.page(
        "playground.html", names=names, chosen=wanted if wanted in names else names[0] if names else None, facts=facts
    )


@pages.post("/playground/chat")
async def chat(visit: Visit) -> Response:
    """OpenAI's chat body, answered as OpenAI's stream; an error before the stream has its own status."""
    request = openai_chat.parse_request(json_object(await visit.body(MAX_CONVERSATION)))
    request.stream = request.include_usage = True
    events = await visit.host.calls.stream_llm(visit.caller, request)
    return StreamingResponse(_told(events, request), media_type="text/event-stream", headers={"x-accel-buffering": "no"})


@pages.post("/playground/title")
async def title(visit: Visit) -> Response:
    """A name for the conversation, by the default reasoning model."""
    found = await visit.host.assist.title(visit.caller, await _conversation(visit))
    return JSONResponse({"title": found.title})


@pages.post("/playground/questions")
async def questions(visit: Visit) -> Response:
    """What may be asked next, by the default reasoning model."""
    found = await visit.host.assist.questions(visit.caller, await _conversation(visit))
    return JSONResponse({"questions": found.questions})


async def _told(events: Any, request: LLMRequest) -> AsyncIterator[bytes]:
    """The stream; whoever stops reading it stops the call at the vendor."""
    try:
        async for piece in openai_chat.render_stream(events, request):
            yield piece
    finally:
        await events.aclose()


async def _conversation(visit: Visit) -> Sequence[Message]:
    body = json_object(await visit.body(MAX_CONVERSATION))
    return openai_chat.parse_request({"model": "default", "messages": body.get("messages")}).messages


def _describe(visit: Visit, model: UsableModel) -> dict[str, Any]:
    """What the page's script knows of a model."""
    rules = _USUAL if model.description.parameters is None else model.description.parameters
    return {
        "features": sorted(model.description.features),
        "parameters": [
            {
                "name": rule.name,
                "label": visit.label(rule.label) or rule.name,
                "help": visit.label(rule.help),
                "kind": rule.kind,
                "minimum": rule.minimum,
                "maximum": rule.maximum,
                "default": rule.default,
                "options": rule.options,
            }
            for rule in rules
            if rule.name not in _LEFT_OUT
        ],
    }
