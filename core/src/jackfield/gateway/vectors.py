"""Embeddings, rerank, moderations: a body in, a body out."""

from __future__ import annotations

from typing import Any

import orjson

from jackfield.dialects import openai_embeddings, openai_moderations, rerank
from jackfield.host.resolution import DEFAULT

from .chats import respond_relayed
from .exchange import Exchange
from .requests import json_object


async def _relay(exchange: Exchange, dialect: str, body: dict[str, Any], raw: bytes) -> bool:
    """Pass the body on where that can be done. Answers whether it was."""
    if exchange.drops:
        return False
    relayed = await exchange.host.calls.relay(exchange.principal, dialect, body, raw, info=exchange.info)
    if relayed is None:
        return False
    await respond_relayed(exchange, relayed)
    return True


async def embeddings(exchange: Exchange) -> None:
    """https://platform.openai.com/docs/api-reference/embeddings"""
    await exchange.authenticate()
    raw = await exchange.read()
    body = json_object(raw)
    with exchange.watching():
        if await _relay(exchange, openai_embeddings.DIALECT, body, raw):
            return
        request = openai_embeddings.parse_request(body)
        request.drop_unsupported = exchange.drops
        result = await exchange.host.calls.embedding(exchange.principal, request, info=exchange.info)
        await exchange.respond_json(openai_embeddings.render_result(result, request, body.get("encoding_format")))


async def rerank_jina(exchange: Exchange) -> None:
    """https://jina.ai/reranker/ and Cohere's first version; the answer is one that the clients of both understand."""
    await _rerank(exchange, rerank.JINA, return_documents=True)


async def rerank_cohere(exchange: Exchange) -> None:
    """https://docs.cohere.com/reference/rerank"""
    await _rerank(exchange, rerank.COHERE, return_documents=False)


async def _rerank(exchange: Exchange, dialect: str, *, return_documents: bool) -> None:
    await exchange.authenticate()
    raw = await exchange.read()
    body = json_object(raw)
    with exchange.watching():
        if await _relay(exchange, dialect, body, raw):
            return
        request = rerank.parse_request(body, dialect)
        request.drop_unsupported = exchange.drops
        result = await exchange.host.calls.rerank(exchange.principal, request, info=exchange.info)
        wanted = body.get("return_documents")
        wanted = return_documents if wanted is None else wanted is True
        await exchange.respond_json(rerank.render_result(result, request, return_documents=wanted))


async def moderations(exchange: Exchange) -> None:
    """https://platform.openai.com/docs/api-reference/moderations, whose `model` may be left out: the default is meant then."""
    await exchange.authenticate()
    raw = await exchange.read()
    body = json_object(raw)
    if body.get("model") is None:
        body["model"] = DEFAULT
        raw = orjson.dumps(body)
    with exchange.watching():
        if await _relay(exchange, openai_moderations.DIALECT, body, raw):
            return
        request = openai_moderations.parse_request(body)
        request.drop_unsupported = exchange.drops
        result = await exchange.host.calls.moderation(exchange.principal, request, info=exchange.info)
        await exchange.respond_json(openai_moderations.render_result(result, request))
