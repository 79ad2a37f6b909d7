"""Which of Hugging Face's ways of serving a model its form means, and what that way takes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from jackfield_sdk import CredentialsInvalid, ModelType, ParameterRule

ROUTER: Final = "https://router.huggingface.co"
HF_INFERENCE: Final = "hf-inference"
POLICIES: Final = frozenset({"auto", "fastest", "cheapest", "preferred"})
"""Ways of the router to choose a provider: https://huggingface.co/docs/inference-providers/index#provider-selection"""

EMBEDDING_PATHS: Final[Mapping[str, str]] = {"deepinfra": "/v1/openai/embeddings"}
"""Where the providers behind the router embed, if not at /v1/embeddings; as Hugging Face's own client has it."""

_SURFACES = ("/chat/completions", "/embeddings", "/embed", "/rerank", "/v1")


class Serving(Enum):
    """Who answers."""

    ROUTER = "the router"
    TGI = "a TGI server"
    TEI = "a TEI server"
    OPENAI = "a server of OpenAI's dialect"


def serving_of(credentials: Mapping[str, Any], model_type: ModelType) -> Serving:
    """What the form means for a model of this type."""
    if not credentials.get("base_url"):
        return Serving.ROUTER
    if credentials.get("server") == "openai":
        return Serving.OPENAI
    return Serving.TGI if model_type is ModelType.LLM else Serving.TEI


def checked_serving(credentials: Mapping[str, Any], model_type: ModelType) -> Serving:
    """The same.

    :raises CredentialsInvalid: naming the field, for what no server answers: a rerank by the router, a router without a token
    """
    serving = serving_of(credentials, model_type)
    if serving is Serving.ROUTER and model_type is ModelType.RERANK:
        message = "The router reranks nothing: name the address of an endpoint or a server, TEI for example."
        raise CredentialsInvalid(message, param="base_url")
    if serving is Serving.ROUTER and not credentials.get("api_key"):
        raise CredentialsInvalid("Hugging Face's router wants an access token.", param="api_key")
    return serving


def root_of(credentials: Mapping[str, Any]) -> str:
    """The address before the version, whichever of its addresses was pasted."""
    root = str(credentials.get("base_url") or ROUTER).rstrip("/")
    for surface in _SURFACES:
        root = root.removesuffix(surface)
    return root.rstrip("/")


def embedding_provider(credentials: Mapping[str, Any]) -> str:
    """Who embeds behind the router, which has no embeddings of its own; its policies are for chats."""
    provider = str(credentials.get("provider") or HF_INFERENCE)
    return HF_INFERENCE if provider in POLICIES else provider


TGI_PARAMETERS: Final = (
    ParameterRule(name="max_tokens", kind="integer", minimum=1),
    ParameterRule(name="temperature", minimum=0),
    ParameterRule(name="top_p", minimum=0, maximum=1),
    ParameterRule(name="frequency_penalty", minimum=-2, maximum=2),
    ParameterRule(name="presence_penalty", minimum=-2, maximum=2),
    ParameterRule(name="seed", kind="integer", minimum=0),
    ParameterRule(name="stop", kind="json"),
    ParameterRule(name="n", kind="integer", minimum=1, maximum=1),
    ParameterRule(name="logprobs", kind="boolean"),
    ParameterRule(name="top_logprobs", kind="integer", minimum=0, maximum=5),
)
"""What TGI's chat takes; others it would pass over in silence.

https://github.com/huggingface/text-generation-inference/blob/main/router/src/lib.rs (`ChatRequest`)
"""

TEI_BATCH: Final = 32
"""Texts that TEI takes in one request, if it was not started with another `--max-client-batch-size`."""
