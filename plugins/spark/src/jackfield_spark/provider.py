"""Both of Spark's ways in: HTTP with a password, and a websocket whose address is signed."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any, ClassVar

from jackfield_sdk import (
    BadRequest,
    CallContext,
    ConnectionFailed,
    CredentialsInvalid,
    LLMEvent,
    LLMRequest,
    LLMResult,
    LLMStream,
    LocalizedText,
    Message,
    ModelNotFound,
    ModelType,
    PermissionDenied,
    Provider,
    Sampling,
    StreamCollector,
    TextPart,
    UnsupportedParameter,
    VendorHTTP,
    allowed,
    begin,
    refuse_extra,
)

from . import completions, exchange
from .errors import HTTP_TABLE, NOT_GRANTED, SOCKET_TABLE, error_inside
from .forms import CONSOLE, PROVIDER_FORM, WEBSOCKET
from .signature import signed

HTTP_HOST = "https://spark-api-open.xf-yun.com"
SOCKET_HOST = "wss://spark-api.xf-yun.com"
FREE_MODEL = "lite"


class Spark(Provider):
    """iFlytek's Spark. Bodies of OpenAI's clients are not passed on: what comes back is not quite OpenAI's (`completions`)."""

    id = "spark"
    label = LocalizedText.of("iFlytek Spark", "讯飞星火")
    description = LocalizedText.of("Spark language models by iFlytek.", "科大讯飞的星火大语言模型。")
    help_url = CONSOLE
    model_types = (ModelType.LLM,)
    provider_form = PROVIDER_FORM
    http: ClassVar[VendorHTTP] = VendorHTTP(table=HTTP_TABLE, error_inside=error_inside)
    socket: ClassVar[VendorHTTP] = VendorHTTP(table=SOCKET_TABLE, error_inside=error_inside)

    async def validate_provider_credentials(self, context: CallContext) -> None:
        """One token of the model that is free. An application that was not granted it is known all the same."""
        request = LLMRequest(model=FREE_MODEL, messages=[Message.user("hi")], sampling=Sampling(max_tokens=1))
        catalog = next(model for model in self.models if model.id == FREE_MODEL)
        by_socket = _by_socket(context)
        try:
            await self._whole(request, dataclasses.replace(context, model=catalog))
        except PermissionDenied as error:
            if error.vendor_code in NOT_GRANTED:
                return
            if error.vendor_code is None and error.vendor_status is None:  # the host's egress rules: no fault of the key
                raise
            advice = "Check the clock of this machine, which the signature holds." if by_socket else None
            raise CredentialsInvalid(
                "The key is known to iFlytek, but may not do this.",
                param=error.param or ("api_key" if by_socket else "api_password"),
                advice=advice,
                vendor_message=error.vendor_message,
                vendor_status=error.vendor_status,
                request_id=error.request_id,
            ) from None
        except (ConnectionFailed, ModelNotFound) as error:
            if not context.credentials.get("base_url"):
                raise
            raise CredentialsInvalid(error.message, param="base_url", vendor_message=error.vendor_message) from None

    async def invoke_llm(self, request: LLMRequest, context: CallContext) -> LLMResult | LLMStream:
        request = _with_system(allowed(request, context), context)
        return await (self._stream(request, context) if request.stream else self._whole(request, context))

    # -- the two ways --------------------------------------------------------------------------------------------------------

    async def _stream(self, request: LLMRequest, context: CallContext) -> LLMStream:
        if _by_socket(context):
            return await begin(self._talk(request, context))
        parse = completions.reader(lambda chunk: self._check(chunk, context))
        return await begin(await self.http.events(context, "POST", **_post(request, context), parse=parse))

    async def _whole(self, request: LLMRequest, context: CallContext) -> LLMResult:
        if not _by_socket(context):
            return completions.parse(await self.http.object(context, "POST", **_post(request, context)))
        collector = StreamCollector(request.model)
        async for event in self._talk(request, context):
            collector.add(event)
        if not collector.complete:
            raise ConnectionFailed("The vendor closed the connection before its answer ended.")
        return collector.result()

    def _talk(self, request: LLMRequest, context: CallContext) -> AsyncIterator[LLMEvent]:
        asked = refuse_extra(request)
        question = exchange.build(asked, _name(request, context), str(context.credentials["app_id"]))
        question["parameter"]["chat"] |= _thinking(request)
        return exchange.talk(context, _socket_url(request, context), question, self.socket)

    def _check(self, chunk: dict[str, Any], context: CallContext) -> None:
        vendor = error_inside(chunk)
        if vendor is not None:
            raise self.http.failure(vendor, context)


def _by_socket(context: CallContext) -> bool:
    return bool(context.credentials.get("protocol") == WEBSOCKET)


def _property(context: CallContext, name: str, default: str) -> str:
    properties = context.model.properties if context.model is not None else {}
    return str(properties.get(name) or default)


def _name(request: LLMRequest, context: CallContext) -> str:
    """The vendor's own name: two of its models have the same one, at different addresses."""
    return _property(context, "name", request.model)


def _post(request: LLMRequest, context: CallContext) -> dict[str, Any]:
    """Where to, and what, by HTTP."""
    base = str(context.credentials.get("base_url") or HTTP_HOST).rstrip("/").removesuffix("/v1")
    body = completions.build(dataclasses.replace(request, model=_name(request, context))) | _thinking(request)
    body.pop("reasoning_effort", None)
    return {
        "url": f"{base}{_property(context, 'path', '/v1')}/chat/completions",
        "headers": {"authorization": f"Bearer {context.credentials['api_password']}"},
        "json": body,
    }


def _socket_url(request: LLMRequest, context: CallContext) -> str:
    """The signed address.

    :raises ModelNotFound: for a model whose address the catalog does not tell
    :raises CredentialsInvalid: for a base URL that is none
    """
    path = _property(context, "socket", "")
    if not path:
        raise ModelNotFound(f"The catalog does not tell the websocket of the model {request.model!r}.")
    base = str(context.credentials.get("base_url") or SOCKET_HOST).rstrip("/")
    if base.startswith("http"):
        base = "ws" + base.removeprefix("http")
    try:
        return signed(base + path, str(context.credentials["api_key"]), str(context.credentials["api_secret"]))
    except ValueError:
        raise CredentialsInvalid("The address of the vendor is no http(s) URL.", param="base_url") from None


def _thinking(request: LLMRequest) -> dict[str, Any]:
    """`thinking`, in the vendor's three words; it knows no depth: https://www.xfyun.cn/doc/spark/X1http.html"""
    effort = request.sampling.reasoning_effort
    if effort is None:
        return {}
    return {"thinking": {"type": {"none": "disabled", "auto": "auto"}.get(effort, "enabled")}}


def _with_system(request: LLMRequest, context: CallContext) -> LLMRequest:
    """The request for a model that knows no system messages.

    :raises UnsupportedParameter: if there are any; where the caller allows it, they go before what the user says
    """
    system = [message for message in request.messages if message.role == "system"]
    if not system or context.model is None or context.model.properties.get("system") is not False:
        return request
    if not request.drop_unsupported:
        advice = "Write it into the user's message, or choose generalv3.5, 4.0Ultra or spark-x."
        raise UnsupportedParameter("The model takes no system message.", param="messages", advice=advice)
    rest = [message for message in request.messages if message.role != "system"]
    if not rest or rest[0].role != "user":
        raise BadRequest("The first message must be the user's.", param="messages")
    text = "\n".join(message.text for message in system) + "\n"
    first = dataclasses.replace(rest[0], parts=[TextPart(text), *rest[0].parts])
    return dataclasses.replace(request, messages=[first, *rest[1:]])
