"""How many tokens a chat has, by the server's own tokenizer. OpenAI's dialect has no word for it, so servers found two.

- `POST /tokenize` beside the version, vLLM's: https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html#tokenizer-api
- `POST /v1/messages/count_tokens`, Anthropic's, which llama.cpp has as well:
  https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jackfield_sdk import BadRequest, CallContext, ChatOptions, LLMRequest, ModelNotFound, ServerUnavailable, VendorHTTP
from jackfield_sdk.dialects import anthropic_messages, openai_chat

TOKENIZE: Final = "tokenize"
MESSAGES: Final = "messages"
_PATHS: Final = {TOKENIZE: "/tokenize", MESSAGES: "/v1/messages/count_tokens"}


async def count(
    request: LLMRequest, context: CallContext, http: VendorHTTP, headers: Mapping[str, str], options: ChatOptions
) -> int:
    """:raises BadRequest: if the form does not say how, or the server does not count so; for a model that is no chat"""
    how = str(context.credentials.get("counts") or "")
    if context.credentials.get("api") == "completion":
        raise BadRequest("A model that only completes text has no chats that could be counted.")
    if how not in _PATHS:
        advice = "Choose how its server counts in the model's form, under what differs from OpenAI."
        raise BadRequest("The form of this model does not say how its server counts tokens.", param="model", advice=advice)
    url = str(context.credentials.get("base_url") or "").rstrip("/").removesuffix("/v1") + _PATHS[how]
    try:
        body = await http.object(context, "POST", url, headers=headers, json=_build(request, how, options))
    except ModelNotFound as error:
        message = f"The server does not count tokens at {_PATHS[how]}."
        raise BadRequest(message, vendor_message=error.vendor_message, vendor_status=error.vendor_status) from None
    tokens = body.get("count" if how == TOKENIZE else "input_tokens")
    if type(tokens) is not int:
        raise ServerUnavailable("The server's answer holds no number of tokens.")
    return tokens


def _build(request: LLMRequest, how: str, options: ChatOptions) -> dict[str, Any]:
    if how == MESSAGES:
        return anthropic_messages.build_count_request(request)
    built = openai_chat.build_request(request, options)
    return {name: built[name] for name in ("model", "messages", "tools", "chat_template_kwargs") if name in built}
