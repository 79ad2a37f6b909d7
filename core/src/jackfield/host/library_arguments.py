"""What a program writes, as the contract's requests: a string, messages, OpenAI's dicts; a path, bytes, an open file."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, TypedDict

from pydantic import BaseModel

from jackfield.contract import (
    BadRequest,
    Blob,
    LLMRequest,
    Message,
    OpaqueTool,
    OutputFormat,
    Sampling,
    Tool,
    ToolChoice,
)

Messages = str | Message | Mapping[str, Any] | Sequence[Message | Mapping[str, Any]]
Audio = str | os.PathLike[str] | bytes | Blob | IO[bytes]

_MAGIC = (
    (0, b"RIFF", "wav"),
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (0, b"ID3", "mp3"),
    (0, b"\xff\xfb", "mp3"),
    (0, b"\xff\xf3", "mp3"),
    (4, b"ftyp", "m4a"),
    (0, b"\x1aE\xdf\xa3", "webm"),
)
_MEDIA_TYPES = {"ogg": "audio/ogg", "m4a": "audio/mp4", "webm": "audio/webm", "wav": "audio/wav", "flac": "audio/flac"}


class ChatOptions(TypedDict, total=False):
    """What a chat may be asked for beside its messages; the sampling parameters are those of `contract.Sampling`.

    - `system`: a system message before the others
    - `tools`: `Tool`s, or dicts in OpenAI's form
    - `tool_choice`: `auto`, `none`, `required`, the name of a tool, or a `ToolChoice`
    - `output`: `json` for any JSON, a JSON Schema, or a pydantic model whose schema the answer must follow
    - `drop_unsupported`: leave out what the model does not take, instead of UnsupportedParameter
    - `extra`: what the contract does not know, in OpenAI's form
    """

    system: str
    tools: Sequence[Tool | OpaqueTool | Mapping[str, Any]]
    tool_choice: ToolChoice | str
    output: OutputFormat | str | Mapping[str, Any] | type[BaseModel]
    user: str
    metadata: dict[str, str]
    extra: dict[str, Any]
    drop_unsupported: bool
    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    frequency_penalty: float
    presence_penalty: float
    repetition_penalty: float
    seed: int
    stop: str | list[str]
    n: int
    logprobs: bool
    top_logprobs: int
    logit_bias: dict[str, float]
    reasoning_effort: str
    reasoning_budget: int


def chat_request(model: str, messages: Messages, options: ChatOptions, *, stream: bool = False) -> LLMRequest:
    """:raises BadRequest: for messages or tools that cannot be read
    :raises TypeError: for an option that does not exist, as Python does for an argument
    """
    rest: dict[str, Any] = dict(options)
    sampling = {name: rest.pop(name) for name in Sampling.__slots__ if name in rest}
    if isinstance(sampling.get("stop"), str):
        sampling["stop"] = [sampling["stop"]]
    system = rest.pop("system", None)
    request = LLMRequest(
        model=model,
        messages=([Message.system(system)] if system else []) + read_messages(messages),
        tools=_tools(rest.pop("tools", ())),
        tool_choice=_tool_choice(rest.pop("tool_choice", None)),
        output=_output(rest.pop("output", None)),
        sampling=Sampling(**sampling),
        stream=stream,
        user=rest.pop("user", None),
        metadata=rest.pop("metadata", None),
        extra=dict(rest.pop("extra", {})),
        drop_unsupported=rest.pop("drop_unsupported", False),
    )
    if request.extra:
        request.dialect = "openai.chat"
    if rest:
        raise TypeError(f"chat() got an unexpected keyword argument {next(iter(rest))!r}")
    return request


def read_messages(messages: Messages) -> list[Message]:
    """A string is the user's; dicts are read as OpenAI's."""
    if isinstance(messages, str):
        return [Message.user(messages)]
    if isinstance(messages, Message | Mapping):
        messages = [messages]
    if not messages:
        raise BadRequest("There is no message.", param="messages")
    if not isinstance(messages, Sequence):
        raise BadRequest("`messages` must be a string, a message, or a list of messages.", param="messages")
    if all(isinstance(message, Mapping) for message in messages):
        return _parse({"messages": [dict(message) for message in messages if isinstance(message, Mapping)]}).messages
    read: list[Message] = []
    for message in messages:
        if isinstance(message, Message):
            read.append(message)
        elif isinstance(message, Mapping):
            read += _parse({"messages": [dict(message)]}).messages
        else:
            raise BadRequest(f"A message is a Message or a dict, not a {type(message).__name__}.", param="messages")
    return read


def _parse(body: dict[str, Any]) -> LLMRequest:
    from jackfield.dialects import openai_chat  # noqa: PLC0415 - only who writes dicts needs it

    return openai_chat.parse_request({"model": "-", **body})


def _tools(tools: Sequence[Tool | OpaqueTool | Mapping[str, Any]]) -> list[Tool | OpaqueTool]:
    read: list[Tool | OpaqueTool] = []
    for tool in tools:
        if isinstance(tool, Mapping):
            read += _parse({"messages": [{"role": "user", "content": ""}], "tools": [dict(tool)]}).tools
        else:
            read.append(tool)
    return read


def _tool_choice(choice: ToolChoice | str | None) -> ToolChoice | None:
    if choice is None or isinstance(choice, ToolChoice):
        return choice
    if choice in ("auto", "none", "required"):
        return ToolChoice(mode=choice)  # type: ignore[arg-type]
    return ToolChoice(mode="tool", name=choice)


def _output(output: Any) -> OutputFormat | None:
    if output is None or isinstance(output, OutputFormat):
        return output
    if isinstance(output, str):
        if output not in ("text", "json"):
            raise BadRequest("`output` is `text`, `json`, a JSON Schema, or a pydantic model.", param="output")
        return OutputFormat(kind="json_object" if output == "json" else "text")
    if isinstance(output, type) and issubclass(output, BaseModel):
        return OutputFormat(kind="json_schema", schema=output.model_json_schema(), name=output.__name__)
    if isinstance(output, Mapping):
        return OutputFormat(kind="json_schema", schema=dict(output), name=str(output.get("title", "answer")))
    raise BadRequest(f"`output` cannot be a {type(output).__name__}.", param="output")


def read_audio(audio: Audio) -> Blob:
    """The recording with its media type and a name whose ending tells the container.

    :raises BadRequest: if the file cannot be read
    """
    if isinstance(audio, Blob):
        return audio
    name = ""
    if isinstance(audio, str | os.PathLike):
        path = Path(audio)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise BadRequest(f"{path} cannot be read: {error.strerror}.", param="audio") from error
        name = path.name
    elif isinstance(audio, bytes):
        data = audio
    else:
        data = audio.read()
        name = Path(str(getattr(audio, "name", ""))).name
    ending = Path(name).suffix.removeprefix(".").lower() or _sniff(data)
    name = name if Path(name).suffix else f"{name or 'audio'}.{ending}"
    return Blob(data=data, name=name, media_type=_MEDIA_TYPES.get(ending) or mimetypes.guess_type(name)[0])


def _sniff(data: bytes) -> str:
    return next((ending for offset, magic, ending in _MAGIC if data[offset : offset + len(magic)] == magic), "wav")
