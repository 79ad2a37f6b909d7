"""The codecs that the gateway serves with, for plugins that call with them: one module for each wire dialect."""

from jackfield.dialects import (
    anthropic_messages,
    openai_audio,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_errors,
    openai_moderations,
    openai_responses,
    rerank,
    sse,
)
from jackfield.dialects.sse import ServerSentEvent

__all__ = [
    "ServerSentEvent",
    "anthropic_messages",
    "openai_audio",
    "openai_chat",
    "openai_completions",
    "openai_embeddings",
    "openai_errors",
    "openai_moderations",
    "openai_responses",
    "rerank",
    "sse",
]
