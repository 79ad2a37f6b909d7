"""The official OpenAI client, on every surface, whole and streamed: real local models, and a vendor that is relayed to."""

from __future__ import annotations

import io
import json
import wave
from typing import Any

import openai
import pytest
from jackfield_sdk.testing import Answer, OpenAIAnswers, Said, VendorDouble

LOCAL = "local/smollm2"
HELLO: list[Any] = [{"role": "user", "content": "Say hello."}]
SAID = Said(pieces=("Any ", "line ", "plugs ", "in."))


class Vendor(OpenAIAnswers):
    """How OpenAI answers."""


@pytest.fixture
def says(vendor: VendorDouble) -> Vendor:
    """The double answers chats, whole and streamed."""
    words = Vendor()

    def chat(request: Any) -> Answer:
        return words.llm_stream(SAID) if request.json.get("stream") else words.llm_answer(SAID)

    vendor.on("POST", "/chat/completions", chat)
    return words


def test_chat_of_a_real_model(openai_client: openai.OpenAI) -> None:
    answer = openai_client.chat.completions.create(model=LOCAL, messages=HELLO, max_tokens=16, temperature=0)
    assert answer.choices[0].message.content
    assert answer.usage
    assert answer.usage.completion_tokens
    assert answer._request_id
    assert answer._request_id.startswith("req_")


def test_streamed_chat_of_a_real_model(openai_client: openai.OpenAI) -> None:
    whole = openai_client.chat.completions.create(model=LOCAL, messages=HELLO, max_tokens=16, temperature=0)
    chunks = list(
        openai_client.chat.completions.create(
            model="default", messages=HELLO, max_tokens=16, temperature=0, stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert len(chunks) > 5
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens  # type: ignore[union-attr]


def test_structured_output_of_a_real_model(openai_client: openai.OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "blue"]}},
        "required": ["colour"],
        "additionalProperties": False,
    }
    answer = openai_client.chat.completions.create(
        model=LOCAL,
        messages=[{"role": "user", "content": "What colour is the sky?"}],
        response_format={"type": "json_schema", "json_schema": {"name": "colour", "schema": schema}},
        max_tokens=40,
    )
    assert json.loads(answer.choices[0].message.content or "")["colour"] in ("red", "blue")


def test_relayed_chat_arrives_as_it_was_sent(openai_client: openai.OpenAI, vendor: VendorDouble, says: Vendor) -> None:
    raw = openai_client.chat.completions.with_raw_response.create(
        model="openai/gpt-4o-mini", messages=HELLO, extra_body={"a_new_field": {"kept": [1.0, 2]}}
    )
    answer = raw.parse()
    assert answer.choices[0].message.content == SAID.text
    assert raw.headers["x-jackfield-model"] == "openai/gpt-4o-mini"
    assert raw.headers["x-jackfield-credential"] == "own"
    sent = vendor.last.json
    assert sent["model"] == "gpt-4o-mini"
    assert sent["a_new_field"] == {"kept": [1.0, 2]}
    assert vendor.last.headers["authorization"].startswith("Bearer sk-vendor-canary")


@pytest.mark.parametrize("usage", [True, False])
def test_relayed_stream(openai_client: openai.OpenAI, vendor: VendorDouble, says: Vendor, *, usage: bool) -> None:
    options: dict[str, Any] = {"stream_options": {"include_usage": True}} if usage else {}
    chunks = list(openai_client.chat.completions.create(model="quick", messages=HELLO, stream=True, **options))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == SAID.text
    assert any(chunk.usage for chunk in chunks) is usage  # the host asks for it always, and keeps it to itself
    assert vendor.last.json["stream_options"] == {"include_usage": True}


async def test_async_client(site: Any, vendor: VendorDouble, says: Vendor) -> None:
    async with openai.AsyncOpenAI(base_url=f"{site.url}/v1", api_key=site.key, max_retries=0) as client:
        stream = await client.chat.completions.create(model="quick", messages=HELLO, stream=True)
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
    assert text == SAID.text


def test_tool_calls_through_the_typed_contract(openai_client: openai.OpenAI, vendor: VendorDouble) -> None:
    """`x-jackfield-drop-params` takes the typed way: what the model does not know is left out instead of refused."""
    words = Vendor()
    vendor.on("POST", "/chat/completions", words.llm_answer(SAID))
    answer = openai_client.chat.completions.create(
        model="openai/gpt-4o-mini",
        messages=HELLO,
        reasoning_effort="high",
        extra_headers={"x-jackfield-drop-params": "true"},
    )
    assert answer.choices[0].message.content == SAID.text
    assert "reasoning_effort" not in vendor.last.json


def test_completions(openai_client: openai.OpenAI) -> None:
    whole = openai_client.completions.create(model=LOCAL, prompt="Once upon a time", max_tokens=8, temperature=0, logprobs=1)
    told = whole.choices[0].logprobs
    assert told is not None
    assert "".join(told.tokens or []) == whole.choices[0].text
    chunks = list(
        openai_client.completions.create(model=LOCAL, prompt="Once upon a time", max_tokens=8, temperature=0, stream=True)
    )
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices) == whole.choices[0].text


def test_responses(openai_client: openai.OpenAI) -> None:
    whole = openai_client.responses.create(
        model=LOCAL,
        input="Say hello.",
        instructions="Say it in English.",
        max_output_tokens=16,
        temperature=0,
        store=False,  # this and what follows asks nothing of the answer, and is sent by many clients
        truncation="disabled",
        service_tier="auto",
        prompt_cache_key="mine",
    )
    assert whole.output_text
    assert whole.instructions == "Say it in English."
    assert whole.max_output_tokens == 16
    kinds, text = [], ""
    for event in openai_client.responses.create(
        model=LOCAL,
        input="Say hello.",
        instructions="Say it in English.",
        max_output_tokens=16,
        temperature=0,
        stream=True,
    ):
        kinds.append(event.type)
        text += event.delta if event.type == "response.output_text.delta" else ""
    assert text == whole.output_text
    assert kinds[0] == "response.created"
    assert kinds[-1] in ("response.completed", "response.incomplete")


def test_embeddings(openai_client: openai.OpenAI) -> None:
    texts = ["a red apple", "a green apple", "the law of contract"]
    answer = openai_client.embeddings.create(model="local/wordllama", input=texts)  # the client asks for base64
    floats = openai_client.embeddings.create(model="default", input=texts, encoding_format="float")
    assert len(answer.data) == 3
    assert answer.data[0].embedding == pytest.approx(floats.data[0].embedding, abs=1e-6)
    near = sum(a * b for a, b in zip(answer.data[0].embedding, answer.data[1].embedding, strict=True))
    far = sum(a * b for a, b in zip(answer.data[0].embedding, answer.data[2].embedding, strict=True))
    assert near > far


def test_speech_is_heard_again(openai_client: openai.OpenAI) -> None:
    """Text to speech and back, by real models; the recording goes as a form, the sound comes as a file."""
    spoken = openai_client.audio.speech.create(
        model="local/espeak", input="Please open the window and close the door.", voice="en", response_format="wav"
    )
    sound = spoken.read()
    assert spoken.response.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(sound)) as recording:
        assert recording.getnframes() > 1000
    heard = openai_client.audio.transcriptions.create(model="local/whisper", file=("weather.wav", sound, "audio/wav"))
    assert "window" in heard.text.lower()
    detailed = openai_client.audio.transcriptions.create(
        model="local/whisper",
        file=("weather.wav", sound),
        response_format="verbose_json",
        timestamp_granularities=["segment"],
    )
    assert detailed.segments
    assert detailed.duration > 0.5
    subtitles = openai_client.audio.transcriptions.create(model="local/whisper", file=("w.wav", sound), response_format="srt")
    assert "-->" in str(subtitles)
    events = list(openai_client.audio.transcriptions.create(model="local/whisper", file=("w.wav", sound), stream=True))
    assert [event.type for event in events] == ["transcript.text.delta", "transcript.text.done"]


def test_speech_as_it_comes(openai_client: openai.OpenAI) -> None:
    with openai_client.audio.speech.with_streaming_response.create(
        model="local/espeak", input="One. " * 20, voice="en", response_format="pcm"
    ) as answer:
        pieces = list(answer.iter_bytes())
    assert sum(map(len, pieces)) > 10_000


def test_translation(openai_client: openai.OpenAI, vendor: VendorDouble) -> None:
    vendor.on("POST", "/audio/translations", Answer.json({"text": "Good day.", "language": "english", "duration": 1.5}))
    answer = openai_client.audio.translations.create(
        model="openai/whisper-1", file=("tag.mp3", b"ID3 some sound", "audio/mpeg")
    )
    assert answer.text == "Good day."
    file: Any = vendor.last.form["file"]
    assert (file.data, file.media_type) == (b"ID3 some sound", "audio/mpeg")


def test_moderations(openai_client: openai.OpenAI, vendor: VendorDouble) -> None:
    verdict = {"flagged": True, "categories": {"violence": True}, "category_scores": {"violence": 0.9}}
    vendor.on("POST", "/moderations", Answer.json({"id": "modr-1", "model": "omni-moderation-latest", "results": [verdict]}))
    answer = openai_client.moderations.create(input="…")  # without a model: the workspace's default
    assert answer.results[0].flagged
    assert vendor.last.json["model"] == "omni-moderation-latest"


def test_models(openai_client: openai.OpenAI) -> None:
    names = [model.id for model in openai_client.models.list()]
    assert {LOCAL, "local/whisper", "openai/gpt-4o-mini", "quick"} <= set(names)
    assert len(names) == len(set(names))
    model = openai_client.models.retrieve(LOCAL)  # the slash stands in the path
    assert model.id == LOCAL
    assert model.owned_by == "local"
    with pytest.raises(openai.NotFoundError):
        openai_client.models.retrieve("local/nothing")
