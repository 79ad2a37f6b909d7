"""Azure OpenAI: OpenAI's dialect at a resource of one's own. https://learn.microsoft.com/azure/foundry/openai/latest"""

from __future__ import annotations

import dataclasses
from typing import Any

from jackfield_sdk import (
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
    OPENAI_RESPONSES,
    BadRequest,
    CallContext,
    ChatOptions,
    ConnectionFailed,
    Credentials,
    CredentialsInvalid,
    EmbeddingRequest,
    Feature,
    LLMRequest,
    LLMResult,
    LocalizedText,
    ModelDescription,
    ModelNotFound,
    ModelType,
    OpenAICompatible,
    ProvisionKind,
    TranscriptionRequest,
    VendorHTTP,
    forms,
)

from .base_models import base_model
from .endpoints import Endpoint
from .entra import access_token
from .errors import TABLE, azure_error_inside, read_azure_error
from .forms import HELP, MODEL_FORM

_TOOLS_AND_USAGE = "2024-09-01"
"""Since when `stream_options`, `parallel_tool_calls` and `max_completion_tokens` are known."""
_RESPONSES = "2025-03-01"
_DIALECTS: dict[ModelType, tuple[str, ...]] = {
    ModelType.LLM: (OPENAI_CHAT,),
    ModelType.TEXT_EMBEDDING: (OPENAI_EMBEDDINGS,),
}


class AzureOpenAI(OpenAICompatible):
    """Azure OpenAI. Every deployment is a model that a workspace adds; what it can do, the model behind it says."""

    id = "azure_openai"
    label = LocalizedText.of("Azure OpenAI", "Azure OpenAI")
    description = LocalizedText.of(
        "OpenAI's and other models deployed in a Microsoft Azure resource.", "部署在微软 Azure 资源中的 OpenAI 及其他模型。"
    )
    help_url = HELP
    model_types = (ModelType.LLM, ModelType.TEXT_EMBEDDING, ModelType.SPEECH_TO_TEXT, ModelType.TEXT_TO_SPEECH)
    provision = (ProvisionKind.CUSTOMIZABLE,)
    model_form = MODEL_FORM
    name_field = "deployment"
    dialects = (OPENAI_CHAT, OPENAI_RESPONSES, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS)
    http = VendorHTTP(table=TABLE, read_error=read_azure_error, error_inside=azure_error_inside)
    lists_models = False  # the API lists what could be deployed, not what is

    # -- where, as whom, by which name ------------------------------------------------------------------------------------

    def url(self, surface: str, context: CallContext) -> str:
        """At the resource, by the v1 API or a dated one."""
        deployment = self.model_name(context.model.id if context.model is not None else "", context)
        return Endpoint.of(context.credentials).url(surface, self.paths[surface], deployment)

    async def prepare(self, context: CallContext) -> CallContext:
        """With a token of Microsoft Entra ID, where the form says so. As a credential it is kept out of every error, too."""
        return await self._signed_in(context)

    async def _signed_in(self, context: CallContext, *, fresh: bool = False) -> CallContext:
        if context.credentials.get("auth") != "entra" or "access_token" in context.credentials:
            return context
        token = await access_token(context, fresh=fresh)
        return dataclasses.replace(context, credentials=Credentials({**context.credentials, "access_token": token}))

    def headers(self, context: CallContext) -> dict[str, str]:
        """https://learn.microsoft.com/azure/foundry/openai/reference#authentication"""
        if token := context.credentials.get("access_token"):
            return {"authorization": f"Bearer {token}"}
        return {"api-key": str(context.credentials.get("api_key") or "")}

    # -- what the model and the version take ------------------------------------------------------------------------------

    def chat_options(self, context: CallContext) -> ChatOptions:
        """Models that reason take no `max_tokens`; old versions of the API tell no usage in streams."""
        model = context.model
        newer = model is not None and (Feature.REASONING in model.features or "max_completion_tokens" in model.properties)
        return ChatOptions(
            max_tokens_name="max_completion_tokens" if newer else "max_tokens",
            stream_usage=Endpoint.of(context.credentials).has(_TOOLS_AND_USAGE),
        )

    def surface(self, request: LLMRequest, context: CallContext) -> str:
        """From gpt-5.4 on, models that reason take tools on the responses surface only."""
        surface, model = super().surface(request, context), context.model
        if surface != OPENAI_CHAT or not request.tools or model is None or not model.properties.get("tools_by_responses"):
            return surface
        reasons = request.sampling.reasoning_effort != "none"
        return OPENAI_RESPONSES if reasons and Endpoint.of(context.credentials).has(_RESPONSES) else OPENAI_CHAT

    def adapt_embedding(self, body: dict[str, Any], request: EmbeddingRequest, context: CallContext) -> dict[str, Any]:
        """Old versions do not know `encoding_format`; floats are what all answer with."""
        if not Endpoint.of(context.credentials).is_v1:
            body.pop("encoding_format", None)
        return body

    def adapt_transcription(self, form: dict[str, Any], request: TranscriptionRequest, context: CallContext) -> dict[str, Any]:
        """A model that tells speakers apart wants to be told how to cut the recording."""
        strategy = context.model.properties.get("chunking_strategy") if context.model is not None else None
        return {"chunking_strategy": strategy, **form} if strategy else form

    def read_chat(self, body: dict[str, Any], surface: str, context: CallContext) -> LLMResult:
        """What the content filter says of each choice stands beside what it says of the prompt (`prompt_filter_results`)."""
        result = super().read_chat(body, surface, context)
        choices = body.get("choices") if isinstance(body.get("choices"), list) else []
        filtered = [choice["content_filter_results"] for choice in choices or () if choice.get("content_filter_results")]
        if filtered:
            result.extra["content_filter_results"] = filtered
        return result

    # -- models that are added ----------------------------------------------------------------------------------------------

    def describe_model(self, model: str, model_type: ModelType, credentials: dict[str, Any]) -> ModelDescription:
        """What the model behind the deployment is; of one that is not known, what the form says."""
        endpoint = Endpoint.of(credentials)
        name = str(credentials.get("base_model") or credentials.get("deployment") or model)
        base = base_model(name, model_type)
        if base is None:
            described = forms.describe_from_form(model, model_type, credentials)
            dialects = _DIALECTS.get(model_type, ())
        else:
            described = base.model_copy(update={"id": model, "label": LocalizedText.of(f"{model} ({base.id})")})
            dialects = base.dialects or ()
        known = endpoint.has(_TOOLS_AND_USAGE)  # what an older version cannot meter is not passed on as it is
        kept = tuple(one for one in dialects if known and (one != OPENAI_RESPONSES or endpoint.has(_RESPONSES)))
        return described.model_copy(update={"dialects": kept})

    async def validate_model_credentials(self, model: str, model_type: ModelType, context: CallContext) -> None:
        """One short call of the deployment, with a fresh token, on the surface that it will be called on."""
        described = self.describe_model(model, model_type, dict(context.credentials))
        context = await self._signed_in(dataclasses.replace(context, model=described), fresh=True)
        try:
            asked = self.proof(model, model_type, context)
            response = await self.http.request(context, "POST", headers=self.headers(context), **asked)
            if not response.headers.get("content-type", "").startswith("audio/"):
                self.http.checked_json(response, context)
        except CredentialsInvalid as error:
            if error.param == "api_key" and "access_token" in context.credentials:
                error.param = "client_id"
                error.problems = {"client_id": error.message}
            raise
        except ModelNotFound as error:
            if error.vendor_code in ("DeploymentNotFound", "OperationNotSupported", "unknown_model"):
                raise
            message = "There is no API of Azure OpenAI at this address, or not in this version."
            raise CredentialsInvalid(message, param="base_url", vendor_message=error.vendor_message) from None
        except ConnectionFailed as error:
            raise CredentialsInvalid(error.message, param="base_url", advice=error.advice) from None
        except BadRequest as error:
            # A model that thought through all of the few tokens has answered to the key all the same.
            if "output limit was reached" not in (error.vendor_message or ""):
                raise

    def proof(self, model: str, model_type: ModelType, context: CallContext) -> dict[str, Any]:
        """A model of one surface alone is asked on that."""
        only = context.model.dialects if context.model is not None else None
        name = self.model_name(model, context)
        if model_type is ModelType.LLM and only == (OPENAI_RESPONSES,):
            body: dict[str, Any] = {"model": name, "input": "ping", "max_output_tokens": 16, "store": False}
            return {"url": self.url(OPENAI_RESPONSES, context), "json": body}
        if model_type is ModelType.LLM and only == (OPENAI_COMPLETIONS,):
            body = {"model": name, "prompt": "ping", "max_tokens": 16}
            return {"url": self.url(OPENAI_COMPLETIONS, context), "json": body}
        return super().proof(model, model_type, context)
