"""Where Qwen's chat differs from OpenAI's: https://www.alibabacloud.com/help/en/model-studio/qwen-api-via-openai-chat-completions"""

from __future__ import annotations

import dataclasses
from typing import Any

from jackfield_sdk import (
    CallContext,
    ChatOptions,
    ConnectionFailed,
    Feature,
    LLMRequest,
    LLMResult,
    LLMStream,
    ModelDescription,
    StreamCollector,
    refuse,
)


def options(model: ModelDescription | None) -> ChatOptions:
    """A budget of thinking tokens has a name here; a cache is asked for as Anthropic's, by the models that have one."""
    properties = model.properties if model is not None else {}
    return ChatOptions(
        max_tokens_name="max_completion_tokens" if properties.get("completion_tokens") else "max_tokens",
        budget_name="thinking_budget",
        cache="cache_control" if properties.get("explicit_cache") else None,
        schemas=model is None or Feature.STRUCTURED_OUTPUT in model.features,
    )


def adapt(body: dict[str, Any], request: LLMRequest, context: CallContext) -> dict[str, Any]:
    """The body by Qwen's names.

    :raises UnsupportedParameter: for what Qwen does not do, unless `drop_unsupported`
    """
    model = context.model
    body.pop("metadata", None)  # OpenAI's own bookkeeping
    if body.get("tool_choice") == "required":
        refuse(request, "tool_choice", "Qwen calls the tool that is named, or decides by itself.")
        body["tool_choice"] = "auto"
    _adapt_thinking(body, model)
    _adapt_sound(body)
    return body


def _adapt_thinking(body: dict[str, Any], model: ModelDescription | None) -> None:
    """Thinking is switched by `enable_thinking`, but where the model knows nothing else than how hard to think.

    https://www.alibabacloud.com/help/en/model-studio/deep-thinking, and of JSON …/qwen-structured-output
    """
    effort, budget = body.get("reasoning_effort"), body.get("thinking_budget")
    if effort is None and budget is None:
        json = body.get("response_format", {}).get("type") in ("json_object", "json_schema")
        if json and model is not None and model.properties.get("json_unthinking"):
            body.setdefault("enable_thinking", False)  # else the vendor refuses the format
        return
    if budget == 0:  # the vendor wants a number above zero
        del body["thinking_budget"]
    always = model is not None and model.properties.get("thinking") == "always"
    if not always:
        body.setdefault("enable_thinking", budget != 0 and effort not in ("none", "minimal"))
    if effort in ("none", "minimal"):
        del body["reasoning_effort"]


def _adapt_sound(body: dict[str, Any]) -> None:
    """Sound is sent as a data URL: https://www.alibabacloud.com/help/en/model-studio/qwen-omni"""
    for message in body["messages"]:
        for part in message["content"] if isinstance(message.get("content"), list) else ():
            if part.get("type") == "input_audio" and not part["input_audio"]["data"].startswith(("data:", "http")):
                sound = part["input_audio"]
                part["input_audio"] = sound | {"data": f"data:;base64,{sound['data']}"}


def only_streams(request: LLMRequest, model: ModelDescription | None) -> bool:
    """Whether a whole answer must be put together from a stream: open models do not think otherwise."""
    return not request.stream and model is not None and bool(model.properties.get("only_streams"))


async def gathered(stream: LLMResult | LLMStream, request: LLMRequest) -> LLMResult:
    """The whole answer that a stream is.

    :raises ConnectionFailed: if the stream has no end
    """
    if isinstance(stream, LLMResult):
        return stream
    collector = StreamCollector(request.model)
    async for event in stream:
        collector.add(event)
    if not collector.complete:
        raise ConnectionFailed("The vendor's stream broke off.")
    return collector.result()


def streamed(request: LLMRequest) -> LLMRequest:
    """The request for a stream."""
    return dataclasses.replace(request, stream=True)
