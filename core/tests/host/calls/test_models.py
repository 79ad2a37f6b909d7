"""What a workspace can use, and how credentials and models come in: proved with the vendor first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jackfield.contract import (
    BadRequest,
    CredentialsInvalid,
    CredentialsMissing,
    LLMRequest,
    Message,
    ModelNotFound,
    ModelType,
    NotFound,
    PermissionDenied,
    ServerUnavailable,
)
from jackfield.host import NewCredential, ProviderStatus
from jackfield.tenancy import CredentialChange, Scopes

if TYPE_CHECKING:
    from ..conftest import Exchange, Vendor
    from .conftest import Desk, Helpers, OpenHost


async def validate(exchange: Exchange) -> None:
    """Knows one key."""
    good = exchange.headers["authorization"] in ("Bearer good-key", "Bearer none")
    await exchange.answer(200 if good else 401, {})


async def test_a_caller_sees_what_it_can_use(open_host: OpenHost, helpers: Helpers) -> None:
    trial = {"provider": "echo", "models": ["chat"], "quota": 5, "credentials": {"api_key": "lent"}}
    desk = await helpers.desk_at(await open_host(trials=[trial]))
    names = [model.name for model in await desk.host.models.usable(desk.caller, ModelType.LLM)]
    assert names == ["echo/chat", "free/chat", "free/big", "free/strict"]
    await desk.add_key()
    tenancy = desk.host.tenancy
    await tenancy.choices.switch_model(desk.owner, "acme", "big", ModelType.LLM, on=False)
    await tenancy.choices.set_alias(desk.owner, "fast", ["acme/none", "acme/chat"])
    await tenancy.choices.set_alias(desk.owner, "dead", ["acme/none"])
    found = await desk.host.models.usable(desk.caller)
    by_name = {(model.name, model.description.type): model for model in found}
    assert ("acme/big", ModelType.LLM) not in by_name
    assert ("dead", ModelType.LLM) not in by_name
    assert by_name["fast", ModelType.LLM].targets == ("acme/none", "acme/chat")
    assert by_name["echo/chat", ModelType.LLM].hosted
    assert not by_name["acme/chat", ModelType.LLM].hosted
    scopes = Scopes(model_types=frozenset({ModelType.LLM}), models=("acme/*",))
    token, _ = await tenancy.keys.create(desk.owner, "narrow", scopes=scopes)
    narrow = await tenancy.keys.authenticate(token)
    assert [model.name for model in await desk.host.models.usable(narrow)] == ["acme/chat", "acme/strict", "fast"]
    assert (await desk.host.models.get(narrow, "acme/chat")).provider == "acme"
    with pytest.raises(ModelNotFound):
        await desk.host.models.get(narrow, "free/chat")
    page = {model.description.id: (model.on, model.ready) for model in await desk.host.models.of_provider(desk.owner, "acme")}
    assert (page["chat"], page["big"]) == ((True, True), (False, True))
    states = {state.description.id: state.status for state in await desk.host.models.providers(desk.owner)}
    assert states == {"acme": ProviderStatus.READY, "echo": ProviderStatus.TRIAL, "free": ProviderStatus.READY}


async def test_an_alias_is_listed_for_a_key_that_may_call_what_it_leads_to(
    desk: Desk, vendor: Vendor, helpers: Helpers
) -> None:
    vendor.reply = helpers.good_reply
    tenancy, models = desk.host.tenancy, desk.host.models
    await desk.add_key()
    await tenancy.choices.set_alias(desk.owner, "partly", ["acme/chat", "acme/big"])
    await tenancy.choices.set_alias(desk.owner, "elsewhere", ["acme/big", "acme/chat"])
    scopes = Scopes(models=("acme/chat",))
    token, _ = await tenancy.keys.create(desk.owner, "narrow", scopes=scopes)
    narrow = await tenancy.keys.authenticate(token)
    found = {model.name: model.targets for model in await models.usable(narrow)}
    assert found == {"acme/chat": (), "partly": ("acme/chat",)}, "fallbacks out of scope are not told of"
    for name in ("acme/chat", "partly"):
        assert (await models.get(narrow, name)).description.id == "chat"
        await desk.host.calls.llm(narrow, LLMRequest(model=name, messages=[Message.user("Hi")]))
    with pytest.raises(ModelNotFound):
        await models.get(narrow, "elsewhere")
    with pytest.raises(PermissionDenied):
        await desk.host.calls.llm(narrow, LLMRequest(model="elsewhere", messages=[Message.user("Hi")]))
    token, _ = await tenancy.keys.create(desk.owner, "named", scopes=Scopes(models=("elsewhere",)))
    named = await tenancy.keys.authenticate(token)
    assert {model.name: model.targets for model in await models.usable(named)} == {"elsewhere": ("acme/big", "acme/chat")}


async def test_a_credential_is_proved_before_it_is_saved(desk: Desk, vendor: Vendor) -> None:
    vendors = desk.host.vendors
    vendor.reply = validate
    with pytest.raises(CredentialsInvalid) as refused:
        await vendors.add(desk.owner, "acme", NewCredential(values={"api_key": "bad-key"}))
    assert refused.value.problems == {"api_key": "The vendor refuses the key."}
    with pytest.raises(CredentialsInvalid) as empty:
        await vendors.add(desk.owner, "acme", NewCredential(values={"other": 1}))
    assert set(empty.value.problems) == {"api_key", "other"}
    assert len(vendor.exchanges) == 1
    info = await vendors.add(desk.owner, "acme", NewCredential(values={"api_key": "good-key"}, name="team"))
    assert (info.status, info.name) == ("valid", "team")
    assert "good-key" not in repr(info)

    async def down(exchange: Exchange) -> None:
        await exchange.answer(503, {})

    vendor.reply = down
    new = NewCredential(values={"api_key": "later-key"})
    with pytest.raises(ServerUnavailable):
        await vendors.add(desk.owner, "acme", new)
    new.save_anyway = True
    assert (await vendors.add(desk.owner, "acme", new)).status == "unchecked"


async def test_editing_keeps_secrets_and_proves_new_ones(desk: Desk, vendor: Vendor) -> None:
    vendors = desk.host.vendors
    vendor.reply = validate
    info = await vendors.add(desk.owner, "acme", NewCredential(values={"api_key": "good-key"}))
    changed = await vendors.change(desk.owner, info.id, CredentialChange(values=dict(info.values), weight=5))
    assert (changed.status, changed.weight) == ("valid", 5)
    assert vendor.exchanges[-1].headers["authorization"] == "Bearer good-key", "the masked secret is the stored one"
    with pytest.raises(CredentialsInvalid):
        await vendors.change(desk.owner, info.id, CredentialChange(values={"api_key": "bad-key"}))
    assert (await vendors.check(desk.owner, info.id)).status == "valid"
    await vendors.change(desk.owner, info.id, CredentialChange(enabled=False))
    with pytest.raises(CredentialsMissing):
        await desk.host.calls.llm(desk.caller, LLMRequest(model="acme/chat", messages=[Message.user("Hi.")]))
    await vendors.remove(desk.owner, info.id)
    with pytest.raises(NotFound):
        await vendors.health(desk.owner, info.id)


async def test_a_model_is_added_with_its_settings_over_the_providers(desk: Desk, vendor: Vendor, helpers: Helpers) -> None:
    vendors = desk.host.vendors
    vendor.reply = validate
    await vendors.add(desk.owner, "acme", NewCredential(values={"api_key": "good-key"}))
    description, info = await vendors.add_model(
        desk.owner, "acme", "ft:mine", ModelType.LLM, NewCredential(values={"context": 8192})
    )
    assert (description.context_window, info.model, info.status) == (8192, "ft:mine", "valid")
    vendor.reply = helpers.good_reply
    await desk.host.calls.llm(desk.caller, LLMRequest(model="acme/ft:mine", messages=[Message.user("Hi.")]))
    sent = vendor.exchanges[-1]
    assert (sent.json["model"], sent.headers["authorization"]) == ("ft:mine", "Bearer good-key")
    vendor.reply = validate
    await vendors.change(desk.owner, info.id, CredentialChange(values={"context": 100}))
    found = await desk.host.calls.describe(desk.caller, "acme/ft:mine", ModelType.LLM)
    assert found.context_window == 100
    with pytest.raises(BadRequest):
        await vendors.add_model(desk.owner, "acme", "x", ModelType.RERANK, NewCredential(values={}))
    with pytest.raises(BadRequest):
        await vendors.add_model(desk.owner, "acme", " ", ModelType.LLM, NewCredential(values={}))
    assert [model.description.id for model in await desk.host.models.of_provider(desk.owner, "acme") if model.added] == [
        "ft:mine"
    ]


async def test_a_model_that_the_vendor_does_not_know_is_not_added(desk: Desk, vendor: Vendor) -> None:
    await desk.add_key("good-key")

    async def unknown(exchange: Exchange) -> None:
        await exchange.answer(404, {})

    vendor.reply = unknown
    with pytest.raises(ModelNotFound):
        await desk.host.vendors.add_model(desk.owner, "acme", "nope", ModelType.LLM, NewCredential(values={}))
    assert not any(model.added for model in await desk.host.models.of_provider(desk.owner, "acme"))
    assert len(await desk.host.tenancy.credentials.list(desk.owner)) == 1


async def test_live_models_are_asked_of_the_vendor(desk: Desk, vendor: Vendor) -> None:
    async def listing(exchange: Exchange) -> None:
        await exchange.answer(200, ["one", exchange.headers["authorization"]])

    vendor.reply = listing
    with pytest.raises(CredentialsMissing):
        await desk.host.vendors.live_models(desk.owner, "acme")
    found = await desk.host.vendors.live_models(desk.owner, "acme", {"api_key": "typed-key"})
    assert [model.id for model in found] == ["one", "Bearer typed-key"]
    await desk.add_key("saved-key")
    assert [model.id for model in await desk.host.vendors.live_models(desk.owner, "acme")] == ["one", "Bearer saved-key"]
