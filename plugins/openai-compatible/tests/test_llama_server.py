"""Against the real C++ server of llama.cpp, with a real model: https://github.com/ggml-org/llama.cpp/tree/master/tools/server"""

from __future__ import annotations

import re
from typing import Any

import pytest
from jackfield_sdk import (
    ContextLengthExceeded,
    CredentialsInvalid,
    LLMRequest,
    Message,
    ModelType,
    OutputFormat,
    RelayRequest,
    Sampling,
    StreamCollector,
)
from jackfield_sdk.testing import Caller

MODEL = "smollm2"


@pytest.fixture
def credentials(llama_url: str) -> dict[str, Any]:
    return {"base_url": llama_url, "api_key": "llama-secret-key", "api": "chat", "context_size": 2048}


def ask(text: str, **members: Any) -> LLMRequest:
    members.setdefault("sampling", Sampling(max_tokens=8, temperature=0.0, seed=1))
    return LLMRequest(model=MODEL, messages=[Message.user(text)], **members)


async def test_a_whole_answer_and_its_stream_are_the_same(direct: Caller, credentials: dict[str, Any]) -> None:
    context = direct.context(credentials, MODEL, timeout=60)
    whole = await direct.kernel.invoke_llm(ask("Say hello."), context)
    assert whole.text
    assert whole.usage.input_tokens > 0
    assert 0 < whole.usage.output_tokens <= 8
    collector = StreamCollector()
    async for event in await direct.kernel.stream_llm(ask("Say hello."), context):
        collector.add(event)
    assert collector.complete
    streamed = collector.result()
    assert streamed.text == whole.text
    assert streamed.finish_reason == whole.finish_reason
    assert streamed.usage.output_tokens == whole.usage.output_tokens


async def test_a_schema_is_kept(direct: Caller, credentials: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"], "additionalProperties": False}
    request = ask("What is 2 + 2? Answer in JSON.", output=OutputFormat("json_schema", schema, name="sum"))
    result = await direct.kernel.invoke_llm(request, direct.context(credentials, MODEL, timeout=60))
    assert re.match(r'\{\s*"sum"\s*:\s*-?\d', result.text)


async def test_credentials_are_proved(direct: Caller, credentials: dict[str, Any], llama_url: str) -> None:
    await direct.kernel.validate_model_credentials(MODEL, ModelType.LLM, direct.context(credentials, timeout=60))
    for wrong, param in (
        ({"api_key": "another-secret-key"}, "api_key"),
        ({"base_url": llama_url + "/nowhere"}, "base_url"),
        ({"base_url": "http://127.0.0.1:9/v1"}, "base_url"),
        ({"base_url": "ftp://127.0.0.1/v1"}, "base_url"),
    ):
        with pytest.raises(CredentialsInvalid) as caught:
            context = direct.context(credentials | wrong, timeout=60)
            await direct.kernel.validate_model_credentials(MODEL, ModelType.LLM, context)
        assert caught.value.param == param, wrong
        assert "another-secret-key" not in str(caught.value.describe())


async def test_its_models_are_listed(direct: Caller, credentials: dict[str, Any]) -> None:
    (model,) = await direct.kernel.list_models(direct.context(credentials))
    assert model.type is ModelType.LLM
    assert model.context_window


async def test_a_prompt_that_is_too_long(direct: Caller, credentials: dict[str, Any]) -> None:
    with pytest.raises(ContextLengthExceeded) as caught:
        await direct.kernel.invoke_llm(ask("word " * 5000), direct.context(credentials, MODEL, timeout=60))
    assert caught.value.vendor_status == 400


async def test_tokens_are_counted_as_they_are_used(direct: Caller, credentials: dict[str, Any]) -> None:
    context = direct.context(credentials | {"advanced": True, "counts": "messages"}, MODEL, timeout=60)
    request = ask("How many are these?", sampling=Sampling(max_tokens=1))
    counted = await direct.kernel.count_tokens(request, context)
    assert counted == (await direct.kernel.invoke_llm(request, context)).usage.input_tokens


async def test_a_body_is_relayed(direct: Caller, credentials: dict[str, Any]) -> None:
    body = b'{"model":"smollm2","messages":[{"role":"user","content":"Hi"}],"max_tokens":4,"stream":true}'
    request = RelayRequest(dialect="openai.chat", model=MODEL, body=body, stream=True)
    response = await direct.kernel.relay(request, direct.context(credentials, MODEL, timeout=60))
    assert not isinstance(response.body, bytes)
    answer = b"".join([piece async for piece in response.body])
    assert answer.rstrip().endswith(b"data: [DONE]")
