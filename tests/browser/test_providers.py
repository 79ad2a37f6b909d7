"""Settings > Model providers: a key is pasted, checked, saved, changed; models are switched and added."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from jackfield.contract import ModelType
from jackfield.host import NewCredential
from jackfield.kernel import Cause, Kernel, PluginRecord, Quarantine
from jackfield.store import now
from jackfield.tenancy import Condition, Role, Trial
from jackfield_sdk.testing import Answer, VendorDouble
from playwright.sync_api import Locator, Page, expect

MODELS = Answer.json({"object": "list", "data": [{"id": "gpt-4o-mini", "object": "model"}]})
REFUSAL = Answer.json({"error": {"message": "Incorrect API key provided.", "code": "invalid_api_key"}}, status=401)


@pytest.fixture
def accepting(vendor: VendorDouble) -> VendorDouble:
    """The vendor takes any key."""
    vendor.on("GET", "/models", MODELS)
    return vendor


def open_drawer(page: Page, name: str) -> Locator:
    page.goto("/console/providers")
    page.get_by_role("link", name=name, exact=True).click()
    drawer = page.get_by_role("dialog", name=name)
    expect(drawer).to_be_visible()
    return drawer


def fill_key(drawer: Locator, site: Any, key: str = "sk-typed-in-the-browser") -> None:
    drawer.get_by_label("API key", exact=True).fill(key)
    drawer.locator("#credentials").get_by_label("Base URL").fill(f"{site.vendor.url}/v1")


def test_a_key_is_checked_and_saved(page: Page, site: Any, owner: Any, accepting: VendorDouble) -> None:
    drawer = open_drawer(page, "OpenAI")
    fill_key(drawer, site)
    drawer.get_by_label("Name").fill("production")
    drawer.get_by_role("button", name="Check and save").click()
    expect(drawer.locator("strong", has_text="production")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Saved. The vendor accepts it.")
    assert accepting.last.headers["authorization"] == "Bearer sk-typed-in-the-browser"
    assert "sk-typed" not in page.content()
    page.keyboard.press("Escape")
    expect(page.locator("#card-openai")).to_contain_text("1 credential")
    (saved,) = site.run(site.host.tenancy.credentials.list(owner.caller))
    assert (saved.name, saved.status) == ("production", "valid")


def test_the_field_at_fault_is_marked_and_nothing_typed_is_lost(page: Page, site: Any, vendor: VendorDouble) -> None:
    vendor.on("GET", "/models", REFUSAL)
    drawer = open_drawer(page, "OpenAI")
    drawer.get_by_role("button", name="Check and save").click()
    key = drawer.get_by_label("API key", exact=True)
    expect(key).to_be_focused()
    expect(key).to_have_attribute("aria-invalid", "true")
    expect(drawer).to_contain_text("is required")
    fill_key(drawer, site)
    drawer.get_by_role("button", name="Check and save").click()
    expect(drawer).to_contain_text("Incorrect API key provided")
    expect(key).to_have_attribute("aria-invalid", "true")
    expect(key).to_have_value("sk-typed-in-the-browser")


def test_a_vendor_that_cannot_be_reached_can_be_saved_all_the_same(page: Page, site: Any, vendor: VendorDouble) -> None:
    vendor.on("GET", "/models", Answer.json({"error": {"message": "overloaded"}}, status=503))
    drawer = open_drawer(page, "OpenAI")
    fill_key(drawer, site)
    anyway = drawer.locator("#credentials").get_by_label("Save it all the same")
    expect(anyway).to_be_hidden()
    drawer.get_by_role("button", name="Check and save").click()
    anyway.check()
    drawer.get_by_role("button", name="Check and save").click()
    expect(drawer).to_contain_text("Not checked")


def test_a_saved_key_is_changed_checked_switched_off_and_removed(
    page: Page, site: Any, owner: Any, accepting: VendorDouble
) -> None:
    add(site, owner, "spare")
    drawer = open_drawer(page, "OpenAI")
    drawer.get_by_role("button", name="Edit spare").click()
    saved = drawer.locator("#credentials .item")
    saved.get_by_label("Name").fill("second")
    saved.get_by_label("Weight").fill("5")
    saved.get_by_role("button", name="Check and save").click()
    expect(drawer.get_by_text("weight 5")).to_be_visible()
    assert len(accepting.requests) == 1, "only the name was changed: the vendor need not be asked"

    accepting.on("GET", "/models", REFUSAL)
    drawer.get_by_role("button", name="Check second").click()
    expect(drawer.get_by_text("Refused by the vendor")).to_be_visible()
    drawer.get_by_role("button", name="Edit second").click()
    saved.get_by_label("Weight").fill("6")
    saved.get_by_role("button", name="Check and save").click()
    expect(page.get_by_role("status").get_by_text("Saved.", exact=True)).to_be_visible()  # and not that the vendor accepts it
    expect(drawer.get_by_role("button", name="Edit second")).to_be_focused()
    drawer.get_by_role("button", name="Switch off second").click()
    expect(drawer.get_by_role("button", name="Switch on")).to_be_visible()
    drawer.get_by_role("button", name="Remove second").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    drawer.get_by_role("button", name="Remove second").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    expect(drawer.get_by_text("second", exact=True)).to_be_hidden()
    assert site.run(site.host.tenancy.credentials.list(owner.caller)) == []


def test_how_a_credential_fares_is_told_as_all_replicas_saw_it(
    page: Page, site: Any, owner: Any, accepting: VendorDouble
) -> None:
    add(site, owner, "production")
    (saved,) = site.run(site.host.tenancy.credentials.list(owner.caller))
    later = [now() + timedelta(hours=number) for number in (1, 2, 3)]
    noted = Condition(later[0], later[1], "The vendor is busy.", later[2])
    site.run(site.host.tenancy.conditions.note({saved.id: noted}))  # by another replica: this one had no call
    drawer = open_drawer(page, "OpenAI")
    item = drawer.locator("#credentials .item")
    expect(item).to_contain_text("Resting")
    expect(item).to_contain_text("The vendor is busy.")
    for words, moment in zip(("last success", "last failure", "rests until"), later, strict=True):
        expect(item.get_by_role("listitem").filter(has_text=words).locator("time")).to_have_attribute(
            "datetime", moment.isoformat()
        )
    expect(item.get_by_role("listitem").filter(has_text="checked")).to_be_visible()
    drawer.get_by_role("button", name="Check production").click()  # the vendor takes it: what was seen before no longer counts
    expect(item).not_to_contain_text("Resting")
    expect(item.get_by_role("listitem")).to_have_count(1)


def test_models_are_searched_and_switched(page: Page, site: Any, owner: Any) -> None:
    drawer = open_drawer(page, "OpenAI")
    drawer.get_by_label("Search models").fill("omni moderation")
    models = drawer.locator("#model-list > li:visible")
    expect(models.first).to_contain_text("omni-moderation-latest")
    before = models.count()
    drawer.get_by_role("switch", name="Use omni-moderation-latest").click()
    expect(page.get_by_role("status")).to_contain_text("omni-moderation-latest is switched off.")
    view = site.run(site.host.tenancy.views.get(owner.caller.workspace_id))
    assert ("openai", "omni-moderation-latest", ModelType.MODERATION) in view.switched_off
    assert before < 5
    drawer.get_by_label("Search models").fill("nothing like it")
    expect(drawer.get_by_text("No model fits.")).to_be_visible()


def test_a_model_is_added_to_a_server_of_ones_own(page: Page, site: Any, owner: Any, accepting: VendorDouble) -> None:
    accepting.on("GET", "/models", Answer.json({"object": "list", "data": [{"id": "qwen3-8b", "object": "model"}]}))
    accepting.on(
        "POST", "/chat/completions", Answer.json({"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]})
    )
    drawer = open_drawer(page, "OpenAI-compatible server")
    drawer.get_by_role("button", name="Ask the vendor").click()
    expect(drawer.get_by_label("Base URL")).to_have_attribute("aria-invalid", "true")
    drawer.get_by_label("Base URL").fill(f"{site.vendor.url}/v1")
    drawer.get_by_role("button", name="Ask the vendor").click()
    expect(page.get_by_role("status")).to_contain_text("The vendor offers one model")
    expect(drawer.locator("#live-models option")).to_have_attribute("value", "qwen3-8b")
    drawer.get_by_label("Model", exact=True).fill("qwen3-8b")
    drawer.get_by_role("button", name="Check and add").click()
    expect(drawer.get_by_role("switch", name="Use qwen3-8b")).to_be_visible()
    usable = site.run(site.host.models.usable(owner.caller))
    assert "openai_compatible/qwen3-8b" in [model.name for model in usable]
    drawer.get_by_role("button", name="Remove qwen3-8b", exact=True).first.click()
    page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    expect(drawer.get_by_role("switch", name="Use qwen3-8b")).to_be_hidden()


def test_cards_are_searched_and_filtered(page: Page) -> None:
    page.goto("/console/providers")
    visible = page.locator("#cards > li:visible")
    page.get_by_label("State").select_option("Ready")
    expect(visible).to_have_count(1)
    expect(visible).to_contain_text("no key needed")
    page.get_by_label("State").select_option("All states")
    page.get_by_label("Search providers").fill("claude")
    expect(visible).to_have_count(1)
    page.get_by_label("Model type").select_option("Embedding")
    expect(page.get_by_text("No provider fits.")).to_be_visible()


def test_a_member_looks_and_does_not_touch(
    new_page: Callable[..., Page], new_person: Callable[..., Any], owner: Any, site: Any, accepting: VendorDouble
) -> None:
    add(site, owner, "production")
    page = new_page(new_person(Role.MEMBER, owner.caller.workspace_id))
    drawer = open_drawer(page, "OpenAI")
    expect(drawer.get_by_text("production")).to_be_visible()
    expect(drawer.get_by_role("button", name="Remove production")).to_have_count(0)
    expect(drawer.get_by_role("switch")).to_have_count(0)
    refused = page.evaluate(
        "() => fetch('/console/providers/openai/preference', {method: 'POST', headers: {'HX-Request': 'true',"
        " 'X-CSRF-Token': JSON.parse(document.body.getAttribute('hx-headers'))['X-CSRF-Token']}}).then((r) => r.status)"
    )
    assert refused == 403


def add(site: Any, owner: Any, name: str) -> None:
    site.run(site.host.vendors.add(owner.caller, "openai", NewCredential(values=site.values, name=name)))


@pytest.fixture
def lending(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator lends OpenAI's older models: 200 calls for each workspace."""
    trial = Trial("openai-trial", "openai", ("gpt-3.5-turbo", "gpt-3.5-turbo-16k"), quota=200)
    monkeypatch.setattr(site.host.tenancy.trials, "offered", (trial,))


def test_a_trial_is_shown_with_what_is_left(page: Page, site: Any, owner: Any, accepting: VendorDouble, lending: None) -> None:
    trials = site.host.tenancy.trials
    for _ in range(3):
        site.run(trials.reserve(owner.caller.workspace_id, trials.offered[0], "gpt-3.5-turbo"))
    page.goto("/console/providers")
    expect(page.locator("#card-openai")).to_contain_text("197 of 200 calls left")
    drawer = open_drawer(page, "OpenAI")
    expect(drawer.get_by_label("What is left of the trial")).to_have_js_property("value", 197)
    fill_key(drawer, site)
    drawer.get_by_role("button", name="Check and save").click()
    expect(page.locator("#card-openai")).to_contain_text("1 credential")
    with page.expect_response("**/preference"):
        drawer.get_by_text("Trial first").click()
    preference = site.run(site.host.tenancy.views.get(owner.caller.workspace_id)).preference("openai")
    assert (preference.hosted_first, preference.take_over) == (True, True)


def test_a_broken_plugin_is_shown_with_its_cause(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    quarantine = Quarantine(
        kind=Cause.IMPORT,
        cause="It raises when it is imported: ModuleNotFoundError: No module named 'acme'.",
        advice="Install what it needs, or tell its author.",
        traceback="Traceback (most recent call last): <b>here</b>",
    )
    broken = PluginRecord(name="acme", distribution="jackfield-acme", version="1.0", quarantined=quarantine)
    monkeypatch.setattr(Kernel, "plugins", property(lambda _: (broken,)))
    page.goto("/console/providers")
    page.get_by_label("State").select_option("Quarantined")
    card = page.locator("#cards > li:visible")
    expect(card).to_contain_text("No module named 'acme'")
    card.get_by_role("link", name="jackfield-acme").click()
    expect(page.get_by_text("Install what it needs, or tell its author.")).to_be_visible()
    page.get_by_text("Traceback").first.click()
    expect(page.get_by_text("<b>here</b>")).to_be_visible()
