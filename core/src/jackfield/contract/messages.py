"""A conversation, whatever the vendor: messages made of parts, and the tools a model may call."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(slots=True)
class TextPart:
    """Text. `cache` marks the end of a prefix that the vendor may keep (Anthropic's `cache_control`): a TTL, or "default"."""

    text: str
    cache: str | None = None
    citations: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Blob:
    """Bytes or where they are: exactly one of `url`, `data` (raw, not base64) and `file_id` (the vendor's own) is set.

    `media_type` is an IANA media type such as `image/png`; `name` a file name.
    """

    media_type: str | None = None
    url: str | None = None
    data: bytes | None = field(default=None, repr=False)
    file_id: str | None = None
    name: str | None = None


@dataclass(slots=True)
class ImagePart:
    """An image. `detail` is OpenAI's `low`, `high` or `auto`."""

    blob: Blob
    detail: str | None = None
    cache: str | None = None


@dataclass(slots=True)
class AudioPart:
    """Sound, to hear (user) or spoken (assistant, then `transcript` is what was said)."""

    blob: Blob
    transcript: str | None = None
    id: str | None = None


@dataclass(slots=True)
class FilePart:
    """A document: PDF, text, office file. `title` and `context` are for vendors that cite from documents."""

    blob: Blob
    title: str | None = None
    context: str | None = None
    cache: str | None = None
    citations: bool | None = None


@dataclass(slots=True)
class VideoPart:
    """A moving picture."""

    blob: Blob


@dataclass(slots=True)
class ReasoningPart:
    """What a model thought. `signature` proves to the vendor that it is its own; `redacted` is thought in sealed form.

    To be sent back unchanged in the next turn, where the vendor wants it.
    """

    text: str = ""
    signature: str | None = None
    redacted: str | None = None
    id: str | None = None


@dataclass(slots=True)
class RefusalPart:
    """A model's own refusal, apart from its answer (OpenAI's `refusal`)."""

    text: str


@dataclass(slots=True)
class ToolCall:
    """A model's wish to have a tool called. `arguments` is the JSON text as the model wrote it, valid or not.

    `extra` is what the vendor's wire form holds beyond that and wants back as it was (Gemini's thought signature).
    """

    id: str
    name: str
    arguments: str
    cache: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ToolResult:
    """What a tool answered; text, or parts where the vendor takes images there. `is_error`: the tool failed."""

    call_id: str
    content: str | list[TextPart | ImagePart | FilePart]
    name: str | None = None
    is_error: bool = False
    cache: str | None = None

    @property
    def told(self) -> str | list[TextPart | ImagePart | FilePart]:
        """The content for a vendor whose wire has no member for a failure: its text says so, unless it does already."""
        if not self.is_error:
            return self.content
        if isinstance(self.content, str):
            return _as_failure(self.content)
        first = next((part for part in self.content if isinstance(part, TextPart)), None)
        if first is None:
            return [TextPart(_as_failure("")), *self.content]
        failed = replace(first, text=_as_failure(first.text))
        return [failed if part is first else part for part in self.content]


def _as_failure(text: str) -> str:
    if text.lstrip().lower().startswith("error"):
        return text
    return f"Error: {text}" if text else "Error"


@dataclass(slots=True)
class OpaquePart:
    """A part the contract does not know, in the wire form of `dialect`; passed on in the same dialect, else refused."""

    dialect: str
    body: dict[str, Any]


Part = (
    TextPart | ImagePart | AudioPart | FilePart | VideoPart | ReasoningPart | RefusalPart | ToolCall | ToolResult | OpaquePart
)


@dataclass(slots=True)
class Message:
    """One turn. A `tool` message holds ToolResults; an `assistant` message may hold ReasoningParts, text and ToolCalls.

    A `system` message may stand anywhere (OpenAI's `developer` too); dialects that have only one place for it move it there.
    `extra` is what the contract does not know, in the wire form of the request's `dialect`, as in LLMRequest.
    """

    role: Role
    parts: list[Part]
    name: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def user(cls, text: str) -> Message:
        return cls("user", [TextPart(text)])

    @classmethod
    def system(cls, text: str) -> Message:
        return cls("system", [TextPart(text)])

    @classmethod
    def assistant(cls, text: str) -> Message:
        return cls("assistant", [TextPart(text)])

    @property
    def text(self) -> str:
        """The text parts, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


@dataclass(slots=True)
class Tool:
    """A function that the model may ask for. `parameters` is a JSON Schema object."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})
    strict: bool | None = None
    cache: str | None = None


@dataclass(slots=True)
class OpaqueTool:
    """A tool of the vendor's own (web search, code interpreter), in the wire form of `dialect`."""

    dialect: str
    body: dict[str, Any]


@dataclass(slots=True)
class ToolChoice:
    """`auto`, `none`, `required` (some tool), or `tool` with its `name`. `parallel`: more than one call in an answer."""

    mode: Literal["auto", "none", "required", "tool"] = "auto"
    name: str | None = None
    parallel: bool | None = None


@dataclass(slots=True)
class OutputFormat:
    """`text`, `json_object`, or `json_schema` with the schema the answer must follow."""

    kind: Literal["text", "json_object", "json_schema"] = "text"
    schema: dict[str, Any] | None = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None
