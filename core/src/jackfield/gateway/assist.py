"""Small services for a chat application, by the workspace's default model: `/v1/assist/title`, `/v1/assist/questions`."""

from __future__ import annotations

from typing import Any

from jackfield.contract import BadRequest, Message
from jackfield.dialects import openai_chat
from jackfield.host.resolution import DEFAULT

from .exchange import Exchange


async def title(exchange: Exchange) -> None:
    """`{messages, model?}` -> `{title, model, usage}`."""
    await exchange.authenticate()
    body = await exchange.read_json()
    messages, model = _conversation(body), _model(body)
    with exchange.watching():
        found = await exchange.host.assist.title(exchange.principal, messages, model=model)
        await exchange.respond_json(
            {"title": found.title, "model": found.model, "usage": openai_chat.render_usage(found.usage)}
        )


async def questions(exchange: Exchange) -> None:
    """`{messages, count?, model?}` -> `{questions, model, usage}`."""
    await exchange.authenticate()
    body = await exchange.read_json()
    messages, model = _conversation(body), _model(body)
    count = body.get("count", 3)
    if not isinstance(count, int) or isinstance(count, bool):
        raise BadRequest("`count` must be a whole number.", param="count")
    with exchange.watching():
        found = await exchange.host.assist.questions(exchange.principal, messages, count=count, model=model)
        await exchange.respond_json(
            {"questions": found.questions, "model": found.model, "usage": openai_chat.render_usage(found.usage)}
        )


def _conversation(body: dict[str, Any]) -> list[Message]:
    """The messages, as in a chat. :raises BadRequest: naming the member at fault"""
    return openai_chat.parse_request({"model": DEFAULT, "messages": body.get("messages")}).messages


def _model(body: dict[str, Any]) -> str:
    model = body.get("model", DEFAULT)
    if not isinstance(model, str) or not model:
        raise BadRequest("`model` must be a string.", param="model")
    return model
