"""The promises of a provider as a whole: how it describes itself, proves credentials, lists models, and how it is packaged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import orjson
import pytest
from jackfield.contract import (
    BadRequest,
    CallContext,
    ConnectionFailed,
    CredentialForm,
    CredentialsInvalid,
    Feature,
    JackfieldError,
    ModelNotFound,
    ModelType,
    NotFound,
    PermissionDenied,
    ProviderDescription,
    ProvisionKind,
    QuotaExceeded,
    RateLimited,
    RelayRequest,
    ServerUnavailable,
    Timeout,
)

from ...icons import icon_faults
from ..answers import Answer, Reply
from ..calling import Caller
from ..double import VendorDouble
from ..promises import assert_hidden, error_of, promise
from .base import CallConformance
from .faults import GARBAGE
from .packaging import Packaging

_REFUSALS: dict[int, tuple[type[JackfieldError], ...]] = {
    401: (CredentialsInvalid,),
    403: (CredentialsInvalid, PermissionDenied),
    404: (ModelNotFound, NotFound, CredentialsInvalid),
    429: (RateLimited, QuotaExceeded),
    500: (ServerUnavailable,),
    503: (ServerUnavailable,),
}
_SECRET_WORDS = ("key", "secret", "token", "password")


class ProviderConformance(CallConformance, Packaging):
    """The provider as a whole. An author says how the vendor answers when a credential is proved.

    :cvar validated_model: a model that is added, and its type, for a provider whose models are added one by one
    :cvar proves_nothing: True for a provider that has nothing to prove, a server without a key
    """

    model_type: ClassVar[ModelType] = ModelType.LLM
    validated_model: ClassVar[tuple[str, ModelType] | None] = None
    proves_nothing: ClassVar[bool] = False

    def validation_answer(self) -> Reply:
        """The vendor's good answer to the call that proves a credential."""
        raise NotImplementedError

    def models_answer(self, ids: list[str]) -> Reply | None:
        """The vendor's list of models; None for a vendor without one."""
        return None

    # -- the promises of every call hold for this one ----------------------------------------------------------------------

    concurrent: ClassVar[bool] = False

    def good(self, number: int, mode: str) -> Reply:
        return self.validation_answer()

    def context(self, caller: Caller, **limits: float) -> CallContext:
        return caller.context(self.credentials(), None, self.model_type, **limits)

    async def invoke(self, caller: Caller, number: int, mode: str, context: CallContext) -> Any:
        if self.proves_nothing:
            pytest.skip("this provider has nothing to prove")
        await self._prove(caller, context)

    async def _prove(self, caller: Caller, context: CallContext) -> None:
        if self.validated_model is not None:
            await caller.kernel.validate_model_credentials(*self.validated_model, context)
        else:
            await caller.kernel.validate_provider_credentials(context)

    def check(self, result: Any, number: int, mode: str) -> None:
        assert result is None

    @pytest.mark.parametrize("status", _REFUSALS)
    @pytest.mark.asyncio
    async def test_every_status_has_its_error(self, vendor: VendorDouble, caller: Caller, mode: str, status: int) -> None:
        vendor.answers(self.error(status, f"no, not with {self.secret}"))
        text = f"status {status} to the call that proves a credential says what is wrong"
        error = await error_of(self.ask(caller), text, *_REFUSALS[status], secrets=(self.secret,))
        if isinstance(error, CredentialsInvalid):
            with promise("a credential that is refused names the field of the form at fault"):
                assert error.param in self._fields(caller), f"param is {error.param!r}"

    @pytest.mark.asyncio
    async def test_errors_in_any_form_are_read(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        for body in (b"", b"null", b"\xff\xfe", b"<p>"):
            vendor.answers(Answer.content(body, "text/html", 503))
            await error_of(self.ask(caller), f"status 503 with the body {body!r} is an error", ServerUnavailable)

    @pytest.mark.asyncio
    async def test_garbage_is_the_vendors_fault(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        for name in ("not-http", "html", "nothing", "redirect"):
            vendor.answers(GARBAGE[name])
            text = f"what is no API ({name}) proves no key: it is the vendor's fault, or that of the address in the form"
            error = await error_of(self.ask(caller), text, ConnectionFailed, ServerUnavailable, CredentialsInvalid)
            if isinstance(error, CredentialsInvalid):
                with promise(text):
                    assert error.param in self._fields(caller), f"param is {error.param!r}"
                    assert "key" not in str(error.param), f"param is {error.param!r}"

    @pytest.mark.asyncio
    async def test_a_vendor_that_cannot_be_reached(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        await vendor.stop()
        text = "a vendor that cannot be reached is a connection that failed, or an address that is wrong"
        error = await error_of(self.ask(caller), text, ConnectionFailed, CredentialsInvalid, secrets=(self.secret,))
        if isinstance(error, CredentialsInvalid):
            with promise("an address that is wrong is named by its field"):
                assert error.param in self._fields(caller)
                assert "key" not in str(error.param)

    @pytest.mark.asyncio
    async def test_an_answer_that_breaks_off_is_an_error(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        good = self._last(mode)
        vendor.answers(self._instead(mode, good.but(cut=len(good.body) // 2)))
        text = "a proof that breaks off proves nothing"
        kinds = (ConnectionFailed, ServerUnavailable, Timeout, CredentialsInvalid)
        await error_of(self.ask(caller), text, *kinds)

    @pytest.mark.asyncio
    async def test_a_key_that_cannot_be_sent(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        for odd in ("\n", "ключ"):
            secret = f"{self.secret}{odd}{self.secret}"
            values = {name: secret if value == self.secret else value for name, value in self.credentials().items()}
            vendor.answers(self.error(401))
            text = f"a key with {odd!r} in it is an invalid credential"
            error = await error_of(self.invoke(caller, 1, mode, caller.context(values)), text, CredentialsInvalid)
            assert_hidden(self.secret, error)

    # -- description -----------------------------------------------------------------------------------------------------

    def _forms(self, caller: Caller) -> list[CredentialForm]:
        return [form for form in (caller.description.provider_form, caller.description.model_form) if form is not None]

    def _fields(self, caller: Caller) -> set[str]:
        return {field.name for form in self._forms(caller) for field in form.fields}

    @pytest.mark.asyncio
    async def test_the_description(self, caller: Caller) -> None:
        described = caller.description
        with promise("a provider is described in both languages, with an icon and the address where a key is made"):
            assert described.label.en
            assert described.description is not None, "there is no `description`"
            assert described.description.zh, "the description has no Chinese text"
            assert described.icon, "there is no icon.svg beside the class"
            faults = [fault.says for fault in icon_faults(described.icon)]
            assert not faults, "; ".join(faults)
            secret = any(form.secret_names for form in self._forms(caller))
            assert described.help_url or not secret, "there is no `help_url`, where a key is made"

    @pytest.mark.asyncio
    async def test_the_forms(self, caller: Caller) -> None:
        with promise("the fields of the forms are labelled in both languages, and secrets are secret"):
            for form in self._forms(caller):
                for field in form.fields:
                    assert field.label.zh, f"the label of {field.name} has no Chinese text"
                    assert field.help is None or field.help.zh, f"the help of {field.name} has no Chinese text"
                    assert field.pattern is None or field.pattern_hint, f"the pattern of {field.name} has no hint for people"
                    sounds_secret = any(word in field.name.split("_") for word in _SECRET_WORDS) and field.kind == "text"
                    assert not sounds_secret, f"{field.name} is of kind text: should it not be a secret?"
        with promise("the forms take the credentials of these tests, and ask for what is required"):
            values = self.credentials()
            for form in self._forms(caller):
                names = {field.name for field in form.fields}
                form.check({name: value for name, value in values.items() if name in names})
                if any(field.required and field.default is None and not field.shown_if for field in form.fields):
                    with pytest.raises(CredentialsInvalid):
                        form.check({})
            stray = set(values) - self._fields(caller)
            assert not stray, f"no form has the field {', '.join(stray)}"

    @pytest.mark.asyncio
    async def test_the_catalog(self, caller: Caller) -> None:
        described = caller.description
        if ProvisionKind.PREDEFINED not in described.provision or not described.models:
            assert ProvisionKind.CUSTOMIZABLE in described.provision or described.models, "there is no model to call"
            return
        with promise("the catalog says when it was checked, and what its models are like"):
            assert described.catalog_checked_on, "models.toml has no `checked_on`"
            assert described.catalog_checked_on <= datetime.now(UTC).date() + timedelta(days=1), "it was checked in the future"
            for model in described.models:
                _check_model(described, model.id, model.type)
            offered = {model.type for model in described.models}
            missing = set(described.model_types) - offered
            customizable = ProvisionKind.CUSTOMIZABLE in described.provision
            assert customizable or not missing, f"model_types names {missing}, and no model is of that type"

    @pytest.mark.asyncio
    async def test_live_models(self, vendor: VendorDouble, caller: Caller) -> None:
        known = [model.id for model in caller.description.models][:1]
        reply = self.models_answer([*known, "brand-new-canary-model"])
        if reply is None:
            pytest.skip("this vendor has no list of models")
        vendor.answers(reply)
        context = caller.context(self.credentials())
        with promise("the vendor's list of models holds those of the catalog as they stand there, and new ones"):
            models = await caller.kernel.list_models(context)
            ids = [model.id for model in models]
            assert "brand-new-canary-model" in ids, f"the new model is not in {ids}"
            assert set(known) <= set(ids), f"{known} is not in {ids}"
            described = caller.description
            assert all(model in described.models for model in models if described.model(model.id, model.type))
        vendor.answers(self.error(401))
        text = "a list that is refused is an error"
        await error_of(caller.kernel.list_models(context), text, CredentialsInvalid, PermissionDenied)
        vendor.answers(Answer.json({"data": "none"}))
        await error_of(caller.kernel.list_models(context), "a list that is none is an error", ServerUnavailable, BadRequest)

    # -- what an `OpenAICompatible` says of the servers of its users -------------------------------------------------------

    @pytest.mark.asyncio
    async def test_an_address_may_end_in_the_version(self, vendor: VendorDouble, caller: Caller) -> None:
        version = getattr(self.plugin, "version", "")
        if not version:
            pytest.skip("the addresses of this provider are taken as they are")
        vendor.answers(self.validation_answer())
        credentials = self.credentials()
        root = str(credentials["base_url"]).rstrip("/").removesuffix(version)
        with promise(f"an address may end in {version}, in a slash, or in neither"):
            for address in (root, f"{root}/", f"{root}{version}", f"{root}{version}/"):
                await self._prove(caller, caller.context(credentials | {"base_url": address}))
            urls = {request.url for request in vendor.requests}
            assert len(urls) == 1, f"they lead to {urls}"
            assert urls.pop().startswith(f"{root}{version}/")

    @pytest.mark.asyncio
    async def test_a_model_goes_by_the_vendors_name(self, vendor: VendorDouble, caller: Caller) -> None:
        field = getattr(self.plugin, "name_field", "")
        if not field or self.validated_model is None:
            pytest.skip("the models of this provider have no other names")
        model, kind = self.validated_model
        credentials = self.credentials() | {field: "the-vendors-name"}
        vendor.answers(self.validation_answer())
        with promise(f"a model that is added goes by the name that the form's field `{field}` tells, where it is proved"):
            await self._prove(caller, caller.context(credentials))
            assert b"the-vendors-name" in vendor.last.url.encode() + vendor.last.body
        described = caller.model(model, kind, credentials)
        for dialect in (caller.description.dialects if described.dialects is None else described.dialects)[:1]:
            vendor.answers(Answer.json({}))
            body = orjson.dumps({"model": model, "new": [1.5]})
            with promise("and where a body is passed on, in which nothing else is changed"):
                request = RelayRequest(dialect=dialect, model=model, body=body)
                await caller.kernel.relay(request, caller.context(credentials, model, kind))
                assert vendor.last.json == {"model": "the-vendors-name", "new": [1.5]}


def _check_model(described: ProviderDescription, model_id: str, kind: ModelType) -> None:
    model = described.model(model_id, kind)
    assert model is not None
    if kind is ModelType.LLM:
        assert model.context_window, f"{model_id} has no context_window"
        if model.max_output_tokens:
            assert model.max_output_tokens <= model.context_window, f"{model_id} answers more than its window holds"
        assert Feature.STREAMING in model.features or model.features, f"{model_id} has no features"
    if model.replacement:
        replaced = described.model(model.replacement, kind)
        assert replaced is not None, f"the replacement of {model_id}, {model.replacement}, is not in the catalog"
        early = replaced.deprecated_on and model.deprecated_on and replaced.deprecated_on < model.deprecated_on
        assert not early, f"the replacement of {model_id}, {model.replacement}, goes before it"
    if kind is ModelType.TEXT_TO_SPEECH and model.voices:
        assert len(set(model.voices)) == len(model.voices), f"{model_id} has a voice twice"
