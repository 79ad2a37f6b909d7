"""Attempts on the console: forged requests, planted sessions, frames, scripts in names, redirects elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jackfield.console.pages import all_pages
from jackfield.contract import HostFault, ModelType
from jackfield.host import NewCredential
from jackfield_sdk.testing import Answer
from playwright.sync_api import Page, expect

SCRIPT = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


@pytest.fixture
def client(site: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url) as found:
        yield found


@pytest.fixture
def session(site: Any, owner: Any, client: httpx.Client) -> str:
    """The client is signed in."""
    token = str(site.run(site.host.tenancy.people.sign_in(owner.email, owner.password)))
    client.cookies.set("jackfield_session", token)
    return token


def csrf_of(client: httpx.Client, path: str = "/console/account") -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, {}),
        ({"x-csrf-token": "guessed"}, {}),
        ({}, {"csrf_token": "guessed"}),
        ({"sec-fetch-site": "cross-site", "x-csrf-token": "RIGHT"}, {}),
        ({"sec-fetch-site": "same-site", "x-csrf-token": "RIGHT"}, {}),
    ],
)
def test_a_forged_request_changes_nothing(
    client: httpx.Client, session: str, site: Any, owner: Any, headers: dict[str, str], body: dict[str, str]
) -> None:
    right = csrf_of(client)
    headers = {name: right if value == "RIGHT" else value for name, value in headers.items()}
    answer = client.post("/console/keys", headers=headers, data={"name": "forged", **body})
    assert answer.status_code == 403
    assert site.run(site.host.tenancy.keys.list(owner.caller)) == []


def test_the_token_of_another_session_is_worth_nothing(client: httpx.Client, session: str, site: Any, owner: Any) -> None:
    token = csrf_of(client)
    client.cookies.set("jackfield_session", site.run(site.host.tenancy.people.sign_in(owner.email, owner.password)))
    assert client.post("/console/keys", headers={"x-csrf-token": token}, data={"name": "x"}).status_code == 403
    assert client.post("/console/sign-in", data={"email": owner.email, "password": owner.password}).status_code == 403


def test_every_change_asks_for_the_token(client: httpx.Client, session: str) -> None:
    posts = [endpoint.path for pages in all_pages() for endpoint in pages.endpoints if endpoint.method == "POST"]
    assert len(posts) > 15
    for path in posts:
        assert client.post("/console" + re.sub(r"\{\w+\}", "x", path)).status_code == 403, path


def test_every_page_asks_who_is_there(client: httpx.Client) -> None:
    for pages in all_pages():
        for endpoint in pages.endpoints:
            if not endpoint.public:
                answer = client.request(endpoint.method, "/console" + re.sub(r"\{\w+\}", "x", endpoint.path))
                assert answer.status_code == 303, endpoint
                assert answer.headers["location"].startswith("/console/sign-in"), endpoint


def test_a_planted_session_is_not_taken_over(client: httpx.Client, site: Any, owner: Any) -> None:
    client.cookies.set("jackfield_session", "planted-by-somebody-else-0000000000000000000")
    token = csrf_of(client, "/console/sign-in")
    answer = client.post(
        "/console/sign-in", data={"csrf_token": token, "email": owner.email, "password": owner.password, "next": ""}
    )
    assert answer.status_code == 303
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("jackfield_session="))
    assert "planted" not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_a_session_over_https_is_bound_to_the_host(client: httpx.Client, site: Any, owner: Any) -> None:
    https = {"x-forwarded-proto": "https"}
    page = client.get("/console/sign-in", headers=https)
    visitor = page.headers["set-cookie"]
    assert visitor.startswith("__Host-jackfield_visitor=")
    assert "Secure" in visitor
    assert "Path=/;" in visitor
    assert "domain" not in visitor.lower()


def test_signing_in_anew_ends_the_session_before(client: httpx.Client, session: str, site: Any, owner: Any) -> None:
    token = csrf_of(client)
    client.post("/console/sign-in", data={"csrf_token": token, "email": owner.email, "password": owner.password})
    client.cookies.delete("jackfield_session")
    client.cookies.set("jackfield_session", session)
    assert client.get("/console/account").status_code == 303


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/", "/console/providers", "/console/nowhere"])
def test_no_page_can_be_framed_or_run_what_is_not_ours(client: httpx.Client, session: str, path: str) -> None:
    answer = client.get(path)
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers.get("cache-control") == "no-store" or answer.status_code == 303
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|javascript:", answer.text)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/console//evil.example",
        "javascript:alert(1)",
        "/v1",
        "/console/../x",
    ],
)
def test_nobody_is_sent_elsewhere(client: httpx.Client, owner: Any, target: str) -> None:
    token = csrf_of(client, "/console/sign-in")
    form = {"csrf_token": token, "email": owner.email, "password": owner.password, "next": target}
    assert client.post("/console/sign-in", data=form).headers["location"] == "/console/"


def test_a_name_is_never_a_script(page: Page, site: Any, owner: Any, vendor: Any) -> None:
    vendor.on("GET", "/models", Answer.json({"data": []}))
    host, caller = site.host, owner.caller
    site.run(host.vendors.add(caller, "openai", NewCredential(values=site.values, name=SCRIPT)))
    site.run(host.tenancy.keys.create(caller, SCRIPT))
    site.run(host.tenancy.choices.set_default(caller, ModelType.LLM, f"openai/{SCRIPT}"))
    site.run(host.tenancy.workspaces.rename(caller, SCRIPT))
    for path in ("/providers/openai", "/keys", "/defaults", "/members", "/audit", "/"):
        page.goto(f"/console{path}")
        assert page.title() != "owned", path
        assert page.locator("script:not([src]), img[onerror]").count() == 0, path
    page.goto("/console/keys")
    page.get_by_role("button", name=re.compile("^Revoke")).click()
    expect(page.get_by_role("dialog")).to_contain_text("<script>")
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("status")).to_contain_text("<script>")
    assert page.title() != "owned"


def test_an_icon_can_do_nothing_but_be_looked_at(client: httpx.Client) -> None:
    answer = client.get("/console/icons/openai")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert client.get("/console/icons/nobody").status_code == 404


def test_files_are_ours_alone_and_kept_for_good(client: httpx.Client) -> None:
    address = re.search(r'href="(/console/static/[^"]+console.css)"', client.get("/console/sign-in").text)
    assert address
    answer = client.get(address[1])
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert client.get(address[1].rpartition("/")[0] + "/..%2f..%2fapp.py").status_code == 404
    assert client.get("/console/static/old/console.css").headers["cache-control"] == "no-cache"


def test_a_form_that_is_too_large_is_refused(client: httpx.Client, session: str) -> None:
    token = csrf_of(client)
    answer = client.post("/console/keys", headers={"x-csrf-token": token}, data={"name": "x" * 300_000})
    assert answer.status_code == 413


def test_a_failed_page_says_so(client: httpx.Client, session: str, site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("secret details")

    monkeypatch.setattr(type(site.host.models), "providers", fail)
    answer = client.get("/console/providers")
    assert answer.status_code == 500
    assert "secret details" not in answer.text
    assert "log" in answer.text


def test_without_a_database_it_says_so(client: httpx.Client, session: str, site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> None:
        raise HostFault("The database does not answer.", advice="Start it.")

    monkeypatch.setattr(site.host.tenancy.people, "session", fail)
    answer = client.get("/console/providers")
    assert (answer.status_code, answer.text) == (500, "The database does not answer. Start it.")
