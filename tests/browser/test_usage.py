"""Usage: plots, filters, single calls, CSV, and what is left of a trial."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from Crypto.PublicKey import RSA
from hosting import Running, open_host
from jackfield import console
from jackfield.console.pages.usage import GROUPINGS, MEASURES
from jackfield.contract import EmbeddingRequest, JackfieldError
from jackfield.host import Settings
from jackfield.host.settings import LogSettings, ServerSettings, TrialSettings
from jackfield.tenancy import Role, operator
from playwright.sync_api import Page, expect

PASSWORD = "correct horse battery"


def call(site: Any, caller: Any, *, times: int = 1, model: str = "local/wordllama") -> None:
    """Calls that stand in the ledger when this returns."""

    async def make() -> None:
        for _ in range(times):
            try:
                await site.host.calls.embedding(caller, EmbeddingRequest(model=model, inputs=["a river"]))
            except JackfieldError:
                continue
        await site.host.tenancy.ledger.flush()

    site.run(make())


def test_calls_are_shown_by_day_model_and_person(page: Page, site: Any, owner: Any) -> None:
    page.goto("/console/usage")
    expect(page.get_by_text("No calls in these days.")).to_be_visible()
    call(site, owner.caller, times=52)
    page.reload()
    expect(page.get_by_role("img", name="Calls by day")).to_be_visible()
    groups, single = page.get_by_role("table").all()
    expect(groups.get_by_role("row").filter(has_text="local/wordllama")).to_contain_text("52")
    calls = single.get_by_role("row")
    expect(calls).to_have_count(51)  # a page of 50, and the head
    expect(calls.nth(1)).to_contain_text(owner.email)
    page.get_by_role("link", name="Older calls").click()
    expect(calls).to_have_count(3)
    page.get_by_role("link", name="Tokens", exact=True).click()
    expect(page.get_by_role("img", name="Tokens by day")).to_be_visible()
    page.get_by_role("link", name="API key", exact=True).click()
    expect(page.get_by_role("table").first).to_contain_text("Console and command line")


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_every_measure_is_drawn_for_days_with_calls_and_without(site: Any, owner: Any, measure: str) -> None:
    call(site, owner.caller)
    token = site.run(site.host.tenancy.people.sign_in(owner.email, owner.password))
    with httpx.Client(base_url=site.url, cookies={"jackfield_session": token}) as client:
        for by in GROUPINGS:
            answer = client.get(f"/console/usage?measure={measure}&by={by}")
            assert answer.status_code == 200, by
            assert answer.text.count("<rect") > 30, by


def test_filters_narrow_the_page_and_the_csv(page: Page, site: Any, owner: Any, new_person: Callable[..., Any]) -> None:
    call(site, owner.caller, times=2)
    call(site, new_person().caller)  # another workspace's
    page.goto("/console/usage")
    page.get_by_label("Provider or model").fill("wordllama")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("table").last.get_by_role("row")).to_have_count(3)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Export as CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text())))
    assert [row["model"] for row in rows] == ["wordllama", "wordllama"]
    page.get_by_label("Provider or model").fill("whisper")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No calls in these days.")).to_be_visible()
    page.goto("/console/usage?since=2026-02-30")
    expect(page.get_by_role("main")).to_contain_text("This is not a day.")
    page.goto("/console/usage?since=2026-02-02&until=2026-02-01")
    expect(page.get_by_role("main")).to_contain_text("The first day is after the last.")


def test_a_spent_trial_says_how_to_go_on(
    running: Running, rsa_key: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_page: Callable[..., Page]
) -> None:
    lent = {"provider": "openai", "models": ["gpt-3.5-turbo"], "quota": 2, "credentials": {"api_key": "sk-operator"}}
    trial = TrialSettings.model_validate(lent)
    made = Settings(data_dir=tmp_path, server=ServerSettings(port=0), log=LogSettings(format="json"), trials=(trial,))
    with monkeypatch.context() as patch:
        patch.setattr(RSA, "generate", lambda _bits: rsa_key)
        serving = open_host(running, made, console.routes)
    tenancy, workspace = serving.host.tenancy, serving.host.first_run.workspace.id  # type: ignore[union-attr]

    async def furnish() -> str:
        await tenancy.people.add_member(operator(workspace), "ada@team.example", Role.OWNER, password=PASSWORD)
        await tenancy.trials.reserve(workspace, tenancy.trials.offered[0], "gpt-3.5-turbo")
        return await tenancy.people.sign_in("ada@team.example", PASSWORD)

    page = new_page(url=serving.url)
    page.context.add_cookies([{"name": "jackfield_session", "value": running.run(furnish()), "url": serving.url}])
    page.goto("/console/usage")
    expect(page.get_by_text("1 of 2 left")).to_be_visible()
    running.run(tenancy.trials.reserve(workspace, tenancy.trials.offered[0], "gpt-3.5-turbo"))
    page.reload()
    expect(page.get_by_text("The trial is spent. Add a key of your own")).to_be_visible()
    serving.close()
