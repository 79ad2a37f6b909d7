"""Signing in and out over HTTP, and what tokens are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jackfield.tenancy import Role

if TYPE_CHECKING:
    from .conftest import Site

PASSWORD = "correct horse battery"


async def test_a_person_signs_in_looks_around_and_signs_out(site: Site) -> None:
    person = await site.person("ada@example.org")
    token = await site.session("Ada@example.org ")
    me = await site.ask("GET", "/api/me", token)
    assert me == {
        "kind": "person",
        "id": person,
        "name": "ada@example.org",
        "workspaces": [{"id": site.workspace, "name": "default", "role": "owner"}],
    }
    await site.ask("POST", "/api/sign-out", token, status=204)
    over = await site.ask("GET", "/api/me", token, status=401)
    assert over["error"]["jackfield"]["code"] == "unauthenticated"


async def test_a_key_says_what_it_may(site: Site) -> None:
    plain = await site.ask("GET", "/api/me", await site.key())
    assert (plain["kind"], plain["workspaces"][0]["role"]) == ("key", None)
    admin = await site.ask("GET", "/api/me", await site.key(Role.ADMIN))
    assert admin["workspaces"][0]["role"] == "admin"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic abc", "Bearer jf-none", "Bearer \xff\x00"])
async def test_no_token_and_wrong_tokens_are_refused_alike(site: Site, header: str | None) -> None:
    raw = {b"authorization": header.encode("latin-1").replace(b"\x00", b"")} if header is not None else {}
    answer = await site.api.get("/api/me", headers=[*raw.items()])
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    error = answer.json()["error"]
    assert error["code"] == "unauthenticated"
    assert error["jackfield"]["request_id"] == answer.headers["x-request-id"]


async def test_sign_ins_that_fail_are_limited(site: Site) -> None:
    await site.person("ada@example.org")
    for _ in range(10):
        answer = await site.api.post("/api/sign-in", json={"email": "ada@example.org", "password": "wrong password"})
        assert answer.status_code == 401
    refused = await site.api.post("/api/sign-in", json={"email": "ada@example.org", "password": PASSWORD})
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    other = await site.api.post("/api/sign-in", json={"email": "bob@example.org", "password": PASSWORD})
    assert other.status_code == 429  # the address has tried as often


async def test_a_new_password_ends_every_session(site: Site) -> None:
    await site.person("ada@example.org")
    token, other = await site.session("ada@example.org"), await site.session("ada@example.org")
    change = {"current": "not the one", "new": "another good password"}
    await site.ask("PUT", "/api/me/password", token, change, status=401)
    short = await site.ask("PUT", "/api/me/password", token, {"current": PASSWORD, "new": "short"}, status=400)
    assert short["error"]["param"] == "password"
    await site.ask("PUT", "/api/me/password", token, change | {"current": PASSWORD}, status=204)
    for ended in (token, other):
        await site.ask("GET", "/api/me", ended, status=401)
    await site.session("ada@example.org", "another good password")
    await site.ask("PUT", "/api/me/password", await site.key(Role.OWNER), change, status=401)


async def test_what_is_wrong_with_a_request_is_named(site: Site) -> None:
    answer = await site.api.post("/api/sign-in", json={"email": "x\x00", "colour": "red"})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert set(error["jackfield"]["problems"]) == {"email", "password", "colour"}
    assert error["jackfield"]["problems"]["password"] == "is required"
    for content in (b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"email": ' + b"9" * 5000 + b"}"):
        answer = await site.api.post("/api/sign-in", content=content, headers={"content-type": "application/json"})
        assert answer.status_code == 400, content
        assert answer.json()["error"]["code"] == "bad_request"
    huge = await site.api.post("/api/sign-in", content=b"x" * 2_000_000)
    assert huge.status_code == 413
    assert (await site.api.get("/api/sign-in")).status_code == 405
    nowhere = await site.api.get("/api/nowhere")
    assert (nowhere.status_code, nowhere.json()["error"]["code"]) == (404, "not_found")
