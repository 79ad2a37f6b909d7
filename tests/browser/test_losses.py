"""A lost connection, an ended session, a page drawn anew in part: nothing typed is lost, the keyboard stays where it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from jackfield.tenancy import Role
from jackfield_sdk.testing import Answer
from playwright.sync_api import Locator, Page, expect


@dataclass(frozen=True)
class Form:
    """:param opens: the button or link that leads to it
    :param says: what is told when it went through
    """

    path: str
    where: str
    typed: dict[str, str]
    sends: str
    says: str
    opens: str | None = None

    def fill(self, page: Page, **values: str) -> Locator:
        page.goto(self.path)
        if self.opens is not None:
            page.locator(self.opens).click()
        form = page.locator(self.where)
        for label, value in {**self.typed, **values}.items():
            form.get_by_label(label, exact=True).fill(value)
        return form


FORMS = [
    pytest.param(
        Form(
            "/console/providers/openai",
            "#credentials form",
            {"API key": "sk-typed"},
            "Check and save",
            "The vendor accepts it.",
        ),
        id="in a drawer",
    ),
    pytest.param(
        Form("/console/defaults", "dialog", {"Name": "quick"}, "Save", "Saved.", opens="button:has-text('New alias')"),
        id="in a dialog",
    ),
    pytest.param(
        Form("/console/members", "form[hx-post$=workspace]", {"Name of the workspace": "Research"}, "Save", "Saved."),
        id="on a page",
    ),
]


@pytest.mark.parametrize("form", FORMS)
def test_nothing_typed_is_lost(page: Page, site: Any, owner: Any, vendor: Any, form: Form) -> None:
    vendor.on("GET", "/models", Answer.json({"data": []}))
    place = form.fill(page, **({"Base URL": site.values["base_url"]} if "openai" in form.path else {}))
    if form.opens is not None:
        place.get_by_label("Model", exact=True).select_option("local/smollm2")
    send = place.get_by_role("button", name=form.sends)

    page.context.set_offline(True)
    send.click()
    expect(page.get_by_text("The host was not reached.")).to_be_visible()
    page.context.set_offline(False)

    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "jackfield_session")
    site.run(site.host.tenancy.people.sign_out(token))
    send.click()
    again = page.get_by_role("dialog", name="Your session has ended")
    again.get_by_label("E-mail").fill(owner.email)
    if form.path.endswith("/openai"):  # once is enough: too many from one address are refused
        again.get_by_label("Password").fill("wrong")
        again.get_by_role("button", name="Sign in").click()
        expect(again).to_contain_text("E-mail or password is wrong.")
    again.get_by_label("Password").fill(owner.password)
    again.get_by_role("button", name="Sign in").click()
    expect(again).to_be_hidden()
    expect(send).to_be_focused()
    for label, value in form.typed.items():
        expect(place.get_by_label(label, exact=True)).to_have_value(value)
    send.click()
    expect(page.get_by_role("status")).to_contain_text(form.says)


def test_the_keyboard_stays_where_it_was(page: Page, site: Any, owner: Any) -> None:
    for name in ("first", "second"):
        site.run(site.host.tenancy.keys.create(owner.caller, name))
    page.goto("/console/keys")
    edit = page.get_by_role("button", name="Edit first")
    edit.focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_label("Requests a minute").fill("90")
    page.keyboard.press("Enter")
    expect(page.get_by_text("90 requests")).to_be_visible()  # the list was drawn anew
    expect(edit).to_be_focused()
    page.get_by_role("button", name="Revoke first").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Revoke").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 key that no longer works")).to_be_visible()
    expect(page.locator("#keys")).to_be_focused()  # its line is gone: the list has the focus, not the page's top

    person = site.run(
        site.host.tenancy.people.add_member(owner.caller, f"b-{owner.email}", Role.MEMBER, password=owner.password)
    )
    page.goto("/console/members")
    role = page.get_by_label(f"Role of {person.email}")
    role.focus()
    with page.expect_response("**/role"):
        role.select_option("Admin")
    expect(role).to_be_focused()
    expect(role).to_have_value("admin")
