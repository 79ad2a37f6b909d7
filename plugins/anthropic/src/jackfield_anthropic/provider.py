"""Anthropic's own API: https://docs.anthropic.com/en/api/messages"""

from __future__ import annotations

from typing import ClassVar

from jackfield_sdk import (
    ANTHROPIC_MESSAGES,
    CallContext,
    ConnectionFailed,
    CredentialForm,
    CredentialsInvalid,
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
    allowed,
    forms,
    forward,
)
from jackfield_sdk.dialects import anthropic_messages, counts

from . import listing
from .errors import TABLE
from .thinking import fit_sampling, options_of

KEYS = "https://console.anthropic.com/settings/keys"
VERSION = "2023-06-01"
"""The one that all models speak, and whose answers the codec reads; 2026-10-21 takes parameters away that older models have.

https://platform.claude.com/docs/en/api/versioning
"""


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
        """What the key reaches now; a model that the catalog does not know is what the list tells of it."""
        params = {"limit": "1000"}
        body = await self.http.object(context, "GET", self.url("models", context), headers=self.headers(context), params=params)
        entries = body.get("data")
        if not isinstance(entries, list):
            raise ServerUnavailable("The vendor's answer is no list of models.")
        known = {model.id: model for model in self.models}
        named = [entry for entry in counts.dicts(entries) if isinstance(entry.get("id"), str) and entry["id"]]
        return [known.get(entry["id"]) or listing.describe(entry) for entry in named]

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        request = allowed(request, context)
        body = fit_sampling(anthropic_messages.build_request(request, options_of(request, context.model)), request)
        url, headers = self.url("messages", context), self.headers(context)
        if request.stream:
            parse = anthropic_messages.parse_stream
            return await self.http.events(context, "POST", url, headers=headers, json=body, parse=parse)
        return anthropic_messages.parse_result(await self.http.object(context, "POST", url, headers=headers, json=body))

    async def count_tokens(self, request: LLMRequest, context: CallContext) -> int:
        """Anthropic counts: https://docs.anthropic.com/en/api/messages-count-tokens"""
        body = anthropic_messages.build_count_request(request, options_of(request, context.model))
        url, headers = self.url("messages/count_tokens", context), self.headers(context)
        return anthropic_messages.parse_count(await self.http.object(context, "POST", url, headers=headers, json=body))

    async def relay(self, request: RelayRequest, context: CallContext) -> RelayResponse:
        """The client's own version and beta headers count, where it sends any."""
        headers = self.headers(context)
        if "anthropic-version" in request.headers:
            headers["anthropic-version"] = request.headers["anthropic-version"]
        return await forward(request, context, self.url("messages", context), headers, self.http)
