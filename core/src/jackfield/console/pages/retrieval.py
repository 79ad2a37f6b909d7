"""The retrieval bench: texts of one's own, a question, and the ranking before and after rerank."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from jackfield.contract import BadRequest, EmbeddingRequest, ModelType, RerankRequest
from jackfield.dialects import openai_embeddings, rerank
from jackfield.gateway.requests import json_object

from ..playground_texts import TEXTS
from ..registry import PageSet
from ..translations import mark
from ..visit import Visit

MAX_PASSAGES = 8 * 1024 * 1024

pages = PageSet()
pages.menu("/retrieval", mark("Retrieval bench"), group="Use", order=20)


@pages.get("/retrieval")
async def show(visit: Visit) -> Response:
    """The page; embedding and ranking are asked for by its script, a batch at a time, so that it can show how far it is."""
    embedding, ranking = await _models(visit, ModelType.TEXT_EMBEDDING), await _models(visit, ModelType.RERANK)
    facts: dict[str, Any] = {"texts": {name: visit.say(text) for name, text in TEXTS.items()}}
    return await visit.page("retrieval.html", embedding=embedding, ranking=ranking, facts=facts)


@pages.post("/retrieval/embed")
async def embed(visit: Visit) -> Response:
    """`{model, input}` -> `{embeddings}`, a vector for each text."""
    request: EmbeddingRequest = openai_embeddings.parse_request(json_object(await visit.body(MAX_PASSAGES)))
    if not request.model:
        raise BadRequest("Choose an embedding model.", param="model")
    result = await visit.host.calls.embedding(visit.caller, request)
    return JSONResponse({"embeddings": result.embeddings})


@pages.post("/retrieval/rank")
async def rank(visit: Visit) -> Response:
    """`{model, query, documents}` -> `{ranking: [{index, score}]}`, best first."""
    request: RerankRequest = rerank.parse_request(json_object(await visit.body(MAX_PASSAGES)))
    if not request.model:
        raise BadRequest("Choose a rerank model.", param="model")
    result = await visit.host.calls.rerank(visit.caller, request)
    return JSONResponse({"ranking": [{"index": one.index, "score": one.score} for one in result.ranking]})


async def _models(visit: Visit, model_type: ModelType) -> list[str]:
    """Names to choose from, the workspace's default first."""
    usable = [model.name for model in await visit.host.models.usable(visit.caller, model_type)]
    view = await visit.host.tenancy.views.get(visit.caller.workspace_id)
    default = view.defaults.get(model_type)
    return sorted(usable, key=lambda name: (name != default, name))
