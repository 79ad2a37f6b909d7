"""What goes wrong, as the official clients see it: typed errors, streams that break, clients that go away, bodies too large."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import anthropic
import httpx
import openai
import pytest
from jackfield.contract import ModelType
from jackfield.tenancy import Scopes
from jackfield_sdk.testing import Answer, OpenAIAnswers, Said, VendorDouble

HELLO: list[Any] = [{"role": "user", "content": "Say hello."}]
CHAT: dict[str, Any] = {"model": "openai/gpt-4o-mini", "messages": HELLO}
SAID = Said(pieces=tuple(f"word{number} " for number in range(20)))


class Vendor(OpenAIAnswers):
    """How OpenAI answers, and fails."""


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, openai.BadRequestError),
        (401, openai.UnprocessableEntityError),  # the vendor refuses the workspace's key: not the caller's own
        (404, openai.NotFoundError),
        (413, openai.APIStatusError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_what_the_vendor_refuses(
    openai_client: openai.OpenAI,
    site: Any,
    vendor: VendorDouble,
    status: int,
    kind: type[openai.APIStatusError],
    *,
    stream: bool,
) -> None:
    credential = site.run(site.host.tenancy.credentials.list(site.caller, "openai"))[0]
    site.host.vendors._health.wake(credential.id)
    vendor.answers(Vendor().error(status, f"the vendor says {status}", {"retry-after": "3"} if status == 429 else {}))
    with pytest.raises(kind) as raised:
        openai_client.chat.completions.create(**CHAT, stream=stream)
    site.host.vendors._health.wake(credential.id)
    error = raised.value
    described = error.body["jackfield"]  # type: ignore[index]
    assert error.request_id
    assert described["advice"]
    assert described["provider"] == "openai"
    assert described["vendor_status"] == status
    assert "canary" not in json.dumps(error.body)
    if status == 429:
        assert error.response.headers["retry-after"] == "3"


@pytest.mark.parametrize(
    ("change", "kind", "param"),
    [
        ({"model": "nothing"}, openai.NotFoundError, "model"),
        ({"model": "openai/gpt-4o-minni"}, openai.NotFoundError, "model"),
        ({"model": "local/wordllama"}, openai.NotFoundError, "model"),
        ({"model": ""}, openai.BadRequestError, "model"),
        ({"model": "local/smollm2", "messages": []}, openai.BadRequestError, "messages"),
        ({"model": "local/smollm2", "messages": [{"role": "robot", "content": "?"}]}, openai.BadRequestError, None),
        ({"model": "local/smollm2", "temperature": "warm"}, openai.BadRequestError, "temperature"),
        ({"model": "local/smollm2", "reasoning_effort": "high"}, openai.BadRequestError, "reasoning_effort"),
    ],
)
def test_what_the_caller_did_wrong(
    openai_client: openai.OpenAI, change: dict[str, Any], kind: type[openai.APIStatusError], param: str | None
) -> None:
    with pytest.raises(kind) as raised:
        openai_client.chat.completions.create(**{**CHAT, **change})
    assert raised.value.body["jackfield"]["fault"] in ("caller", "workspace")  # type: ignore[index]
    if param is not None:
        assert raised.value.param == param


@pytest.mark.parametrize(
    ("path", "change", "says"),
    [
        ("messages", {"thinking": {"type": "enabled", "budget_tokens": 2000}}, "`thinking.budget_tokens`"),
        ("messages", {"stop_sequences": [""]}, "`stop_sequences`"),
        ("responses", {"reasoning": {"effort": "low"}}, "`reasoning.effort`"),
        ("responses", {"max_output_tokens": 9_000_000}, "`max_output_tokens`"),
        ("responses", {"previous_response_id": "resp_1"}, "Send all of it in `input`"),
        ("responses", {"input": [{"type": "item_reference", "id": "x"}]}, "not parts of the kind `item_reference`"),
    ],
)
def test_parameters_are_refused_by_the_names_of_the_surface_that_was_called(
    site: Any, path: str, change: dict[str, Any], says: str
) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "messages": {"messages": CHAT["messages"], "max_tokens": 9},
        "responses": {"input": "?"},
    }
    body = {"model": "local/smollm2"} | bodies[path] | change
    answer = httpx.post(f"{site.url}/v1/{path}", json=body, headers={"authorization": f"Bearer {site.key}"})
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]


def test_keys(site: Any) -> None:
    for key in ("jf-wrong", "sk-" + "x" * 40):
        client = openai.OpenAI(base_url=f"{site.url}/v1", api_key=key, max_retries=0)
        with client, pytest.raises(openai.AuthenticationError):
            client.models.list()
    assert httpx.get(f"{site.url}/v1/models").status_code == 401
    assert httpx.get(f"{site.url}/v1/models", headers={"authorization": "Basic abc"}).headers["www-authenticate"] == "Bearer"
    narrow = site.new_key("embeds", scopes=Scopes(model_types=frozenset({ModelType.TEXT_EMBEDDING})))
    with openai.OpenAI(base_url=f"{site.url}/v1", api_key=narrow, max_retries=0) as client:
        assert client.embeddings.create(model="local/wordllama", input="x").data
        with pytest.raises(openai.PermissionDeniedError):
            client.chat.completions.create(**CHAT)
    slow = site.new_key("slow", requests_per_minute=1)
    with openai.OpenAI(base_url=f"{site.url}/v1", api_key=slow, max_retries=0) as client:
        client.embeddings.create(model="local/wordllama", input="x")
        with pytest.raises(openai.RateLimitError) as raised:
            client.embeddings.create(model="local/wordllama", input="x")
    assert 0 < int(raised.value.response.headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"content": b"{"}, "not JSON"),
        ({"content": b""}, "is empty"),
        ({"content": b"[1]"}, "JSON object"),
        ({"content": b'{"model": "local/smollm2", "messages": "' + b"\xff" + b'"}'}, "not JSON"),
        ({"content": b'{"a":' * 2000 + b"1" + b"}" * 2000}, "not JSON"),
        ({"content": b'{"model": 5}'}, "`model`"),
        ({"content": b'{"model": {"x": 1}, "messages": []}'}, "`model`"),
    ],
)
@pytest.mark.parametrize("path", ["chat/completions", "completions", "responses", "messages", "embeddings", "rerank"])
def test_bodies_that_are_none(site: Any, path: str, request_: dict[str, Any], said: str) -> None:
    answer = httpx.post(f"{site.url}/v1/{path}", headers={"authorization": f"Bearer {site.key}"}, **request_)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_stream_that_breaks_is_not_taken_for_whole(openai_client: openai.OpenAI, vendor: VendorDouble) -> None:
    """Cut in the middle of an event: the client gets what came, and then an error."""
    whole = Vendor().llm_stream(SAID)
    vendor.on("POST", "/chat/completions", whole.but(cut=whole.boundaries[10] + 7))
    text = ""
    with pytest.raises(openai.APIError, match="broke") as raised:
        for chunk in openai_client.chat.completions.create(**CHAT, stream=True):
            text += chunk.choices[0].delta.content or ""
    assert text.startswith("word0 word1 ")
    assert raised.value.body["code"] == "connection_failed"  # type: ignore[index]


def test_stream_without_its_end_is_not_taken_for_whole(openai_client: openai.OpenAI, vendor: VendorDouble) -> None:
    whole = Vendor().llm_stream(SAID)
    vendor.on("POST", "/chat/completions", whole.but(pieces=whole.pieces[:5]))
    with pytest.raises(openai.APIError, match="broke off"):
        list(openai_client.chat.completions.create(**CHAT, stream=True))


def test_typed_stream_that_breaks(anthropic_client: anthropic.Anthropic, vendor: VendorDouble) -> None:
    whole = Vendor().llm_stream(SAID)
    vendor.on("POST", "/chat/completions", whole.but(cut=whole.boundaries[10] + 7))
    text = ""
    with (
        pytest.raises(anthropic.APIStatusError),
        anthropic_client.messages.stream(model="openai/gpt-4o-mini", max_tokens=99, messages=HELLO) as stream,
    ):
        for piece in stream.text_stream:
            text += piece
    assert text.startswith("word0 ")


def test_responses_stream_that_breaks(openai_client: openai.OpenAI, vendor: VendorDouble) -> None:
    created = {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}}
    vendor.on("POST", "/responses", Answer.sse([("response.created", created)]))
    with pytest.raises(openai.APIError, match="broke off"):
        list(openai_client.responses.create(model="openai/gpt-4o-mini", input="hi", stream=True))


def test_sound_that_breaks(openai_client: openai.OpenAI, vendor: VendorDouble) -> None:
    """A file has no place for an error event: the connection is closed before its end."""
    sound = Answer(headers={"content-type": "audio/mpeg"}, pieces=(b"a" * 1000,) * 4, framing="chunked", cut=2500)
    vendor.on("POST", "/audio/speech", sound)
    with (
        pytest.raises(
            (httpx.RemoteProtocolError, openai.APIConnectionError, Exception), match=r"(?i)incomplete|peer closed|connection"
        ),
        openai_client.audio.speech.with_streaming_response.create(
            model="openai/gpt-4o-mini-tts", voice="alloy", input="hello"
        ) as answer,
    ):
        answer.read()


def test_disconnect_reaches_the_vendor_in_a_stream(openai_client: openai.OpenAI, site: Any, vendor: VendorDouble) -> None:
    whole = Vendor().llm_stream(SAID)
    vendor.on("POST", "/chat/completions", whole.but(hang=whole.boundaries[3]))
    stream = openai_client.chat.completions.create(**CHAT, stream=True)
    next(iter(stream))
    stream.close()
    site.run(vendor.left())


@pytest.mark.parametrize("path", ["relayed", "typed"])
def test_disconnect_reaches_the_vendor_before_the_answer(site: Any, vendor: VendorDouble, path: str) -> None:
    vendor.answers(Answer(silent=True))
    headers = {"authorization": f"Bearer {site.key}"} | ({"x-jackfield-drop-params": "true"} if path == "typed" else {})

    async def give_up() -> None:
        async with httpx.AsyncClient() as client:
            call = asyncio.create_task(client.post(f"{site.url}/v1/chat/completions", json=CHAT, headers=headers, timeout=60))
            await vendor.received(1)
            call.cancel()
            await asyncio.wait({call})

    site.run(give_up())
    site.run(vendor.left())


@pytest.mark.parametrize("chunked", [True, False])
def test_body_too_large(site: Any, *, chunked: bool) -> None:
    body = json.dumps(CHAT | {"padding": "x" * 5 * 1024 * 1024}).encode()

    def pieces() -> Any:
        for at in range(0, len(body), 65536):
            yield body[at : at + 65536]

    headers = {"authorization": f"Bearer {site.key}"}
    with httpx.Client() as client:
        content = pieces() if chunked else body
        answer = client.post(f"{site.url}/v1/chat/completions", content=content, headers=headers)
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "request_too_large"
        assert client.get(f"{site.url}/v1/models", headers=headers).status_code == 200  # the connection is still good


def test_recording_too_large(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as raised:
        openai_client.audio.transcriptions.create(model="local/whisper", file=("long.wav", b"x" * 5 * 1024 * 1024))
    assert raised.value.status_code == 413


@pytest.mark.parametrize(
    ("content", "content_type", "said"),
    [
        (b"model=local/whisper", "application/x-www-form-urlencoded", "multipart"),
        (b"--b\r\n", "multipart/form-data; boundary=b", "breaks off|broken"),
        (b"no boundary here", "multipart/form-data; boundary=b", "broken|breaks off"),
        (
            b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nx\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            "`file`",
        ),
        (b"--b\r\ncontent-disposition: form-data\r\n\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b", "no name"),
        (b"x", "multipart/form-data", "multipart"),
    ],
)
def test_forms_that_are_none(site: Any, content: bytes, content_type: str, said: str) -> None:
    headers = {"authorization": f"Bearer {site.key}", "content-type": content_type}
    answer = httpx.post(f"{site.url}/v1/audio/transcriptions", content=content, headers=headers)
    assert answer.status_code == 400
    assert pytest.importorskip("re").search(said, answer.json()["error"]["message"])


def test_slow_client_holds_nobody_up(site: Any, vendor: VendorDouble) -> None:
    """One that reads nothing makes the host stop reading from the vendor, and others are served meanwhile."""
    vendor.on("POST", "/chat/completions", Vendor().llm_stream(SAID).but(endless=True))
    body = json.dumps(CHAT | {"stream": True}).encode()
    host, port = site.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {site.key}\r\n"
        head += f"content-length: {len(body)}"
        slow.sendall(head.encode() + b"\r\n\r\n" + body)
        site.run(vendor.received())
        for _ in range(20):
            answer = httpx.post(
                f"{site.url}/v1/embeddings",
                json={"model": "local/wordllama", "input": "x"},
                headers={"authorization": f"Bearer {site.key}"},
            )
            assert answer.status_code == 200
    site.run(vendor.left())
