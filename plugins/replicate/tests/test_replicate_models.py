"""Embedding models, whose inputs and outputs are all their own; how models are proved; how long schemas are kept."""

from __future__ import annotations

from typing import Any

import pytest
from jackfield_replicate.schemas import LIFETIME, Schema, SchemaCache
from jackfield_sdk import (
    Blob,
    CredentialsInvalid,
    EmbeddingRequest,
    ImagePart,
    ModelNotFound,
    ModelType,
    TextPart,
    UnsupportedParameter,
)
from jackfield_sdk.testing import Answer, Caller, VendorDouble

TOKEN = {"api_key": "r8_canaryCanary0123456789"}
VERSION = "7" * 64


def model(*inputs: str, **typed: dict[str, Any]) -> Answer:
    properties: dict[str, Any] = {name: {} for name in inputs} | typed
    schema = {"components": {"schemas": {"Input": {"properties": properties}}}}
    return Answer.json({"is_official": True, "latest_version": {"id": VERSION, "openapi_schema": schema}})


def prediction(status: str, output: Any = None) -> Answer:
    return Answer.json({"id": "p1", "status": status, "output": output})


@pytest.mark.parametrize(
    ("schema", "texts", "sent"),
    [
        (model("texts", "convert_to_numpy"), ["a", "b"], [{"convert_to_numpy": False, "texts": '["a","b"]'}]),
        (model(texts={"type": "array"}), ["a", "b"], [{"texts": ["a", "b"]}]),
        (model("text", "text_batch"), ["a", "b"], [{"text_batch": '["a","b"]'}]),
        (model("inputs"), ["a", "b"], [{"inputs": "a\nb"}]),
        (model("inputs"), ["a\nb", "c"], [{"inputs": "a\nb"}, {"inputs": "c"}]),
        (model("prompt"), ["a", "b"], [{"prompt": "a"}, {"prompt": "b"}]),
    ],
)
async def test_texts_by_what_the_model_takes(
    caller: Caller, vendor: VendorDouble, schema: Answer, texts: list[str], sent: list[dict[str, Any]]
) -> None:
    vendor.on("GET", "/v1/models/acme/chat", schema)
    count = len(texts) // len(sent)
    vendor.answers(prediction("succeeded", output=[{"embedding": [1.0, 2.0]}] * count))
    context = caller.context(TOKEN, "acme/chat", ModelType.TEXT_EMBEDDING, timeout=30)
    result = await caller.kernel.invoke_text_embedding(EmbeddingRequest(model="acme/chat", inputs=texts), context)
    assert result.embeddings == [[1.0, 2.0]] * len(texts)
    asked = [request for request in vendor.requests if request.method == "POST"]
    assert sorted(str(request.json["input"]) for request in asked) == sorted(str(one) for one in sent)
    assert (asked[0].headers["prefer"], asked[0].headers["cancel-after"]) == ("wait=29", "30s")


@pytest.mark.parametrize("output", [[1.0, 2.0], [[1.0, 2.0]], [{"embedding": [1.0, 2.0]}], {"embeddings": [[1.0, 2.0]]}])
async def test_outputs_that_are_vectors(caller: Caller, vendor: VendorDouble, output: Any) -> None:
    vendor.on("GET", "/v1/models/acme/chat", model("text"))
    vendor.answers([prediction("processing"), prediction("succeeded", output=output)])
    context = caller.context(TOKEN, "acme/chat", ModelType.TEXT_EMBEDDING)
    result = await caller.kernel.invoke_text_embedding(EmbeddingRequest(model="acme/chat", inputs=["a"]), context)
    assert result.embeddings == [[1.0, 2.0]]
    picture: list[TextPart | ImagePart] = [ImagePart(Blob(url="https://acme.example/a.png"))]
    with pytest.raises(UnsupportedParameter):
        await caller.kernel.invoke_text_embedding(EmbeddingRequest(model="acme/chat", inputs=[picture]), context)


async def test_a_model_is_proved_by_its_schema(caller: Caller, vendor: VendorDouble) -> None:
    kernel = caller.kernel
    await kernel.validate_model_credentials("acme/chat", ModelType.LLM, caller.context(TOKEN))
    assert [request.path for request in vendor.requests] == ["/v1/models/acme/chat"], "nothing is run"
    vendor.on("GET", "/v1/models/acme/flux", model("width", "height"))
    for kind in (ModelType.LLM, ModelType.TEXT_EMBEDDING):
        with pytest.raises(ModelNotFound, match="it takes width, height"):
            await kernel.validate_model_credentials("acme/flux", kind, caller.context(TOKEN))
    vendor.answers(Answer.json({"detail": "The requested resource could not be found."}, 404))
    with pytest.raises(ModelNotFound):
        await kernel.validate_model_credentials("acme/none", ModelType.LLM, caller.context(TOKEN))
    with pytest.raises(CredentialsInvalid) as caught:
        await kernel.validate_model_credentials("acme/none", ModelType.LLM, caller.context(TOKEN | {"version": VERSION}))
    assert caught.value.param == "version"
    for name in ("llama", "a/b/c", "acme/", "acme/chat?x=1"):
        with pytest.raises(ModelNotFound, match="no model of Replicate"):
            await kernel.validate_model_credentials(name, ModelType.LLM, caller.context(TOKEN))
    await vendor.stop()
    with pytest.raises(CredentialsInvalid) as unreachable:
        form = TOKEN | {"base_url": "https://proxy.acme.example/v1"}
        await kernel.validate_model_credentials("acme/chat", ModelType.LLM, caller.context(form))
    assert unreachable.value.param == "base_url"


async def test_schemas_are_kept_for_a_while_and_for_each_token() -> None:
    now, fetched = 0.0, 0
    cache = SchemaCache(lambda: now)

    async def fetch() -> Schema:
        nonlocal fetched
        fetched += 1
        return Schema(str(fetched), {})

    assert (await cache.get(fetch, "url", "a")).version == "1"
    assert (await cache.get(fetch, "url", "a")).version == "1"
    assert (await cache.get(fetch, "url", "b")).version == "2"
    assert (await cache.get(fetch, "url", "a", fresh=True)).version == "3"
    now = LIFETIME + 1
    assert (await cache.get(fetch, "url", "b")).version == "4"
