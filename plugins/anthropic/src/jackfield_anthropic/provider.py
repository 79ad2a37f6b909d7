"""Anthropic's own API: https://docs.anthropic.com/en/api/messages"""

from __future__ import annotations

from typing import Any, ClassVar

from jackfield_sdk import (
    ANTHROPIC_MESSAGES,
    CallContext,
    ConnectionFailed,
    CredentialForm,
    CredentialsInvalid,
    Feature,
    LLMRequest,
    LLMResult,
    LLMStream,
    LocalizedText,
    ModelDescription,
    ModelNotFound,
    ModelType,
    PermissionDenied,
    Provider,
    RelayRequest,
    RelayResponse,
    ServerUnavailable,
    VendorHTTP,
    forms,
    forward,
)
from jackfield_sdk.dialects import anthropic_messages

from .errors import TABLE

KEYS = "https://console.anthropic.com/settings/keys"
VERSION = "2023-06-01"
"""https://docs.anthropic.com/en/api/versioning: the only one so far."""


class Anthropic(Provider):
    """Claude. Bodies of Anthropic's clients are passed on as they are; others go through the same codec as the gateway's."""

    id = "anthropic"
    label = LocalizedText.of("Anthropic")
    description = LocalizedText.of("Claude models by Anthropic.", "Anthropic 的 Claude 系列模型。")
    help_url = KEYS
    model_types = (ModelType.LLM,)
    provider_form = CredentialForm(
        fields=(
            forms.api_key(env="ANTHROPIC_API_KEY", help_url=KEYS, placeholder="sk-ant-…"),
            forms.base_url(
                placeholder="https://api.anthropic.com",
                env="ANTHROPIC_BASE_URL",
                hint=LocalizedText.of("Empty: Anthropic itself.", "留空即 Anthropic 官方地址。"),
            ),
        ),
        help_url=KEYS,
    )
    dialects = (ANTHROPIC_MESSAGES,)
    http: ClassVar[VendorHTTP] = VendorHTTP(table=TABLE)

    def url(self, path: str, context: CallContext) -> str:
        """An address of the API; a base URL may end in the version or not."""
        base = str(context.credentials.get("base_url") or "https://api.anthropic.com").rstrip("/").removesuffix("/v1")
        return f"{base}/v1/{path}"

    def headers(self, context: CallContext) -> dict[str, str]:
        """https://docs.anthropic.com/en/api/overview#authentication"""
        return {"x-api-key": str(context.credentials["api_key"]), "anthropic-version": VERSION}

    async def validate_provider_credentials(self, context: CallContext) -> None:
        """One entry of the model list, which costs nothing: https://docs.anthropic.com/en/api/models-list"""
        of_their_own = bool(context.credentials.get("base_url"))
        url = self.url("models", context)
        try:
            await self.http.json(context, "GET", url, headers=self.headers(context), params={"limit": "1"})
        except PermissionDenied as error:
            if error.vendor_status is None:  # the host's egress rules: no fault of the key
                raise
            message = "The key is known to Anthropic, but may not do this."
            raise CredentialsInvalid(message, param="api_key", vendor_message=error.vendor_message) from None
        except (ConnectionFailed, ModelNotFound) as error:
            if not of_their_own:
                raise
            raise CredentialsInvalid(error.message, param="base_url", vendor_message=error.vendor_message) from None

    async def list_models(self, context: CallContext) -> list[ModelDescription]:
        """What the key reaches now; a model that the catalog does not know is taken for a chat model."""
        found: list[ModelDescription] = []
        params = {"limit": "1000"}
        body = await self.http.object(context, "GET", self.url("models", context), headers=self.headers(context), params=params)
        entries = body.get("data")
        if not isinstance(entries, list):
            raise ServerUnavailable("The vendor's answer is no list of models.")
        known = {model.id: model for model in self.models}
        for entry in entries:
            if isinstance(entry, dict) and isinstance(name := entry.get("id"), str) and name:
                unknown = ModelDescription(id=name, type=ModelType.LLM, features=frozenset({Feature.STREAMING}))
                found.append(known.get(name, unknown))
        return found

    def options(self, context: CallContext) -> anthropic_messages.MessagesOptions:
        """The API wants a limit of the output: without one of the caller's, it is the model's own, up to 8192."""
        limit = (context.model.max_output_tokens if context.model else None) or 8192
        effort = context.model is not None and bool(context.model.properties.get("effort"))
        return anthropic_messages.MessagesOptions(default_max_tokens=min(limit, 8192), effort=effort)

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        body = anthropic_messages.build_request(request, self.options(context))
        url, headers = self.url("messages", context), self.headers(context)
        if request.stream:
            parse = anthropic_messages.parse_stream
            return await self.http.events(context, "POST", url, headers=headers, json=body, parse=parse)
        return anthropic_messages.parse_result(await self.http.object(context, "POST", url, headers=headers, json=body))

    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        """Anthropic counts: https://docs.anthropic.com/en/api/messages-count-tokens"""
        body = anthropic_messages.build_request(request, self.options(context))
        counted = {
            name: body[name] for name in ("model", "messages", "system", "tools", "tool_choice", "thinking") if name in body
        }
        url, headers = self.url("messages/count_tokens", context), self.headers(context)
        tokens: Any = (await self.http.object(context, "POST", url, headers=headers, json=counted)).get("input_tokens")
        if not isinstance(tokens, int):
            raise ServerUnavailable("The vendor's answer holds no number of tokens.")
        return tokens

    async def relay(self, request: RelayRequest, context: CallContext) -> RelayResponse:
        """The client's own version and beta headers count, where it sends any."""
        headers = self.headers(context)
        if "anthropic-version" in request.headers:
            headers["anthropic-version"] = request.headers["anthropic-version"]
        return await forward(request, context, self.url("messages", context), headers, self.http)
