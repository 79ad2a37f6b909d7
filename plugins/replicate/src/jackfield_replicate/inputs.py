"""A chat as the input of a model's prediction: by the names that this model has for what is asked.

The names are those that Replicate's language models use: https://replicate.com/collections/language-models
"""

from __future__ import annotations

from typing import Any, Final

from jackfield_sdk import (
    ImagePart,
    LLMRequest,
    Message,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResult,
    UnsupportedParameter,
    blobs,
    meant,
    passed_on,
    refuse,
)
from jackfield_sdk.dialects import reasoning

from .schemas import Schema

DIALECT: Final = "replicate.predictions"
PROMPTS: Final = ("prompt", "messages")
"""What a language model has at least one of."""
_SYSTEM = ("system_prompt", "system_instruction", "system", "system_message", "instructions")
_IMAGE = ("image", "image_input", "images", "image_url")
_SWITCH = "extended_thinking"
"""Claude's, which is off by default; its budget counts only while it is on. https://replicate.com/anthropic/claude-4-sonnet/api"""
_NAMES: dict[str, tuple[str, ...]] = {
    "max_tokens": ("max_tokens", "max_new_tokens", "max_completion_tokens", "max_output_tokens", "max_length"),
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "top_k": ("top_k",),
    "min_p": ("min_p",),
    "frequency_penalty": ("frequency_penalty",),
    "presence_penalty": ("presence_penalty",),
    "repetition_penalty": ("repetition_penalty", "repeat_penalty"),
    "seed": ("seed",),
    "stop": ("stop_sequences", "stop"),
    "reasoning_effort": ("reasoning_effort",),
    "reasoning_budget": ("thinking_budget_tokens", "thinking_budget"),
}


def build_input(request: LLMRequest, schema: Schema) -> dict[str, Any]:
    """:raises UnsupportedParameter: by name, for what this model has no input for, unless `drop_unsupported`"""
    if request.tools:
        refuse(request, "tools", "Models on Replicate call no tools.")
    if request.tool_choice is not None and request.tool_choice.mode not in ("auto", "none"):
        refuse(request, "tool_choice")
    if request.output is not None and request.output.kind != "text":
        refuse(request, "response_format", "Models on Replicate follow no schema.")
    body = _messages(request, schema) | _sampling(request, schema)
    return body | passed_on(request, DIALECT, shared=frozenset(schema.inputs))


def _sampling(request: LLMRequest, schema: Schema) -> dict[str, Any]:
    built = _thinking(request, schema)
    said = meant(request.sampling)
    for name, value in request.sampling.given().items():
        if built and name in ("reasoning_effort", "reasoning_budget"):
            continue
        known = schema.first(*_NAMES.get(name, ()))
        if known is None and (name not in said or (name == "reasoning_budget" and value == 0)):
            continue  # it asks for nothing
        if known is None:
            refuse(request, name)
        elif name == "stop" and not schema.is_list(known):  # one text, with commas between
            if any("," in text for text in value):
                refuse(request, name, "A stop sequence of this model cannot hold a comma.")
            built[known] = ",".join(text for text in value if "," not in text)
        else:
            built[known] = value
    return built


def _thinking(request: LLMRequest, schema: Schema) -> dict[str, Any]:
    """How a model thinks that has a switch for it; nothing for another, or if nothing is asked."""
    effort, budget = request.sampling.reasoning_effort, request.sampling.reasoning_budget
    if _SWITCH not in schema.inputs or (effort is None and budget is None):
        return {}
    if budget is None and effort is not None:
        budget = reasoning.budget_of(effort)
    place = schema.first(*_NAMES["reasoning_budget"]) if budget else None
    return {_SWITCH: bool(budget)} | ({place: budget} if place is not None else {})


def _messages(request: LLMRequest, schema: Schema) -> dict[str, Any]:
    """A single question as prompt; a conversation as messages, where the model takes them, else written out as one text."""
    system = "\n\n".join(_text(message) for message in request.messages if message.role == "system")
    said = [message for message in request.messages if message.role != "system"]
    images = [part for message in said for part in message.parts if isinstance(part, ImagePart)]
    if "messages" in schema.inputs and not images and (len(said) > 1 or "prompt" not in schema.inputs):
        messages = [{"role": message.role, "content": _text(message)} for message in request.messages]
        return {"messages": messages}
    built: dict[str, Any] = _images(images, schema)
    place = schema.first(*_SYSTEM)
    prompt = _text(said[0]) if len(said) == 1 else _written_out(said)
    if not said:
        prompt = system
    elif system and place is not None:
        built[place] = system
    elif system:
        prompt = f"{system}\n\n{prompt}"
    return {"prompt": prompt} | built


def _written_out(said: list[Message]) -> str:
    """Turn after turn, and at the end the beginning of the answer."""
    names = {"user": "User", "assistant": "Assistant", "tool": "Tool"}
    return "\n\n".join(f"{names[message.role]}: {_text(message)}" for message in said) + "\n\nAssistant:"


def _text(message: Message) -> str:
    """The texts of a message; images go beside it.

    :raises UnsupportedParameter: for a part of another kind
    """
    texts: list[str] = []
    for part in message.parts:
        if isinstance(part, TextPart | RefusalPart):
            texts.append(part.text)
        elif isinstance(part, ToolCall):
            texts.append(f"[calls {part.name} with {part.arguments}]")
        elif isinstance(part, ToolResult):
            texts.append(_result(part))
        elif not isinstance(part, ImagePart | ReasoningPart):
            raise UnsupportedParameter(f"This model has no input for a {type(part).__name__} in a message.", param="messages")
    return "\n".join(texts)


def _result(result: ToolResult) -> str:
    content = result.told
    if isinstance(content, str):
        return content
    texts = [part.text for part in content if isinstance(part, TextPart)]
    if len(texts) < len(content):
        raise UnsupportedParameter("This model takes texts only from a tool.", param="messages")
    return "\n".join(texts)


def _images(images: list[ImagePart], schema: Schema) -> dict[str, Any]:
    """As addresses, or as data URLs: https://replicate.com/docs/topics/predictions/input-files"""
    if not images:
        return {}
    place = schema.first(*_IMAGE)
    if place is None:
        raise UnsupportedParameter("This model has no input for images.", param="messages")
    urls = [blobs.to_url(image.blob) for image in images]
    if schema.is_list(place):
        return {place: urls}
    if len(urls) > 1:
        raise UnsupportedParameter("This model takes one image only.", param="messages")
    return {place: urls[0]}
