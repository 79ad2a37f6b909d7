"""Against real servers: llama.cpp's, whose answers Xinference's llama.cpp engine passes on; and a Xinference that is named.

JACKFIELD_XINFERENCE_URL=http://127.0.0.1:9997 JACKFIELD_XINFERENCE_CHAT=<uid> pytest plugins/xinference
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from jackfield_sdk import (
    BadRequest,
    CredentialsInvalid,
    LLMRequest,
    Message,
    ModelNotFound,
    ModelType,
    RelayRequest,
    Sampling,
    StreamCollector,
    UnsupportedParameter,
)
from jackfield_sdk.testing import Caller, open_caller
from jackfield_xinference import plugin

CHAT = os.environ.get("JACKFIELD_XINFERENCE_CHAT", "")


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with open_caller(plugin) as caller:
        yield caller


@pytest.fixture
def xinference() -> dict[str, Any]:
    if not CHAT:
        pytest.skip("no Xinference is named")
    return {"base_url": os.environ["JACKFIELD_XINFERENCE_URL"], "model_uid": CHAT}


def ask(text: str, **members: Any) -> LLMRequest:
    members.setdefault("sampling", Sampling(max_tokens=8, temperature=0.0))
    return LLMRequest(model="ours", messages=[Message.user(text)], **members)


async def check_chat(caller: Caller, credentials: dict[str, Any]) -> None:
    """The whole answer and its stream are the same, and both are counted."""
    context = caller.context(credentials, "ours", timeout=100, idle_timeout=100)
    whole = await caller.kernel.invoke_llm(ask("Say hello."), context)
    assert whole.text
    assert 0 < whole.usage.output_tokens <= 8
    collector = StreamCollector()
    async for event in await caller.kernel.stream_llm(ask("Say hello."), context):
        collector.add(event)
    streamed = collector.result()
    assert (streamed.text, streamed.finish_reason) == (whole.text, whole.finish_reason)
    assert streamed.usage.output_tokens == whole.usage.output_tokens
    assert streamed.usage.input_tokens == whole.usage.input_tokens > 0


async def test_chat_with_llama_cpp(caller: Caller, llama_url: str) -> None:
    credentials = {"base_url": llama_url, "api_key": "llama-secret-key"}
    await check_chat(caller, credentials)
    with pytest.raises(CredentialsInvalid) as caught:  # it is no Xinference
        await caller.kernel.validate_model_credentials("ours", ModelType.LLM, caller.context(credentials))
    assert caught.value.param == "base_url"


async def test_chat_with_xinference(caller: Caller, xinference: dict[str, Any]) -> None:
    await check_chat(caller, xinference)
    body = b'{"model":"ours","messages":[{"role":"user","content":"Hi"}],"max_tokens":4}'
    request = RelayRequest(dialect="openai.chat", model="ours", body=body)
    response = await caller.kernel.relay(request, caller.context(xinference, "ours", timeout=100))
    assert isinstance(response.body, bytes)
    assert b'"finish_reason":"length"' in response.body


async def test_what_xinference_says_of_its_models(caller: Caller, xinference: dict[str, Any]) -> None:
    context = caller.context(xinference, timeout=60)
    model = next(model for model in await caller.kernel.list_models(context) if model.id == CHAT)
    assert (model.type, bool(model.context_window)) == (ModelType.LLM, True)
    await caller.kernel.validate_model_credentials("ours", ModelType.LLM, context)
    with pytest.raises(BadRequest):
        await caller.kernel.validate_model_credentials("ours", ModelType.RERANK, context)
    seeing = caller.context(xinference | {"vision": True}, timeout=60)
    with pytest.raises(CredentialsInvalid) as lacks:
        await caller.kernel.validate_model_credentials("ours", ModelType.LLM, seeing)
    assert lacks.value.param == "vision"
    unknown = caller.context(xinference | {"model_uid": "no-such-model"}, timeout=60)
    with pytest.raises(CredentialsInvalid) as stray:
        await caller.kernel.validate_model_credentials("ours", ModelType.LLM, unknown)
    assert stray.value.param == "model_uid"


async def test_what_xinference_refuses(caller: Caller, xinference: dict[str, Any]) -> None:
    unknown = caller.context(xinference | {"model_uid": "no-such-model"}, "ours", timeout=60)
    with pytest.raises(ModelNotFound):
        await caller.kernel.invoke_llm(ask("Hi"), unknown)
    with pytest.raises(UnsupportedParameter):
        await caller.kernel.invoke_llm(ask("Hi", sampling=Sampling(n=2)), caller.context(xinference, "ours", timeout=60))
