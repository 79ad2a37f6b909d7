"""What an operator sees of a host: probes, metrics, its description, its log, pages of other origins, and its end."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import jsonschema_rs
import openai
import pytest
from jackfield.gateway.table import SURFACES
from jackfield.host import NewCredential
from jackfield.tenancy.workspaces import operator
from jackfield_sdk.testing import OpenAIAnswers, Said, VendorDouble
from prometheus_client.parser import text_string_to_metric_families

PAGE = "https://app.example.com"
TOKEN = "metrics-canary-token"
CHAT: dict[str, Any] = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "prompt-canary"}]}


class Vendor(OpenAIAnswers):
    """How OpenAI answers."""


@pytest.fixture(scope="module")
def guarded(open_another: Callable[..., Any]) -> Any:
    """A host with a token for its metrics, and one web page that may call it."""
    return open_another(cors_origins=(PAGE,), metrics_token=TOKEN)


def test_probes(site: Any) -> None:
    assert httpx.get(f"{site.url}/healthz").json() == {"status": "ok"}
    ready = httpx.get(f"{site.url}/readyz")
    assert ready.status_code == 200
    assert ready.json()["checks"] == {"database": "ok", "vault": "ok", "plugins": "ok"}


def test_metrics_count_requests_calls_and_units(site: Any, openai_client: openai.OpenAI, vendor: VendorDouble) -> None:
    def value(name: str, **labels: str) -> float:
        families = text_string_to_metric_families(httpx.get(f"{site.url}/metrics").text)
        found = [
            s.value for family in families for s in family.samples if s.name == name and labels.items() <= s.labels.items()
        ]
        return sum(found)

    model = {"provider": "openai", "model": "gpt-4o-mini"}
    before = value("jackfield_calls_total", outcome="ok", path="relay", **model), value("jackfield_usage_total", **model)
    said = Said()
    vendor.on("POST", "/chat/completions", Vendor().llm_answer(said))
    openai_client.chat.completions.create(**CHAT)
    assert value("jackfield_calls_total", outcome="ok", path="relay", **model) == before[0] + 1
    assert value("jackfield_usage_total", **model) >= before[1] + said.usage.total_tokens
    assert value("jackfield_http_requests_total", surface="/v1/chat/completions", status="200") >= 1


def test_metrics_ask_for_their_token(guarded: Any) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}):
        refused = httpx.get(f"{guarded.url}/metrics", headers=headers)
        assert refused.status_code == 401
        assert TOKEN not in refused.text
    assert httpx.get(f"{guarded.url}/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_the_description_names_every_surface_and_its_schemas_hold(site: Any) -> None:
    document = httpx.get(f"{site.url}/openapi.json").json()
    assert set(document["paths"]) == {*SURFACES, "/v1/models/{id}"}
    for method, path in ((m, p) for p, operations in document["paths"].items() for m in operations):
        assert SURFACES.get(path) is None or SURFACES[path].method == method.upper()
    names = set(document["components"]["schemas"])
    assert set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document))) <= names
    schema = {"$ref": "#/components/schemas/ModelList", "components": document["components"]}
    models = httpx.get(f"{site.url}/v1/models", headers={"authorization": f"Bearer {site.key}"})
    jsonschema_rs.validate(schema, models.json())


def test_pages_of_other_origins(guarded: Any, site: Any) -> None:
    ask = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    url = f"{guarded.url}/v1/chat/completions"
    allowed = httpx.options(url, headers={"origin": PAGE, **ask})
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-credentials" not in allowed.headers
    stranger = httpx.options(url, headers={"origin": "https://evil.example", **ask})
    assert stranger.status_code == 403
    assert "access-control-allow-origin" not in stranger.headers
    failed = httpx.post(url, headers={"origin": PAGE}, json=CHAT)
    assert failed.status_code == 401
    assert failed.headers["access-control-allow-origin"] == PAGE  # a page must be able to read what was wrong
    assert "access-control-allow-origin" not in httpx.get(f"{site.url}/v1/models", headers={"origin": PAGE}).headers


def test_what_is_not_there_is_told_in_the_words_of_the_api(site: Any) -> None:
    headers = {"authorization": f"Bearer {site.key}"}
    missing = httpx.get(f"{site.url}/v1/nothing", headers=headers)
    assert missing.status_code == 404
    assert "/openapi.json" in missing.json()["error"]["message"]
    wrong = httpx.get(f"{site.url}/v1/chat/completions", headers=headers)
    assert wrong.status_code == 405
    assert wrong.headers["allow"] == "POST"
    assert httpx.post(f"{site.url}/v1/chat/completions/", headers=headers, json={}).status_code == 400


def test_the_log_names_calls_and_holds_neither_key_nor_prompt(
    site: Any, vendor: VendorDouble, capfd: pytest.CaptureFixture[str]
) -> None:
    vendor.on("POST", "/chat/completions", Vendor().llm_answer(Said()))
    headers = {"authorization": f"Bearer {site.key}", "x-forwarded-for": "203.0.113.7"}
    answer = httpx.post(f"{site.url}/v1/chat/completions", headers=headers, json=CHAT)
    said = answer.json()["choices"][0]["message"]["content"]
    number = answer.headers["x-request-id"]
    written = ""

    async def flushed() -> None:
        nonlocal written
        while number not in written:
            await asyncio.sleep(0.01)
            written += capfd.readouterr().err

    site.run(flushed())
    (line,) = (json.loads(line) for line in written.splitlines() if number in line)
    assert (line["provider"], line["model"], line["status"]) == ("openai", "gpt-4o-mini", 200)
    assert line["client"] == "203.0.113.7"
    for secret in (site.key, "sk-vendor-canary", "prompt-canary", said):
        assert secret not in written


async def slow_vendor(go_on: asyncio.Event) -> asyncio.Server:
    """Knows no models; streams one word of a chat, and the rest when it is told to."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        kind = b"application/json"
        pieces: tuple[bytes, ...] = (b'{"object": "list", "data": []}',)
        if asked.startswith(b"POST"):
            kind, pieces = b"text/event-stream", Vendor().llm_stream(Said()).pieces
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: " + kind + b"\r\nconnection: close\r\n\r\n" + pieces[0])
        await writer.drain()
        if len(pieces) > 1:
            await go_on.wait()
        writer.write(b"".join(pieces[1:]))
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


def test_a_running_stream_is_let_end_before_the_host_stops(site: Any, open_another: Callable[..., Any]) -> None:
    """As at SIGTERM: nobody new is let in, and what runs is answered in full."""
    go_on = asyncio.Event()
    serving, listening = open_another(), site.run(slow_vendor(go_on))
    host, caller = serving.host, operator(serving.host.first_run.workspace.id)
    values = {"api_key": "sk-x", "base_url": "http://{}:{}/v1".format(*listening.sockets[0].getsockname())}
    site.run(host.vendors.add(caller, "openai", NewCredential(values=values, name="slow")))
    with openai.OpenAI(base_url=f"{serving.url}/v1", api_key=host.first_run.api_key, max_retries=0) as client:
        stream = iter(client.chat.completions.create(**CHAT, stream=True))
        chunks = [next(stream)]
        serving.stop()
        while True:
            try:
                httpx.get(f"{serving.url}/healthz")
            except httpx.ConnectError:
                break
        assert not serving.ended.done()
        site.running.loop.call_soon_threadsafe(go_on.set)
        chunks += list(stream)
    serving.close()
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == Said().text
    assert chunks[-1].choices[0].finish_reason == "stop"
    listening.close()
