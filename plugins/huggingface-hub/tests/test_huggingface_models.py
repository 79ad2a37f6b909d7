"""How a model is proved where it is served, and which models the router and the servers have."""

from __future__ import annotations

from typing import Any

import pytest
from jackfield_sdk import CredentialsInvalid, Feature, ModelNotFound, ModelType, ServerUnavailable
from jackfield_sdk.testing import Answer, Caller, VendorDouble

TOKEN = {"api_key": "hf_canaryCanary0123456789"}
SERVER = TOKEN | {"base_url": "https://models.acme.example/"}
VLLM = SERVER | {"server": "openai"}
CHAT = Answer.json({"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]})


@pytest.fixture(autouse=True)
def _chat(vendor: VendorDouble) -> None:
    vendor.answers(CHAT)


async def test_a_form_that_no_server_answers(caller: Caller, vendor: VendorDouble) -> None:
    for values, kind, param in (
        (TOKEN, ModelType.RERANK, "base_url"),
        ({}, ModelType.LLM, "api_key"),
    ):
        with pytest.raises(CredentialsInvalid) as saved:
            caller.kernel.describe_model("huggingface_hub", "org/model", kind, values)
        with pytest.raises(CredentialsInvalid) as proved:
            await caller.kernel.validate_model_credentials("org/model", kind, caller.context(values))
        assert saved.value.param == proved.value.param == param
    assert not vendor.requests


TGI_INFO = {"model_id": "org/m", "max_total_tokens": 2048, "router": "text-generation-router"}
TEI_INFO = {"model_id": "org/m", "model_type": {"embedding": {"pooling": "cls"}}, "max_input_length": 512}
RERANKER_INFO = TEI_INFO | {"model_type": {"reranker": {"id2label": {}}}}


@pytest.mark.parametrize(
    ("form", "kind", "info", "answer", "url"),
    [
        (TOKEN, ModelType.LLM, None, CHAT, "https://router.huggingface.co/v1/chat/completions"),
        (TOKEN, ModelType.TEXT_EMBEDDING, None, Answer.json([[1.0]]),
         "https://router.huggingface.co/hf-inference/models/org/model/pipeline/feature-extraction"),
        (SERVER, ModelType.LLM, TGI_INFO, CHAT, "https://models.acme.example/v1/chat/completions"),
        (SERVER, ModelType.TEXT_EMBEDDING, TEI_INFO, Answer.json([[1.0]]), "https://models.acme.example/embed"),
        (SERVER, ModelType.RERANK, RERANKER_INFO, Answer.json([{"index": 0, "score": 1.0}]), "https://models.acme.example/rerank"),
        (VLLM, ModelType.TEXT_EMBEDDING, None, Answer.json({"data": []}), "https://models.acme.example/v1/embeddings"),
    ],
)  # fmt: skip
async def test_a_model_is_proved_where_it_is_served(
    caller: Caller,
    vendor: VendorDouble,
    form: dict[str, Any],
    kind: ModelType,
    info: dict[str, Any] | None,
    answer: Answer,
    url: str,
) -> None:
    vendor.on("GET", "/info", Answer.json(info))
    vendor.answers(answer)
    await caller.kernel.validate_model_credentials("org/model", kind, caller.context(form))
    identified = ["https://models.acme.example/info"] if info else []
    assert [request.url for request in vendor.requests] == [*identified, url]
    vendor.answers(Answer.json({"error": "Invalid username or password."}, 401))
    with pytest.raises(CredentialsInvalid) as caught:
        await caller.kernel.validate_model_credentials("org/model", kind, caller.context(form))
    assert caught.value.param == "api_key"
    vendor.answers(Answer.content("<html>Sign in</html>", "text/html", 404))
    with pytest.raises((CredentialsInvalid, ModelNotFound)) as wrong:
        await caller.kernel.validate_model_credentials("org/model", kind, caller.context(form))
    assert (wrong.value.param == "base_url") == ("base_url" in form)


@pytest.mark.parametrize(
    ("kind", "info"),
    [
        (ModelType.LLM, Answer.content("404 page not found", status=404)),
        (ModelType.LLM, Answer.content("<html>Welcome</html>", "text/html")),
        (ModelType.LLM, Answer.json({"version": "vLLM"})),
        (ModelType.LLM, Answer.json(TEI_INFO)),
        (ModelType.RERANK, Answer.json(TEI_INFO)),
        (ModelType.TEXT_EMBEDDING, Answer.json(TGI_INFO)),
    ],
)
async def test_a_server_of_another_kind_than_the_form_says(
    caller: Caller, vendor: VendorDouble, kind: ModelType, info: Answer
) -> None:
    vendor.on("GET", "/info", info)
    with pytest.raises(CredentialsInvalid) as caught:
        await caller.kernel.validate_model_credentials("org/model", kind, caller.context(SERVER))
    assert caught.value.param == "server"
    vendor.on("GET", "/info", Answer.json({"error": "unhealthy", "error_type": "Unhealthy"}, 503))
    with pytest.raises(ServerUnavailable):
        await caller.kernel.validate_model_credentials("org/model", kind, caller.context(SERVER))


async def test_a_server_that_cannot_be_reached(caller: Caller, vendor: VendorDouble) -> None:
    await vendor.stop()
    for kind in ModelType.LLM, ModelType.RERANK:
        with pytest.raises(CredentialsInvalid) as caught:
            await caller.kernel.validate_model_credentials("org/model", kind, caller.context(SERVER))
        assert caught.value.param == "base_url"


ROUTED = {
    "id": "openai/gpt-oss-120b",
    "architecture": {"input_modalities": ["text", "image"]},
    "providers": [
        {"provider": "groq", "status": "live", "context_length": 131072, "pricing": {"input": 0.15, "output": 0.75},
         "supports_tools": True},
        {"provider": "novita", "status": "live", "context_length": 262144, "supports_structured_output": True},
        {"provider": "broken", "status": "error", "context_length": 999999},
    ],
}  # fmt: skip


async def test_the_routers_list(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"data": [ROUTED, {"id": "org/bare"}]}))
    model, bare = await caller.kernel.list_models(caller.context(TOKEN))
    assert vendor.last.url == "https://router.huggingface.co/v1/models"
    assert (model.context_window, model.prices) == (262144, None)
    assert model.features == {Feature.STREAMING, Feature.TOOLS, Feature.STRUCTURED_OUTPUT, Feature.VISION}
    assert bare.context_window is None
    model, _ = await caller.kernel.list_models(caller.context(TOKEN | {"provider": "groq"}))
    assert model.context_window == 131072
    assert Feature.STRUCTURED_OUTPUT not in model.features
    assert model.prices is not None
    assert str(model.prices.output) == "0.75"


@pytest.mark.parametrize(
    ("info", "kind", "window", "batch"),
    [
        ({"model_id": "org/m", "max_total_tokens": 2048, "router": "text-generation-router"}, ModelType.LLM, 2048, None),
        ({"model_id": "org/m", "model_type": {"embedding": {"pooling": "cls"}}, "max_input_length": 512,
          "max_client_batch_size": 64}, ModelType.TEXT_EMBEDDING, 512, 64),
        ({"model_id": "org/m", "model_type": {"reranker": {"id2label": {}}}, "max_input_length": 9}, ModelType.RERANK, 9, None),
        ({"model_id": "org/m", "model_type": {"classifier": {}}}, None, None, None),
    ],
)  # fmt: skip
async def test_the_model_of_a_server(
    caller: Caller,
    vendor: VendorDouble,
    info: dict[str, Any],
    kind: ModelType | None,
    window: int | None,
    batch: int | None,
) -> None:
    vendor.answers(Answer.json(info))
    models = await caller.kernel.list_models(caller.context(SERVER))
    assert vendor.last.url == "https://models.acme.example/info"
    assert [(model.id, model.type, model.context_window, model.max_batch) for model in models] == (
        [("org/m", kind, window, batch)] if kind else []
    )
    vendor.answers(Answer.json({"hello": 1}))
    with pytest.raises(ServerUnavailable):
        await caller.kernel.list_models(caller.context(SERVER))


async def test_the_list_of_another_server(caller: Caller, vendor: VendorDouble) -> None:
    vendor.answers(Answer.json({"data": [{"id": "BAAI/bge-m3", "max_model_len": 8192}]}))
    (model,) = await caller.kernel.list_models(caller.context(VLLM))
    assert (model.type, model.context_window) == (ModelType.TEXT_EMBEDDING, 8192)
    assert vendor.last.url == "https://models.acme.example/v1/models"
