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
DIALOGS = ["/keys/new", "/keys/budget", "/members/new", "/members/workspace/removal", "/defaults/alias"]
PHONE, WIDE = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
REST_OF_LONG_LISTS = [
    ["#model-list > li:nth-child(n+5)"],
    ["#cards > li:nth-child(n+7)"],
    [".page > .list > li:nth-child(n+5)"],
    ["tbody > tr:nth-child(n+5)"],
]
"""Their lines come from one template: a few stand for all."""
AXE = Axe().axe_script


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
    options = {"resultTypes": ["violations"], "runOnly": list(rules or WCAG)}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    seen = [] if page.url.endswith("/console/") else [[".sidebar"]]  # the menu is that of the start page
    context = {"exclude": REST_OF_LONG_LISTS + seen}
    found = page.evaluate("([context, options]) => axe.run(context, options)", [context, options])
    return [
        f"{page.url}: {each['id']} {[node['html'][:120] for node in each['nodes'][:3]]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]


def fits(page: Page) -> list[str]:
    """Whether a phone's reader must scroll sideways; what is shown in code's own box may be longer."""
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    wide = page.evaluate(
        "() => [document.documentElement, ...document.querySelectorAll('.table-wrap, dialog[open], dialog[open] *:not(pre)')]"
        ".filter((each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX !== 'visible'"
        " && !each.matches('input, select, textarea, .visually-hidden')).map((each) => each.tagName + '.' + each.className)"
    )
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wide.append("the page")
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    return [f"{page.url}: {each} is wider than a phone" for each in wide]


@pytest.mark.parametrize("paths", [[*MENU, *OTHERS][::2], [*MENU, *OTHERS][1::2]], ids=["one half", "other half"])
def test_no_page_keeps_anybody_out(new_page: Callable[..., Page], owner: Any, furnished: None, paths: list[str]) -> None:
    """One visit for both themes: only colours differ. Another in Chinese: only the words' lengths differ."""
    page, chinese = new_page(owner, color_scheme="light"), new_page(owner, locale="zh-CN")
    found: list[str] = []
    for path in paths:
        answer = page.goto(f"/console{path}")
        assert answer
        assert answer.status == (404 if path == "/nowhere" else 200)
        found += problems(page) + fits(page)
        page.emulate_media(color_scheme="dark")
        found += problems(page, "color-contrast")
        page.emulate_media(color_scheme="light")
        chinese.goto(f"/console{path}")
        found += fits(chinese)
        heading = chinese.locator("h1").first.inner_text()
        assert any("一" <= letter <= "鿿" for letter in heading), f"{path}: {heading}"
    assert not found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_dialog_keeps_anybody_out(new_page: Callable[..., Page], owner: Any, furnished: None, theme: Any) -> None:
    page = new_page(owner, color_scheme=theme, locale="zh-CN" if theme == "dark" else "en-GB")
    page.goto("/console/keys")
    found: list[str] = []
    for path in DIALOGS:
        page.evaluate("(path) => htmx.ajax('GET', path, '#drawer')", f"/console{path}")
        page.locator("dialog[open]").wait_for()
        found += problems(page, *(("color-contrast",) if theme == "dark" else ())) + fits(page)
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
    page.goto("/console/playground", wait_until="networkidle")
    assert len(sizes) > 8, "the page with the most"
    assert all(url.startswith(site.url) for url in sizes)
    assert sum(sizes.values()) < 100 * 1024
