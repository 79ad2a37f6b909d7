"""The bodies of /v1, described for /openapi.json.

Descriptions only: requests are read by the dialects, which take (and pass on) what the vendors' references know beyond this.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ModelName = Annotated[
    str,
    Field(description="`provider/model`, an alias of the workspace, or `default`", examples=["openai/gpt-4o-mini", "default"]),
]


class Body(BaseModel):
    """Members that are not described here are passed on to a vendor that speaks the same dialect."""

    model_config = ConfigDict(extra="allow")


class ChatMessage(Body):
    """One turn of a chat."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None


class ChatRequest(Body):
    """https://platform.openai.com/docs/api-reference/chat/create"""

    model: ModelName
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool = False
    stream_options: dict[str, Any] | None = None
    max_completion_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    reasoning_effort: str | None = None


class TokenUsage(Body):
    """Tokens that a call used."""

    prompt_tokens: int
    completion_tokens: int | None = None
    total_tokens: int


class ChatChoice(Body):
    """One answer."""

    index: int
    message: ChatMessage
    finish_reason: str | None


class ChatResponse(Body):
    """A whole answer; a streamed one is a series of `chat.completion.chunk` events, ended by `[DONE]`."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatChoice]
    usage: TokenUsage | None = None


class CompletionRequest(Body):
    """https://platform.openai.com/docs/api-reference/completions/create"""

    model: ModelName
    prompt: str | list[str]
    stream: bool = False
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = None


class CompletionResponse(Body):
    """A text continued."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: TokenUsage | None = None


class ResponsesRequest(Body):
    """https://platform.openai.com/docs/api-reference/responses/create"""

    model: ModelName
    input: str | list[dict[str, Any]]
    instructions: str | None = None
    stream: bool = False
    max_output_tokens: int | None = Field(default=None, ge=1)
    tools: list[dict[str, Any]] | None = None


class ResponsesResponse(Body):
    """A response; a streamed one is a series of `response.…` events, ended by `response.completed`."""

    id: str
    object: Literal["response"]
    status: str
    model: str
    output: list[dict[str, Any]]
    usage: dict[str, Any] | None = None


class MessagesRequest(Body):
    """https://docs.anthropic.com/en/api/messages"""

    model: ModelName
    messages: list[dict[str, Any]] = Field(min_length=1)
    max_tokens: int = Field(ge=1)
    system: str | list[dict[str, Any]] | None = None
    stream: bool = False
    tools: list[dict[str, Any]] | None = None
    thinking: dict[str, Any] | None = None


class MessagesResponse(Body):
    """A message; a streamed one is a series of events from `message_start` to `message_stop`."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: list[dict[str, Any]]
    stop_reason: str | None
    usage: dict[str, Any]


class CountTokensRequest(Body):
    """https://docs.anthropic.com/en/api/messages-count-tokens"""

    model: ModelName
    messages: list[dict[str, Any]] = Field(min_length=1)
    system: str | list[dict[str, Any]] | None = None


class CountTokensResponse(BaseModel):
    """A count."""

    input_tokens: int


class EmbeddingsRequest(Body):
    """https://platform.openai.com/docs/api-reference/embeddings/create"""

    model: ModelName
    input: str | list[str] | list[int] | list[list[int]]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(default=None, ge=1)


class EmbeddingsResponse(Body):
    """A vector for each input, in order."""

    object: Literal["list"]
    model: str
    data: list[dict[str, Any]]
    usage: TokenUsage


class RerankBody(Body):
    """https://jina.ai/reranker/ and https://docs.cohere.com/reference/rerank"""

    model: ModelName
    query: str
    documents: list[str | dict[str, Any]] = Field(min_length=1)
    top_n: int | None = Field(default=None, ge=1)
    return_documents: bool | None = None


class RerankResponse(Body):
    """Documents, best first."""

    id: str
    model: str
    results: list[dict[str, Any]]


class ModerationBody(Body):
    """https://platform.openai.com/docs/api-reference/moderations/create"""

    input: str | list[str] | list[dict[str, Any]]
    model: ModelName = "default"


class ModerationResponse(Body):
    """A verdict for each input."""

    id: str
    model: str
    results: list[dict[str, Any]]


class TranscriptionForm(Body):
    """https://platform.openai.com/docs/api-reference/audio/createTranscription"""

    file: str = Field(json_schema_extra={"format": "binary"})
    model: ModelName
    language: str | None = Field(default=None, description="ISO 639-1")
    prompt: str | None = None
    response_format: Literal["json", "text", "srt", "verbose_json", "vtt"] = "json"
    temperature: float | None = None
    timestamp_granularities: list[Literal["word", "segment"]] | None = None
    stream: bool = False


class TranscriptionResponse(Body):
    """What a recording says; text for the formats text, srt and vtt."""

    text: str


class SpeechBody(Body):
    """https://platform.openai.com/docs/api-reference/audio/createSpeech; answered with the sound itself."""

    model: ModelName
    input: str = Field(min_length=1)
    voice: str | None = None
    response_format: str | None = Field(default=None, examples=["mp3", "wav"])
    speed: float | None = Field(default=None, ge=0.25, le=4)
    instructions: str | None = None
    stream_format: Literal["audio", "sse"] = "audio"


class TitleRequest(BaseModel):
    """A conversation that needs a name."""

    messages: list[ChatMessage] = Field(min_length=1)
    model: ModelName = "default"


class TitleResponse(BaseModel):
    """A name of at most 60 characters, in the conversation's language."""

    title: str
    model: str
    usage: TokenUsage


class QuestionsRequest(BaseModel):
    """A conversation whose user may want to go on."""

    messages: list[ChatMessage] = Field(min_length=1)
    count: int = Field(default=3, ge=1, le=10)
    model: ModelName = "default"


class QuestionsResponse(BaseModel):
    """What the user may want to ask next."""

    questions: list[str]
    model: str
    usage: TokenUsage


class Model(Body):
    """A model, or an alias."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    types: list[str]
    features: list[str]
    hosted: bool
    context_window: int | None = None
    max_output_tokens: int | None = None


class ModelList(BaseModel):
    """What the key can call. With the header `anthropic-version`: a page in Anthropic's shape."""

    object: Literal["list"]
    data: list[Model]


class OpenAIError(BaseModel):
    """`jackfield` says whose fault it is and what to do."""

    message: str
    type: str
    param: str | None
    code: str | None
    jackfield: dict[str, Any]


class OpenAIErrorBody(BaseModel):
    """An error of the OpenAI surfaces."""

    error: OpenAIError


class AnthropicErrorBody(BaseModel):
    """An error of the Anthropic surface."""

    type: Literal["error"]
    error: dict[str, Any]
    request_id: str | None
