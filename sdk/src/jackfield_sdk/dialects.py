"""The codecs that the gateway serves with, for plugins that call with them: one module for each wire dialect.

`counts`, `extras` and `reasoning` are for a plugin with a codec of its own: numbers and objects read out of an answer that
somebody else wrote; what a request says beyond the contract, passed on or refused by its name; an effort as a budget of tokens.
"""

from jackfield.dialects import (
    anthropic_messages,
    counts,
    extras,
    openai_audio,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_errors,
    openai_moderations,
    openai_responses,
    reasoning,
    rerank,
    sse,
)
from jackfield.dialects.sse import ServerSentEvent

__all__ = [
    "ServerSentEvent",
    "anthropic_messages",
    "counts",
    "extras",
    "openai_audio",
    "openai_chat",
    "openai_completions",
    "openai_embeddings",
    "openai_errors",
    "openai_moderations",
    "openai_responses",
    "reasoning",
    "rerank",
    "sse",
]
