"""First run, sign-in, sign-out, and a session that ends while somebody types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from Crypto.PublicKey import RSA
from hosting import Running, open_host
from jackfield import console
from jackfield.contract import ModelType
from jackfield.host import NewCredential, Settings
from jackfield.host.settings import LogSettings, ServerSettings
from jackfield.tenancy import operator
from jackfield_sdk.testing import Answer
from playwright.sync_api import Page, expect


@pytest.fixture
def fresh(running: Running, rsa_key: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A host that nobody owns."""
    made = Settings(data_dir=tmp_path, server=ServerSettings(port=0), log=LogSettings(format="json"))
    with monkeypatch.context() as patch:
        patch.setattr(RSA, "generate", lambda _bits: rsa_key)
        serving = open_host(running, made, console.routes)
    serving.host.tenancy.people._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    yield serving
    serving.close()


def test_the_first_run_leads_to_the_start_page(fresh: Any, running: Running, new_page: Callable[..., Page]) -> None:
    token = fresh.host.setup_token
    stranger = new_page(url=fresh.url)
    stranger.goto("/")
    stranger.get_by_role("link", name="Set it up").click()
    stranger.get_by_label("First API key").fill("jf-nothing")
    stranger.get_by_label("E-mail").fill("mallory@team.example")
    stranger.get_by_label("Password").fill("long enough for all")
    stranger.get_by_role("button", name="Become the owner").click()
    expect(stranger.get_by_role("alert")).to_contain_text("neither the set-up address nor the first API key")
    expect(stranger.get_by_label("E-mail")).to_have_value("mallory@team.example")

    page = new_page(url=fresh.url)
    page.goto(f"/console/setup?token={token}")
    page.get_by_label("E-mail").fill("Ada@Team.example")
    page.get_by_label("Password").fill("long enough for all")
    page.get_by_role("button", name="Become the owner").click()
    expect(page.get_by_role("heading", name="Start", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="ada@team.example")).to_be_visible()

    # It is the only workspace of the host, which keeps it.
    page.goto("/console/members")
    page.get_by_role("button", name="Remove this workspace").click()
    page.get_by_label("Its name, typed again").fill("default")
    page.get_by_role("button", name="Remove the workspace").click()
    expect(page.get_by_role("alert")).to_have_text(
        "This is the only workspace of the host, which keeps one. Make another one first."
    )

    # The address has done its work, and so has the key.
    stranger.goto(f"/console/setup?token={token}")
    expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()
    stranger.get_by_label("E-mail").fill("ada@team.example")
    stranger.get_by_label("Password").fill("not the password")
    stranger.get_by_role("button", name="Sign in").click()
    expect(stranger.get_by_role("alert")).to_contain_text("E-mail or password is wrong.")
    expect(stranger.get_by_label("E-mail")).to_have_value("ada@team.example")


def test_the_first_key_makes_the_owner_and_a_later_one_does_not(
    fresh: Any, running: Running, new_page: Callable[..., Page]
) -> None:
    later, _ = running.run(fresh.host.tenancy.keys.create(operator(fresh.host.first_run.workspace.id), "an app"))
    page = new_page(url=fresh.url)
    for key, heading in ((later, "Set up this host"), (fresh.host.first_run.api_key, "Start")):
        page.goto("/console/setup")
        page.get_by_label("First API key").fill(key)
        page.get_by_label("E-mail").fill("ada@team.example")
        page.get_by_label("Password").fill("long enough for all")
        page.get_by_role("button", name="Become the owner").click()
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()


def test_signing_in_leads_to_what_was_asked_for_and_out_again(visitor: Page, owner: Any) -> None:
    visitor.goto("/console/?from=bookmark")
    expect(visitor.get_by_role("heading", name="Sign in")).to_be_visible()
    visitor.get_by_label("E-mail").fill(owner.email)
    visitor.get_by_label("Password").fill(owner.password)
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("heading", name="Start", exact=True)).to_be_visible()
    assert visitor.url.endswith("/console/?from=bookmark")
    visitor.get_by_role("button", name="Sign out").click()
    expect(visitor.get_by_role("heading", name="Sign in")).to_be_visible()
    visitor.goto("/console/")
    expect(visitor.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_language_is_the_browsers_until_one_is_chosen(new_page: Callable[..., Page], owner: Any) -> None:
    page = new_page(owner, locale="zh-CN")
    page.goto("/console/")
    expect(page.get_by_role("heading", name="开始", exact=True)).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Start", exact=True)).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "en"


def test_code_to_copy_is_found_with_the_keyboard(page: Page, site: Any) -> None:
    page.goto("/console/")
    page.get_by_role("tab", name="curl").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Python")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Python")).to_contain_text(f'base_url="{site.url}/v1"')
    page.get_by_role("tab", name="JavaScript").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("process.env.JACKFIELD_API_KEY")


def test_the_checklist_follows_what_is_done(page: Page, site: Any, owner: Any, vendor: Any) -> None:
    page.goto("/console/")
    expect(page.get_by_role("listitem").filter(has_text="(done)")).to_have_count(0)
    vendor.on("GET", "/models", Answer.json({"data": []}))
    site.run(site.host.vendors.add(owner.caller, "openai", NewCredential(values=site.values)))
    site.run(site.host.tenancy.choices.set_default(owner.caller, ModelType.LLM, "local/smollm2"))
    for name in ("first", "second"):
        site.run(site.host.tenancy.keys.create(owner.caller, name))
    page.reload()
    expect(page.get_by_role("listitem").filter(has_text="(done)")).to_have_count(3)
    expect(page.get_by_role("tabpanel")).to_contain_text('"model": "default"')
    page.get_by_role("link", name="Show the snippets").click()
    assert page.url.endswith("#first-call")
