"""The official Anthropic and Cohere clients, and the small services that are our own."""

from __future__ import annotations

from typing import Any

import anthropic
import cohere
import httpx
import pytest
from jackfield_sdk.testing import OpenAIAnswers, Said, VendorDouble

LOCAL = "local/smollm2"
HELLO: list[Any] = [{"role": "user", "content": "Say hello."}]
DOCUMENTS = ["The law of contract.", "How to bake bread at home.", "Bread needs flour, water, salt and yeast."]


class Vendor(OpenAIAnswers):
    """A vendor of OpenAI's dialect behind Anthropic's surface."""


def test_message(anthropic_client: anthropic.Anthropic) -> None:
    answer = anthropic_client.messages.create(model=LOCAL, max_tokens=16, messages=HELLO, extra_body={"temperature": 0})
    assert answer.content[0].type == "text"
    assert answer.content[0].text
    assert answer.usage.output_tokens
    assert answer._request_id
    assert answer._request_id.startswith("req_")


def test_streamed_message(anthropic_client: anthropic.Anthropic) -> None:
    whole = anthropic_client.messages.create(model=LOCAL, max_tokens=16, messages=HELLO, extra_body={"temperature": 0})
    with anthropic_client.messages.stream(model=LOCAL, max_tokens=16, messages=HELLO, extra_body={"temperature": 0}) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_message()
    assert final.content[0].text == whole.content[0].text  # type: ignore[union-attr]
    assert final.stop_reason == whole.stop_reason
    assert final.usage.output_tokens == whole.usage.output_tokens
    assert kinds[0] == "message_start"
    assert kinds[-1] == "message_stop"


def test_message_of_another_vendor(anthropic_client: anthropic.Anthropic, vendor: VendorDouble) -> None:
    """Tools and system prompt cross from one dialect to the other."""
    vendor.on("POST", "/chat/completions", Vendor().llm_answer(Said(pieces=("Hi.",))))
    answer = anthropic_client.messages.create(
        model="openai/gpt-4o-mini",
        max_tokens=16,
        system="Be brief.",
        messages=HELLO,
        tools=[{"name": "look", "description": "Looks.", "input_schema": {"type": "object", "properties": {}}}],
    )
    assert answer.content[0].text == "Hi."  # type: ignore[union-attr]
    sent = vendor.last.json
    assert sent["messages"][0]["content"] in ("Be brief.", [{"type": "text", "text": "Be brief."}])
    assert sent["tools"][0]["function"]["name"] == "look"


def test_tokens_are_counted(anthropic_client: anthropic.Anthropic) -> None:
    short = anthropic_client.messages.count_tokens(model=LOCAL, messages=HELLO)
    long = anthropic_client.messages.count_tokens(model=LOCAL, messages=[{"role": "user", "content": "Say hello. " * 20}])
    assert 3 < short.input_tokens < long.input_tokens


def test_models_as_anthropic_lists_them(anthropic_client: anthropic.Anthropic) -> None:
    page = anthropic_client.models.list(limit=2)
    assert len(page.data) == 2
    every = [model.id for model in anthropic_client.models.list(limit=50)]  # follows the pages
    assert LOCAL in every
    assert "local/whisper" not in every
    assert len(every) == len(set(every))
    assert anthropic_client.models.retrieve(LOCAL).display_name.startswith("SmolLM2")


@pytest.mark.parametrize(
    ("model", "kind", "status"),
    [("local/nothing", anthropic.NotFoundError, 404), ("openai/gpt-4o-mini", anthropic.RateLimitError, 429)],
)
def test_errors_as_anthropic_tells_them(
    anthropic_client: anthropic.Anthropic, vendor: VendorDouble, model: str, kind: type[anthropic.APIStatusError], status: int
) -> None:
    vendor.answers(Vendor().error(429, "slow down", {"retry-after": "7"}))
    with pytest.raises(kind) as raised:
        anthropic_client.messages.create(model=model, max_tokens=16, messages=HELLO)
    assert raised.value.status_code == status
    assert raised.value.request_id
    assert raised.value.body["type"] == "error"  # type: ignore[index]
    if status == 429:
        assert raised.value.response.headers["retry-after"] == "7"


def test_wrong_key_on_anthropics_surface(site: Any) -> None:
    with (
        anthropic.Anthropic(base_url=site.url, api_key="jf-wrong", max_retries=0) as client,
        pytest.raises(anthropic.AuthenticationError, match="not valid"),
    ):
        client.messages.create(model=LOCAL, max_tokens=16, messages=HELLO)


def test_rerank_of_cohere(cohere_client: cohere.ClientV2, site: Any) -> None:
    query = "What do I need for bread?"
    answer = cohere_client.rerank(model="local/wordllama-rerank", query=query, documents=DOCUMENTS, top_n=2)
    assert sorted(result.index for result in answer.results) == [1, 2]
    older = cohere.Client(api_key=site.key, base_url=site.url)
    assert older.rerank(model="local/wordllama-rerank", query=query, documents=DOCUMENTS).results[0].index in (1, 2)


def test_rerank_of_jina(site: Any) -> None:
    body = {"model": "local/wordllama-rerank", "query": "bread", "documents": DOCUMENTS, "top_n": 1}
    headers = {"authorization": f"Bearer {site.key}"}
    answer = httpx.post(f"{site.url}/v1/rerank", json=body, headers=headers, timeout=60).json()
    assert answer["results"][0]["document"]["text"] in DOCUMENTS[1:]
    assert answer["usage"]["total_tokens"] >= 0


def test_errors_as_cohere_tells_them(site: Any) -> None:
    client = cohere.ClientV2(api_key="jf-wrong", base_url=site.url)
    with pytest.raises(cohere.errors.unauthorized_error.UnauthorizedError) as raised:
        client.rerank(model="local/wordllama-rerank", query="bread", documents=DOCUMENTS)
    assert "not valid" in str(raised.value.body)


def test_assist(site: Any, vendor: VendorDouble) -> None:
    headers = {"authorization": f"Bearer {site.key}"}
    body = {"messages": [{"role": "user", "content": "How do I bake bread?"}], "model": "quick"}
    vendor.on("POST", "/chat/completions", Vendor().llm_answer(Said(pieces=('{"title": "Baking bread at home"}',))))
    title = httpx.post(f"{site.url}/v1/assist/title", json=body, headers=headers, timeout=60).json()
    assert title["title"] == "Baking bread at home"
    asked = '{"questions": ["Which flour?", "How hot?", "How long?"]}'
    vendor.on("POST", "/chat/completions", Vendor().llm_answer(Said(pieces=(asked,))))
    found = httpx.post(f"{site.url}/v1/assist/questions", json=body | {"count": 2}, headers=headers, timeout=60).json()
    assert found["questions"] == ["Which flour?", "How hot?"]
    wrong = httpx.post(f"{site.url}/v1/assist/questions", json=body | {"count": "two"}, headers=headers, timeout=60)
    assert wrong.status_code == 400
    assert wrong.json()["error"]["param"] == "count"
