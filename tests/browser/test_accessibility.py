"""Every page, in both languages and themes, on a phone and a wide screen: axe finds nothing serious, nothing overflows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from jackfield.console.pages import all_pages
from jackfield.contract import ModelType
from jackfield.host import NewCredential
from jackfield_sdk.testing import Answer
from playwright.sync_api import Page

MENU = sorted(item.path for pages in all_pages() for item in pages.items)
OTHERS = ["/account", "/providers/openai", "/providers/local", "/nowhere"]
DIALOGS = ["/keys/new", "/keys/budget", "/members/new", "/defaults/alias"]
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def furnished(site: Any, owner: Any, vendor: Any) -> None:
    """Something to be seen on each page."""
    vendor.on("GET", "/models", Answer.json({"data": [{"id": "gpt-4o-mini", "object": "model"}]}))
    host, caller = site.host, owner.caller
    for name in ("production", "spare"):
        site.run(host.vendors.add(caller, "openai", NewCredential(values=site.values, name=name)))
    site.run(host.tenancy.choices.set_alias(caller, "quick", ("local/smollm2", "openai/gpt-4o-mini")))
    site.run(host.tenancy.choices.set_default(caller, ModelType.LLM, "quick"))
    site.run(host.tenancy.keys.create(caller, "a-name-" + "without-an-end-" * 8))


def problems(page: Page, *rules: str) -> list[str]:
    """What axe finds that keeps somebody out (serious or critical), by these rules or all of WCAG 2.2, level AA."""
    chosen = {"runOnly": list(rules or ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"))}
    rest_of_a_long_list = {"exclude": [["#model-list > li:nth-child(n+5)"]]}
    found = (
        Axe().run(page, context=rest_of_a_long_list, options={"resultTypes": ["violations"], **chosen}).response["violations"]
    )
    return [
        f"{page.url}: {each['id']} {[node['html'][:120] for node in each['nodes'][:3]]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(("locale", "theme"), [("en-GB", "light"), ("zh-CN", "dark")])
def test_nothing_keeps_anybody_out(new_page: Callable[..., Page], owner: Any, furnished: None, locale: str, theme: Any) -> None:
    page = new_page(owner, locale=locale, color_scheme=theme)
    rules = () if theme == "light" else ("color-contrast", "label", "button-name", "link-name")  # what words and colours change
    found: list[str] = []
    for path in [*MENU, *OTHERS]:
        answer = page.goto(f"/console{path}")
        assert answer
        assert answer.status == (404 if path == "/nowhere" else 200)
        found += problems(page, *rules)
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{path} is wider than a phone")
        page.set_viewport_size({"width": 1280, "height": 900})
        if locale == "zh-CN":
            heading = page.locator("h1").first.inner_text()
            assert any("一" <= letter <= "鿿" for letter in heading), f"{path}: {heading}"
    page.goto("/console/keys")
    for path in DIALOGS:
        page.evaluate("(path) => htmx.ajax('GET', path, '#drawer')", f"/console{path}")
        page.locator("dialog[open]").wait_for()
        found += problems(page, *rules)
        page.keyboard.press("Escape")
    assert not found


def test_signing_in_keeps_nobody_out(new_page: Callable[..., Page]) -> None:
    page = new_page(color_scheme="dark")
    page.goto("/console/sign-in")
    found = problems(page)
    page.emulate_media(color_scheme="light")
    assert not found + problems(page)
    page.evaluate("document.querySelector('main').append(new Image(20, 20))")
    assert len(problems(page)) == 1, "what has no text is found"
    page.evaluate("document.querySelector('h1').style.color = '#eee'")
    assert len(problems(page, "color-contrast")) == 1, "what cannot be read is found"


def test_everything_is_reached_with_the_keyboard(page: Page) -> None:
    page.goto("/console/providers")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.get_by_role("link", name="OpenAI", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="OpenAI").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("Boolean(document.activeElement.closest('dialog'))")
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="OpenAI").wait_for(state="detached")
    assert page.evaluate("document.activeElement.textContent") == "OpenAI"


def test_a_page_loads_under_100_kb_of_script(page: Page, site: Any) -> None:
    sizes: dict[str, int] = {}
    page.on(
        "response",
        lambda answer: (
            sizes.__setitem__(answer.url, answer.request.sizes()["responseBodySize"]) if answer.url.endswith(".js") else None
        ),
    )
    page.goto("/console/providers", wait_until="networkidle")
    assert sizes
    assert all(url.startswith(site.url) for url in sizes)
    assert sum(sizes.values()) < 100 * 1024
