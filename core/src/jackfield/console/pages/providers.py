"""Settings > Model providers: the cards, and a drawer for each with its credentials and models."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from jackfield.contract import BadRequest, ModelType, ProviderDescription
from jackfield.tenancy import MASK, CredentialChange, Preference, Role

from ..forms import new_credential, values_of, weight_of
from ..provider_cards import STATES, card, cards
from ..registry import PageSet
from ..translations import mark
from ..visit import Visit
from ..vocabulary import MODEL_TYPES, features, price, tokens

pages = PageSet()
pages.menu("/providers", mark("Model providers"), group="Settings", order=10)


@pages.get("/providers")
async def show(visit: Visit) -> Response:
    """The cards."""
    return await _page(visit)


@pages.get("/providers/{provider}")
async def drawer(visit: Visit) -> Response:
    """The drawer alone, or the whole page with it open."""
    context = await _drawer(visit, visit.host.kernel.provider(visit.path["provider"]))
    if visit.by_htmx:
        return visit.part("providers/drawer.html", **context)
    return await _page(visit, open_drawer=True, **context)


@pages.get("/providers/{provider}/part/{name}")
async def part(visit: Visit) -> Response:
    """Credentials or models as they are, in place of a form that was given up."""
    context = await _drawer(visit, visit.host.kernel.provider(visit.path["provider"]))
    return visit.part("providers/models.html" if visit.path["name"] == "models" else "providers/credentials.html", **context)


async def _page(visit: Visit, *, open_drawer: bool = False, **context: Any) -> Response:
    found = await cards(visit)
    return await visit.page(
        "providers/page.html",
        cards=found,
        states={state: STATES[state] for state in STATES if any(each.state == state for each in found)},
        open_drawer=open_drawer,
        **{"model_types": MODEL_TYPES, **context},
    )


async def _drawer(visit: Visit, provider: ProviderDescription) -> dict[str, Any]:
    return {**await credentials_context(visit, provider), **await models_context(visit, provider)}


async def credentials_context(visit: Visit, provider: ProviderDescription) -> dict[str, Any]:
    """What the part with credentials and trials shows."""
    caller, tenancy = visit.caller, visit.host.tenancy
    found = [each for each in await tenancy.credentials.list(caller, provider.id) if each.model is None]
    states = await tenancy.trials.states(caller.workspace_id)
    view = await tenancy.views.get(caller.workspace_id)
    return {
        "provider": provider,
        "card": await card(visit, provider.id),
        "credentials": found,
        "trials": [state for state in states if state.trial.provider == provider.id and not state.trial.over],
        "preference": view.preference(provider.id),
        "may_change": caller.may(Role.ADMIN),
        "MASK": MASK,
        "model_types": MODEL_TYPES,
    }


async def models_context(visit: Visit, provider: ProviderDescription) -> dict[str, Any]:
    """What the part with models shows."""
    own = [each for each in await visit.host.tenancy.credentials.list(visit.caller, provider.id) if each.model is not None]
    return {
        "provider": provider,
        "card": await card(visit, provider.id),
        "models": await visit.host.models.of_provider(visit.caller, provider.id),
        "own_credentials": own,
        "may_change": visit.caller.may(Role.ADMIN),
        "model_types": MODEL_TYPES,
        "features": features,
        "price": price,
        "tokens": tokens,
    }


# -- credentials -----------------------------------------------------------------------------------------------------------


@pages.post("/providers/{provider}/credentials")
async def add_credential(visit: Visit) -> Response:
    """Check with the vendor, then save."""
    provider = visit.host.kernel.provider(visit.path["provider"])
    form = provider.provider_form
    if form is None:
        raise BadRequest("This provider has no credential of its own: add a model.")
    info = await visit.host.vendors.add(visit.caller, provider.id, new_credential(form, await visit.form()))
    return await _credentials(visit, provider, _saved(visit, info.status))


@pages.get("/providers/{provider}/credentials/{credential}")
async def edit_credential(visit: Visit) -> Response:
    """The form of a saved one; its secrets stay where they are."""
    provider = visit.host.kernel.provider(visit.path["provider"])
    info = await visit.host.tenancy.credentials.get(visit.caller, visit.path["credential"])
    form = provider.provider_form if info.model is None else provider.model_form
    return visit.part("providers/edit.html", provider=provider, credential=info, form=form, MASK=MASK)


@pages.post("/providers/{provider}/credentials/{credential}")
async def change_credential(visit: Visit) -> Response:
    """Check with the vendor where a value changed, then save."""
    provider = visit.host.kernel.provider(visit.path["provider"])
    sent = await visit.form()
    info = await visit.host.tenancy.credentials.get(visit.caller, visit.path["credential"])
    form = provider.provider_form if info.model is None else provider.model_form
    values = values_of(form, sent) if form is not None else {}
    change = CredentialChange(
        values=values if _differ(values, info.values) else None, name=sent.get("_name"), weight=weight_of(sent)
    )
    changed = await visit.host.vendors.change(visit.caller, info.id, change, save_anyway="_anyway" in sent)
    text = _saved(visit, changed.status)
    if info.model is None:
        return await _credentials(visit, provider, text)
    return await _models(visit, provider, text)


@pages.post("/providers/{provider}/credentials/{credential}/{act}")
async def act_on_credential(visit: Visit) -> Response:
    """Check, switch on or off, or remove."""
    provider = visit.host.kernel.provider(visit.path["provider"])
    id_, act, vendors = visit.path["credential"], visit.path["act"], visit.host.vendors
    info = await visit.host.tenancy.credentials.get(visit.caller, id_)
    if act == "check":
        checked = await vendors.check(visit.caller, id_)
        text = visit.say("The vendor accepts it.") if checked.status == "valid" else visit.say("The vendor refuses it.")
    elif act == "switch":
        await vendors.change(visit.caller, id_, CredentialChange(enabled=not info.enabled))
        text = visit.say("Switched off.") if info.enabled else visit.say("Switched on.")
    elif act == "remove":
        await vendors.remove(visit.caller, id_)
        text = visit.say("Removed.")
    else:
        raise BadRequest("There is no such action.")
    return await (_credentials if info.model is None else _models)(visit, provider, text)


@pages.post("/providers/{provider}/preference")
async def prefer(visit: Visit) -> Response:
    """Own credentials or the trial first."""
    provider = visit.host.kernel.provider(visit.path["provider"])
    sent = await visit.form()
    preference = Preference(hosted_first=sent.get("_first") == "hosted", take_over="_take_over" in sent)
    await visit.host.models.prefer(visit.caller, provider.id, preference)
    return await _credentials(visit, provider, visit.say("Saved."))


async def _credentials(visit: Visit, provider: ProviderDescription, text: str) -> Response:
    """The part anew, and the card behind the drawer with it."""
    context = await credentials_context(visit, provider)
    return visit.done(text, "providers/credentials_changed.html", close=False, **context)


def _saved(visit: Visit, status: str) -> str:
    if status == "unchecked":
        return visit.say("Saved, but not checked: the vendor could not be asked.")
    return visit.say("Saved. The vendor accepts it.") if status == "valid" else visit.say("Saved.")


def _differ(values: dict[str, Any], former: Any) -> bool:
    """Whether anything was retyped. What is blank or masked was not."""
    kept = {name: value for name, value in former.items() if value != MASK}
    given = {name: value for name, value in values.items() if value not in ("", MASK)}
    return {name: str(value) for name, value in given.items()} != {name: str(value) for name, value in kept.items()}


# -- models ----------------------------------------------------------------------------------------------------------------


@pages.post("/providers/{provider}/models")
async def add_model(visit: Visit) -> Response:
    """Check with the vendor, then add."""
    provider = visit.host.kernel.provider(visit.path["provider"])
    sent = await visit.form()
    if provider.model_form is None:
        raise BadRequest("Models cannot be added to this provider: it offers its catalog.")
    new = new_credential(provider.model_form, sent)
    model, kind = sent.get("_model", ""), _type_of(sent)
    _, info = await visit.host.vendors.add_model(visit.caller, provider.id, model, kind, new)
    return await _models(visit, provider, _saved(visit, info.status))


@pages.post("/providers/{provider}/models/switch")
async def switch_model(visit: Visit) -> Response:
    """Let a model be used, or not."""
    sent = await visit.form()
    on = "_on" in sent
    provider, model = visit.path["provider"], sent.get("_model", "")
    await visit.host.models.switch(visit.caller, provider, model, _type_of(sent), on=on)
    text = visit.say("{model} can be used.", model=model) if on else visit.say("{model} is switched off.", model=model)
    return visit.done(text, close=False)


@pages.post("/providers/{provider}/models/remove")
async def remove_model(visit: Visit) -> Response:
    """Take away what was added, with its credentials."""
    provider = visit.host.kernel.provider(visit.path["provider"])
    sent = await visit.form()
    await visit.host.tenancy.choices.remove_model(visit.caller, provider.id, sent.get("_model", ""), _type_of(sent))
    return await _models(visit, provider, visit.say("Removed."))


@pages.post("/providers/{provider}/live")
async def live_models(visit: Visit) -> Response:
    """What the vendor offers now, as suggestions for a model's name. A post, as the form's secrets may be needed to ask."""
    provider = visit.host.kernel.provider(visit.path["provider"])
    values = None
    if provider.provider_form is None and provider.model_form is not None:
        values = values_of(provider.model_form, await visit.form())
    found = await visit.host.vendors.live_models(visit.caller, provider.id, values)
    response = visit.part("providers/live.html", models=found, model_types=MODEL_TYPES)
    one = mark("The vendor offers one model: the field suggests it.")
    many = mark("The vendor offers {count} models: the field suggests them.")
    visit.announce(response, visit.say(one if len(found) == 1 else many, count=len(found)))
    return response


async def _models(visit: Visit, provider: ProviderDescription, text: str) -> Response:
    return visit.done(text, "providers/models_changed.html", close=False, **await models_context(visit, provider))


def _type_of(sent: dict[str, str]) -> ModelType:
    try:
        return ModelType(sent.get("_type", ""))
    except ValueError:
        raise BadRequest("Choose a type.", param="_type") from None
