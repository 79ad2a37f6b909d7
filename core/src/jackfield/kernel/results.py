"""Whether what a hook answered is what its spec promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from jackfield.contract import (
    EmbeddingRequest,
    EmbeddingResult,
    LLMRequest,
    LLMResult,
    ModelDescription,
    ModerationRequest,
    ModerationResult,
    RelayResponse,
    RerankRequest,
    RerankResult,
    SpeechResult,
    TranscriptionResult,
    Usage,
)


class WrongResult(Exception):
    """Says what is wrong, so that it can follow the words "`invoke_llm` answered"."""


def name_of(value: object) -> str:
    """How a message names a value: by its type, never by what it holds."""
    return "None" if value is None else f"a {type(value).__qualname__}"


def _expect(value: object, wanted: type) -> None:
    if not isinstance(value, wanted):
        raise WrongResult(f"{name_of(value)} instead of a {wanted.__name__}")
    usage = getattr(value, "usage", None)
    if usage is not None and not isinstance(usage, Usage):
        raise WrongResult(f"a {wanted.__name__} whose usage is {name_of(usage)}")


def _nothing(result: Any, _request: Any) -> None:
    if result is not None:
        raise WrongResult(f"{name_of(result)} instead of None")


def _llm(result: Any, request: LLMRequest) -> None:
    if request.stream:
        if not hasattr(result, "__anext__"):
            raise WrongResult(f"{name_of(result)} instead of an async iterator of events, to a request for a stream")
        return
    _expect(result, LLMResult)


def _embedding(result: Any, request: EmbeddingRequest) -> None:
    _expect(result, EmbeddingResult)
    if len(result.embeddings) != len(request.inputs):
        raise WrongResult(f"{len(result.embeddings)} vectors to {len(request.inputs)} inputs")
    if result.embeddings and not isinstance(result.embeddings[0], list):
        raise WrongResult(f"{name_of(result.embeddings[0])} instead of a list of floats as a vector")


def _rerank(result: Any, request: RerankRequest) -> None:
    _expect(result, RerankResult)
    indexes = [ranked.index for ranked in result.ranking]
    if len(set(indexes)) != len(indexes) or not all(0 <= index < len(request.documents) for index in indexes):
        raise WrongResult("a ranking that names a document twice, or one that was not sent")
    if request.top_n is not None and len(indexes) > request.top_n:
        raise WrongResult(f"{len(indexes)} documents where {request.top_n} were asked for")


def _transcription(result: Any, _request: Any) -> None:
    _expect(result, TranscriptionResult)
    if not isinstance(result.text, str):
        raise WrongResult(f"a TranscriptionResult whose text is {name_of(result.text)}")


def _speech(result: Any, _request: Any) -> None:
    _expect(result, SpeechResult)
    if not hasattr(result.audio, "__anext__"):
        raise WrongResult(f"a SpeechResult whose audio is {name_of(result.audio)} instead of an async iterator of bytes")


def _moderation(result: Any, request: ModerationRequest) -> None:
    _expect(result, ModerationResult)
    if len(result.verdicts) != len(request.inputs):
        raise WrongResult(f"{len(result.verdicts)} verdicts to {len(request.inputs)} inputs")


def _tokens(result: Any, _request: Any) -> None:
    if not isinstance(result, int) or isinstance(result, bool) or result < 0:
        raise WrongResult(f"{name_of(result)} instead of a number of tokens")


def _models(result: Any, _request: Any) -> None:
    if not isinstance(result, list):
        raise WrongResult(f"{name_of(result)} instead of a list of ModelDescription")
    for model in result:
        _expect(model, ModelDescription)


def _relayed(result: Any, _request: Any) -> None:
    if type(result) is RelayResponse:  # the hot path
        body = result.body
        if isinstance(body, bytes) or hasattr(body, "__anext__"):
            return
        raise WrongResult(f"a RelayResponse whose body is {name_of(body)}")
    _expect(result, RelayResponse)


CHECKS: Final[dict[str, Callable[[Any, Any], None]]] = {
    "validate_provider_credentials": _nothing,
    "validate_model_credentials": _nothing,
    "list_models": _models,
    "invoke_llm": _llm,
    "invoke_text_embedding": _embedding,
    "invoke_rerank": _rerank,
    "invoke_speech_to_text": _transcription,
    "invoke_text_to_speech": _speech,
    "invoke_moderation": _moderation,
    "count_tokens": _tokens,
    "relay": _relayed,
}
