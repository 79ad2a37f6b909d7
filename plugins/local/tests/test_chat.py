"""Chat and text completion by the embedded model."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from jackfield_sdk import (
    BadRequest,
    Blob,
    ContextLengthExceeded,
    ImagePart,
    LLMResult,
    Message,
    ModelNotFound,
    OutputFormat,
    Sampling,
    StreamCollector,
    StreamEnd,
    StreamStart,
    TextDelta,
    Tool,
    ToolCall,
    ToolCallDelta,
    ToolChoice,
    ToolResult,
    UnsupportedParameter,
    UsageReport,
    collect,
)

if TYPE_CHECKING:
    from .conftest import Local

CHAT = "smollm2"
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 30},
        "email": {"type": "string", "format": "email"},
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
        "tags": {"type": "array", "items": {"enum": ["friend", "colleague"]}, "maxItems": 2},
    },
    "required": ["name", "email", "age", "tags"],
    "additionalProperties": False,
}
WEATHER = Tool(
    "get_weather",
    "Get the weather of a city",
    {"type": "object", "properties": {"city": {"type": "string", "maxLength": 40}}, "required": ["city"]},
)
MAIL = Tool(
    "send_mail",
    "Send an email",
    {
        "type": "object",
        "properties": {"to": {"type": "string", "maxLength": 40}, "body": {"type": "string", "maxLength": 80}},
        "required": ["to", "body"],
    },
)


async def test_a_whole_answer_has_its_text_its_end_and_its_exact_usage(local: Local) -> None:
    request = local.chat("Say hello.", sampling=Sampling(temperature=0, max_tokens=60))
    result = await local.kernel.invoke_llm(request, local.context(CHAT))

    assert "Hello" in result.text
    assert result.finish_reason == "stop"
    assert result.model == CHAT
    assert result.usage.input_tokens == await local.kernel.count_tokens(request, local.context(CHAT))
    assert 0 < result.usage.output_tokens <= 60


async def test_a_stream_is_the_whole_answer_in_pieces(local: Local) -> None:
    request = local.chat("Say hello.", sampling=Sampling(seed=7, max_tokens=12))
    whole = await local.kernel.invoke_llm(request, local.context(CHAT))
    events = [event async for event in await local.kernel.stream_llm(request, local.context(CHAT))]

    assert isinstance(events[0], StreamStart)
    assert sum(isinstance(event, TextDelta) for event in events) > 3
    assert [event for event in events if isinstance(event, StreamEnd)] == [StreamEnd(whole.finish_reason)]
    assert isinstance(events[-1], UsageReport)
    collector = StreamCollector()
    for event in events:
        collector.add(event)
    assert collector.result().text == whole.text
    assert collector.usage.output_tokens == whole.usage.output_tokens


async def test_sampling_parameters_do_what_they_say(local: Local) -> None:
    context = local.context(CHAT)

    cut = await local.kernel.invoke_llm(local.chat("Tell me a story.", sampling=Sampling(max_tokens=5)), context)
    assert (cut.finish_reason, cut.usage.output_tokens) == ("length", 5)

    counting = local.chat("Once upon a time there was a", sampling=Sampling(stop=["e"], temperature=0, max_tokens=50))
    stopped = await local.kernel.invoke_llm(counting, context)
    assert (stopped.finish_reason, stopped.stop_sequence) == ("stop", "e")
    assert "e" not in stopped.text

    same = [
        (
            await local.kernel.invoke_llm(
                local.chat("Invent a word.", sampling=Sampling(seed=3, temperature=1.5, max_tokens=9)), context
            )
        ).text
        for _ in range(2)
    ]
    assert same[0] == same[1]

    several = await local.kernel.invoke_llm(
        local.chat("Invent a word.", sampling=Sampling(n=3, seed=1, temperature=1.8, max_tokens=8)), context
    )
    texts = {several.text, *(choice.message.text for choice in several.alternatives)}
    assert len(several.alternatives) == 2
    assert len(texts) > 1
    assert 3 <= several.usage.output_tokens <= 24

    biased = await local.kernel.invoke_llm(
        local.chat(sampling=Sampling(logit_bias={"19556": 100}, max_tokens=3, temperature=0)), context
    )
    assert biased.text == "HelloHelloHello"


async def test_log_probabilities_come_in_openais_shape(local: Local) -> None:
    sampling = Sampling(logprobs=True, top_logprobs=2, max_tokens=3, temperature=0)
    result = await local.kernel.invoke_llm(local.chat(sampling=sampling), local.context(CHAT))

    entries = result.logprobs["content"]
    assert "".join(entry["token"] for entry in entries) == result.text
    assert all(len(entry["top_logprobs"]) == 2 and entry["logprob"] <= 0 for entry in entries)
    assert set(entries[0]) == {"token", "logprob", "bytes", "top_logprobs"}


@pytest.mark.parametrize("seed", range(3))
async def test_an_answer_follows_its_json_schema(local: Local, seed: int) -> None:
    wish = "Write a JSON object with the name, email, age and tags of a user."
    sampling = Sampling(seed=seed, repetition_penalty=1.1, max_tokens=300)
    request = local.chat(wish, output=OutputFormat("json_schema", PERSON), sampling=sampling)
    result = await local.kernel.invoke_llm(request, local.context(CHAT))

    assert result.finish_reason == "stop"
    jsonschema_rs.validator_for(PERSON, validate_formats=True).validate(json.loads(result.text))


async def test_json_is_streamed_from_its_first_brace_on(local: Local) -> None:
    request = local.chat("Invent a person.", output=OutputFormat("json_schema", PERSON), sampling=Sampling(temperature=0))
    events = [event async for event in await local.kernel.stream_llm(request, local.context(CHAT))]
    texts = [event.text for event in events if isinstance(event, TextDelta)]

    assert texts[0].startswith("{")
    assert json.loads("".join(texts))["age"] >= 0


@pytest.mark.parametrize("stream", [False, True])
async def test_a_schema_that_cannot_be_followed_is_refused_not_ignored(local: Local, stream: bool) -> None:
    schema = {"type": "object", "properties": {"a": {"not": {"type": "string"}}}, "required": ["a"]}
    request = local.chat("Invent a person.", output=OutputFormat("json_schema", schema))
    with pytest.raises(BadRequest, match="JSON Schema") as caught:
        await (local.kernel.stream_llm if stream else local.kernel.invoke_llm)(request, local.context(CHAT))
    assert caught.value.param == "response_format"


async def test_a_demanded_tool_is_called_with_arguments_of_its_schema(local: Local) -> None:
    request = local.chat("What is the weather in Paris?", tools=[MAIL, WEATHER], tool_choice=ToolChoice("tool", "get_weather"))
    result = await local.kernel.invoke_llm(request, local.context(CHAT))

    (call,) = result.tool_calls
    assert (result.finish_reason, call.name, result.text) == ("tool_calls", "get_weather", "")
    assert json.loads(call.arguments) == {"city": "Paris"}
    assert call.id.startswith("call_")


async def test_a_tool_call_is_streamed_in_pieces(local: Local) -> None:
    request = local.chat("Mail bob@example.com that I am late.", tools=[WEATHER, MAIL], tool_choice=ToolChoice("required"))
    events = [event async for event in await local.kernel.stream_llm(request, local.context(CHAT))]
    deltas = [event for event in events if isinstance(event, ToolCallDelta)]

    assert [delta.name for delta in deltas if delta.name] == ["send_mail"]
    assert len(deltas) > 3
    assert set(json.loads("".join(delta.arguments for delta in deltas))) == {"to", "body"}
    assert [event.finish_reason for event in events if isinstance(event, StreamEnd)] == ["tool_calls"]


async def test_a_tools_result_is_read(local: Local) -> None:
    messages = [
        Message.user("What is the weather in Paris?"),
        Message("assistant", [ToolCall("c1", "get_weather", '{"city": "Paris"}')]),
        Message("tool", [ToolResult("c1", '{"condition": "sunny", "temperature": 21}')]),
    ]
    request = local.chat(messages=messages, tools=[WEATHER], sampling=Sampling(temperature=0))
    result = await local.kernel.invoke_llm(request, local.context(CHAT))
    assert "21" in result.text
    assert not result.tool_calls


@pytest.mark.parametrize("stream", [False, True])
async def test_a_tool_is_called_where_it_helps_and_not_where_it_does_not(local: Local, stream: bool) -> None:
    async def ask(text: str) -> LLMResult:
        request = local.chat(text, tools=[WEATHER, MAIL], sampling=Sampling(temperature=0, max_tokens=60))
        if not stream:
            return await local.kernel.invoke_llm(request, local.context(CHAT))
        return collect([event async for event in await local.kernel.stream_llm(request, local.context(CHAT))])

    result = await ask("What is the weather in Paris?")
    (call,) = result.tool_calls
    assert (result.finish_reason, call.name, json.loads(call.arguments)) == ("tool_calls", "get_weather", {"city": "Paris"})
    assert call.id
    greeting = await ask("Say hello.")
    assert greeting.text
    assert not greeting.tool_calls


async def test_a_text_completion_goes_on_from_its_prompt(local: Local) -> None:
    request = local.chat("The capital of France is", completion=True, sampling=Sampling(temperature=0, max_tokens=4))
    result = await local.kernel.invoke_llm(request, local.context(CHAT))

    assert "Paris" in result.text
    assert result.usage.input_tokens == await local.kernel.count_tokens(request, local.context(CHAT)) == 5


@pytest.mark.parametrize("stream", [False, True])
async def test_an_input_longer_than_the_context_is_refused_before_anything_is_sent(local: Local, stream: bool) -> None:
    request = local.chat("word " * 5000)
    call = local.kernel.stream_llm if stream else local.kernel.invoke_llm
    with pytest.raises(ContextLengthExceeded, match="4096") as caught:
        await call(request, local.context(CHAT))
    assert caught.value.status == 400


async def test_eight_chats_at_once_are_all_answered(local: Local) -> None:
    async def ask(number: int) -> str:
        request = local.chat(f"Tell me about the number {number}.", sampling=Sampling(max_tokens=12))
        return (await local.kernel.invoke_llm(request, local.context(CHAT))).text

    answers = await asyncio.gather(*(ask(number) for number in range(8)))
    assert all(answers)


async def is_free(local: Local) -> None:
    """The engine works nothing off that nobody waits for. Its work tells, not the clock: others may keep the machine busy."""
    started = time.process_time()
    await local.kernel.invoke_llm(local.chat(sampling=Sampling(max_tokens=2)), local.context(CHAT))
    assert time.process_time() - started < 25


async def test_a_closed_stream_frees_the_engine_at_once(local: Local) -> None:
    """Four long answers are begun and left; were the engine still at work on them, the next one would wait for minutes."""
    long = local.chat("Tell me a very long story.", sampling=Sampling(max_tokens=3500, logit_bias={"2": -100}))
    for _ in range(4):
        events = await local.kernel.stream_llm(long, local.context(CHAT))
        await anext(aiter(events))
        await events.aclose()  # type: ignore[attr-defined]
    await is_free(local)


async def test_a_cancelled_call_frees_the_engine_even_while_it_reads_the_prompt(local: Local) -> None:
    tasks = [
        asyncio.create_task(local.kernel.invoke_llm(local.chat(f"{number} " + "word " * 3900), local.context(CHAT)))
        for number in range(6)
    ]
    await asyncio.sleep(0.3)
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ended)
    await is_free(local)


BAD: list[tuple[dict[str, Any], type[BadRequest], str]] = [
    ({"sampling": Sampling(reasoning_effort="high")}, UnsupportedParameter, "reasoning_effort"),
    ({"sampling": Sampling(temperature=3)}, BadRequest, "temperature"),
    ({"sampling": Sampling(max_tokens=0)}, BadRequest, "max_tokens"),
    ({"sampling": Sampling(stop=[""])}, BadRequest, "stop"),
    ({"sampling": Sampling(logit_bias={"hello": 1})}, BadRequest, "logit_bias"),
    ({"sampling": Sampling(logprobs=True, top_logprobs=21)}, BadRequest, "top_logprobs"),
    ({"extra": {"grammar": 'root ::= "yes"'}}, UnsupportedParameter, "grammar"),
    ({"tool_choice": ToolChoice("required")}, BadRequest, "tool_choice"),
    ({"tools": [WEATHER], "tool_choice": ToolChoice("tool", "other")}, BadRequest, "tool_choice"),
    ({"tools": [WEATHER], "output": OutputFormat("json_object")}, UnsupportedParameter, "response_format"),
    ({"tools": [WEATHER], "completion": True}, UnsupportedParameter, "tools"),
    ({"output": OutputFormat("json_schema")}, BadRequest, "response_format"),
    ({"messages": []}, BadRequest, "messages"),
    ({"messages": [Message("user", [ImagePart(Blob(url="https://example.com/a.png"))])]}, UnsupportedParameter, "messages"),
    ({"messages": [Message("assistant", [ToolCall("c", "f", "{no json")])]}, BadRequest, "messages"),
    ({"text": "", "completion": True}, BadRequest, "prompt"),
]


@pytest.mark.parametrize(("members", "kind", "param"), BAD, ids=[f"{case[2]}-{index}" for index, case in enumerate(BAD)])
async def test_what_the_model_cannot_take_is_refused_by_name(
    local: Local, members: dict[str, Any], kind: type[BadRequest], param: str
) -> None:
    with pytest.raises(kind) as caught:
        await local.kernel.invoke_llm(local.chat(**members), local.context(CHAT))
    assert caught.value.param == param


async def test_what_is_not_unicode_is_refused(local: Local) -> None:
    with pytest.raises(BadRequest, match="Unicode"):
        await local.kernel.invoke_llm(local.chat("half of a pair: \ud83d"), local.context(CHAT))


async def test_unknown_parameters_are_dropped_where_the_caller_asked_for_it(local: Local) -> None:
    request = local.chat(
        sampling=Sampling(reasoning_effort="high", max_tokens=2),
        extra={"made_up": 1, "top_n_sigma": 1.5},
        drop_unsupported=True,
    )
    assert (await local.kernel.invoke_llm(request, local.context(CHAT))).text


async def test_what_asks_nothing_of_the_answer_is_no_matter(local: Local) -> None:
    hints = {"store": False, "service_tier": "auto", "prompt_cache_key": "mine", "truncation": "disabled", "top_n_sigma": 1.5}
    for dialect, extra in (
        ("openai.responses", hints),
        ("anthropic.messages", {"thinking": {"type": "adaptive"}, "mcp_servers": [], "cache_control": {"type": "ephemeral"}}),
    ):
        request = local.chat(sampling=Sampling(max_tokens=2), extra=extra, dialect=dialect)
        assert (await local.kernel.invoke_llm(request, local.context(CHAT))).text
    with pytest.raises(UnsupportedParameter) as caught:
        await local.kernel.invoke_llm(local.chat(extra={"truncation": "auto"}, dialect="openai.responses"), local.context(CHAT))
    assert caught.value.param == "truncation"


async def test_an_unknown_model_is_not_found(local: Local) -> None:
    with pytest.raises(ModelNotFound):
        await local.kernel.invoke_llm(local.chat(model="smollm3"), local.context("smollm3"))
