"""Where DashScope stands: https://www.alibabacloud.com/help/en/model-studio/base-url"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from jackfield_sdk import ANTHROPIC_MESSAGES, JINA_RERANK, OPENAI_CHAT, OPENAI_EMBEDDINGS

REGIONS: Final = {
    "beijing": "https://dashscope.aliyuncs.com",
    "singapore": "https://dashscope-intl.aliyuncs.com",
    "virginia": "https://dashscope-us.aliyuncs.com",
    "hongkong": "https://cn-hongkong.dashscope.aliyuncs.com",
}
PATHS: Final = {
    OPENAI_CHAT: "/compatible-mode/v1/chat/completions",
    OPENAI_EMBEDDINGS: "/compatible-mode/v1/embeddings",
    JINA_RERANK: "/compatible-api/v1/reranks",
    ANTHROPIC_MESSAGES: "/apps/anthropic/v1/messages",
    "text": "/api/v1/services/aigc/text-generation/generation",
    "multimodal": "/api/v1/services/aigc/multimodal-generation/generation",
    "text-embedding": "/api/v1/services/embeddings/text-embedding/text-embedding",
    "multimodal-embedding": "/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding",
    "rerank": "/api/v1/services/rerank/text-rerank/text-rerank",
    "tokenizer": "/api/v1/tokenizer",
    "speech": "/api/v1/services/audio/tts/SpeechSynthesizer",
    "transcription": "/api/v1/services/audio/asr/transcription",
    "tasks": "/api/v1/tasks",
    "uploads": "/api/v1/uploads",
}
_SURFACE = re.compile(r"/(compatible-mode/v1|compatible-api/v1|api/v1|apps/anthropic)$")


def address(surface: str, credentials: Mapping[str, Any]) -> str:
    """The address of a surface, in the region of the form or at its own base URL, which may name any of the surfaces."""
    own = str(credentials.get("base_url") or "").rstrip("/")
    host = _SURFACE.sub("", own) if own else REGIONS[str(credentials.get("region") or "beijing")]
    return host + PATHS[surface]
