"""All that a workspace is made of, made and changed over HTTP."""

from __future__ import annotations

import asyncio
import csv
import io
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from jackfield.contract import Unauthenticated
from jackfield.store import now
from jackfield.tenancy import MASK, Role, operator

if TYPE_CHECKING:
    from .conftest import OpenSite, Site

KEY = "sk-good-canary-0123456789"
PASSWORD = "correct horse battery"


@pytest.fixture
async def owner(site: Site) -> str:
    return await site.key(Role.OWNER)


async def test_who_owns_a_workspace_makes_another_and_others_do_not(site: Site, owner: str) -> None:
    await site.person("ada@example.org")
    ada = await site.session("ada@example.org")
    made = await site.ask("POST", "/api/workspaces", ada, {"name": " Research "}, status=201)
    assert made["name"] == "Research"
    listed = await site.ask("GET", "/api/workspaces", ada)
    assert [(one["name"], one["role"]) for one in listed["data"]] == [("default", "owner"), ("Research", "owner")]
    renamed = await site.ask("PATCH", f"/api/workspaces/{made['id']}", ada, {"name": "Labs"})
    assert await site.ask("GET", f"/api/workspaces/{made['id']}", ada) == renamed
    await site.ask("PATCH", f"/api/workspaces/{made['id']}", ada, {"name": " "}, status=400)
    await site.person("bob@example.org", Role.ADMIN)
    bob = await site.session("bob@example.org")
    for token in (bob, owner):
        await site.ask("POST", "/api/workspaces", token, {"name": "x"}, status=403)
    await site.ask("GET", f"/api/workspaces/{made['id']}", bob, status=404)


async def test_members_come_change_and_go(site: Site, owner: str) -> None:
    new = {"email": "Bob@Example.org", "role": "member", "name": "Bob", "password": PASSWORD}
    bob = await site.ask("POST", "members", owner, new, status=201)
    assert (bob["email"], bob["role"]) == ("bob@example.org", "member")
    assert (await site.ask("POST", "members", owner, new, status=409))["error"]["param"] == "email"
    await site.ask("PATCH", f"members/{bob['id']}", owner, {"role": "owner"}, status=204)
    await site.ask("PATCH", f"members/{bob['id']}", owner, {"role": "admin"}, status=409)
    ada = await site.ask("POST", "members", owner, {"email": "ada@example.org", "password": PASSWORD}, status=201)
    assert [one["id"] for one in (await site.ask("GET", "members", owner))["data"]] == [bob["id"], ada["id"]]
    session = await site.session("ada@example.org")
    await site.ask("PUT", f"members/{ada['id']}/password", owner, {"password": "a new good password"}, status=204)
    await site.ask("GET", "members", session, status=401)
    session = await site.session("ada@example.org", "a new good password")
    await site.ask("DELETE", f"members/{ada['id']}", owner, status=204)
    await site.ask("GET", "members", session, status=404)
    assert (await site.ask("GET", "/api/me", session))["workspaces"] == []


async def test_a_workspace_is_removed_by_its_owner_who_says_its_name(each_site: Site) -> None:
    site = each_site
    await site.person("ada@example.org")
    session = await site.session("ada@example.org")
    made = await site.ask("POST", "/api/workspaces", session, {"name": "Second"}, status=201)
    path = f"/api/workspaces/{made['id']}"
    token = await site.key(Role.OWNER, workspace=made["id"])
    assert (await site.ask("GET", path, token))["name"] == "Second"
    assert (await site.ask("DELETE", path, session, status=400))["error"]["param"] == "name"
    assert (await site.ask("DELETE", path, session, status=400, name="second"))["error"]["param"] == "name"
    await site.ask("DELETE", path, session, status=204, name="Second")
    await site.ask("GET", path, session, status=404)
    await site.ask("GET", path, token, status=401)
    await site.ask("DELETE", "", session, status=409, name="default")
    assert [one["name"] for one in (await site.ask("GET", "/api/me", session))["workspaces"]] == ["default"]


async def test_the_life_of_a_key(each_site: Site) -> None:
    site, owner = each_site, await each_site.key(Role.OWNER)
    ends = (now() + timedelta(days=1)).isoformat()
    new = {"name": "ci", "model_types": ["llm"], "models": ["acme/*"], "expires_at": ends, "requests_per_minute": 5}
    made = await site.ask("POST", "keys", owner, new, status=201)
    token, key = made.pop("key"), made["id"]
    assert await site.ask("GET", f"keys/{key}", owner) == made
    assert (made["role"], made["models"], made["requests_per_minute"]) == (None, ["acme/*"], 5)
    who = await site.host.tenancy.keys.authenticate(token)
    assert who.requests_per_minute == 5

    changed = await site.ask("PUT", f"keys/{key}", owner, {"name": "renamed", "model_types": []})
    assert (changed["models"], changed["model_types"], changed["expires_at"]) == (None, [], None)
    who = await site.host.tenancy.keys.authenticate(token)
    assert (who.name, who.requests_per_minute) == ("renamed", None)

    assert (await site.ask("DELETE", f"keys/{key}", owner))["revoked_at"] is not None
    with pytest.raises(Unauthenticated):
        await site.host.tenancy.keys.authenticate(token)
    await site.ask("PUT", f"keys/{key}", owner, {"name": "again"}, status=409)
    for wrong, member in (
        ({"name": "x", "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"name": " "}, "name"),
        ({"name": "x", "requests_per_minute": 0}, "requests_per_minute"),
        ({"name": "x", "role": "king"}, "role"),
    ):
        assert (await site.ask("POST", "keys", owner, wrong, status=400))["error"]["param"] == member
    admin = await site.key(Role.ADMIN)
    await site.ask("POST", "keys", admin, {"name": "above", "role": "owner"}, status=403)


async def test_lists_that_grow_come_in_pages_that_nothing_moves(each_site: Site) -> None:
    site, owner = each_site, await each_site.key(Role.OWNER)
    for _ in range(4):
        await site.key()
    first = await site.ask("GET", "keys", owner, limit=2)
    await site.key()
    second = await site.ask("GET", "keys", owner, limit=500, before=first["next"])
    ids = [one["id"] for one in first["data"] + second["data"]]
    assert len(ids) == len(set(ids)) == 6  # the first key, the owner's, and four
    assert (len(first["data"]), second["next"]) == (2, None)
    audit = await site.ask("GET", "audit", owner, limit=3)
    rest = await site.ask("GET", "audit", owner, before=audit["next"])
    assert [one["action"] for one in audit["data"]] == ["key.create"] * 3
    assert rest["data"][-1]["action"] == "workspace.create"
    assert (await site.ask("GET", "keys", owner, status=400, before="x"))["error"]["param"] == "before"


async def test_how_keys_and_credentials_fare_in_calls_is_told_by_every_replica(
    open_site: OpenSite, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jackfield.host.upkeep.SECONDS", 0.02)
    serving = await open_site(database_url, calls={"backoff": 0.0}, trials=())
    asked = await open_site(database_url)
    owner, token = await asked.key(Role.OWNER), await serving.key()
    down = {"values": {"api_key": "sk-down-canary"}, "save_anyway": True}
    kept = await asked.ask("POST", "providers/acme/credentials", owner, down, status=201)
    assert kept["health"]["status"] == "unused"

    async def call() -> int:
        chat = {"model": "acme/chat", "messages": [{"role": "user", "content": "hello"}]}
        headers = {"authorization": f"Bearer {token}"}
        return (await serving.api.post("/v1/chat/completions", json=chat, headers=headers)).status_code

    assert await call() == 503

    async def health(until: str) -> dict[str, Any]:
        began = time.monotonic()
        while (found := (await asked.ask("GET", f"credentials/{kept['id']}", owner))["health"])["status"] != until:
            assert time.monotonic() - began < 30, found
            await asyncio.sleep(0.02)
        return dict(found)

    resting = await health("resting")
    assert resting["last_failure"] == "The vendor sleeps."
    assert resting["resting_until"] > resting["last_failure_at"]
    used = {one["shown"]: one["last_used_at"] for one in (await asked.ask("GET", "keys", owner))["data"]}
    assert used[next(shown for shown in used if token.startswith(shown.rstrip("…")))] is not None

    good = {"values": {"api_key": KEY}}
    changed = await serving.ask("PATCH", f"credentials/{kept['id']}", owner, good)
    assert changed["health"]["status"] == "unused"
    assert await call() == 200
    assert (await health("good"))["last_failure"] is None


async def test_the_life_of_a_credential(site: Site, owner: str) -> None:
    form = {"values": {"api_key": "sk-bad", "colour": "red"}}
    wrong = await site.ask("POST", "providers/acme/credentials", owner, form, status=422)
    assert wrong["error"]["jackfield"]["problems"] == {"colour": "is not a field of this form"}
    refused = await site.ask("POST", "providers/acme/credentials", owner, {"values": {"api_key": "sk-bad"}}, status=422)
    assert list(refused["error"]["jackfield"]["problems"]) == ["api_key"]
    down = {"values": {"api_key": "sk-down-canary"}, "save_anyway": False}
    asleep = await site.ask("POST", "providers/acme/credentials", owner, down, status=503)
    assert "sk-down-canary" not in str(asleep)
    kept = await site.ask("POST", "providers/acme/credentials", owner, down | {"save_anyway": True}, status=201)
    assert (kept["status"], kept["values"]) == ("unchecked", {"api_key": MASK})

    good = {"values": {"api_key": KEY, "region": "eu"}, "name": "main", "weight": 3}
    made = await site.ask("POST", "providers/acme/credentials", owner, good, status=201)
    assert (made["status"], made["values"], made["weight"]) == ("valid", {"api_key": MASK, "region": "eu"}, 3)
    path = f"credentials/{made['id']}"
    edit = {"values": {"api_key": MASK, "region": "us"}, "name": "renamed"}
    edited = await site.ask("PATCH", path, owner, edit)
    assert (edited["values"], edited["name"], edited["weight"]) == ({"api_key": MASK, "region": "us"}, "renamed", 3)
    view = await site.host.tenancy.views.get(site.workspace)
    opened = [await site.host.tenancy.credentials.open(one) for one in view.credentials["acme"]]
    assert {one["api_key"] for one in opened} == {KEY, "sk-down-canary"}
    off = await site.ask("PATCH", path, owner, {"enabled": False})
    assert (off["enabled"], off["status"]) == (False, "valid")
    assert (await site.ask("POST", f"{path}/check", owner))["status"] == "valid"
    listed = await site.ask("GET", "credentials", owner, provider="acme")
    assert [one["id"] for one in listed["data"]] == [kept["id"], made["id"]]
    assert (await site.ask("GET", "credentials", owner, provider="free"))["data"] == []
    await site.ask("DELETE", path, owner, status=204)
    await site.ask("GET", path, owner, status=404)
    assert (await site.ask("PATCH", f"credentials/{kept['id']}", owner, {"weight": 0}, status=400))["error"][
        "param"
    ] == "weight"


async def test_models_are_added_switched_tried_and_removed(site: Site, owner: str) -> None:
    await site.ask("POST", "providers/acme/credentials", owner, {"values": {"api_key": KEY}}, status=201)
    new = {"model": "team/tune", "type": "llm", "values": {"context": 2048}}
    added = await site.ask("POST", "providers/acme/models", owner, new, status=201)
    assert (added["model"]["context_window"], added["credential"]["model"]) == (2048, "team/tune")
    listed = {one["id"]: one for one in (await site.ask("GET", "providers/acme/models", owner))["data"]}
    assert listed["team/tune"]["added"]
    assert listed["chat"]["prices"] == {"currency": "USD", "input": "2", "output": "10"}
    live = await site.ask("POST", "providers/acme/live-models", owner, {})
    assert [one["id"] for one in live["data"]] == ["live"]
    unsaved = {"values": {"api_key": "sk-wrong"}}
    await site.ask("POST", "providers/acme/live-models", owner, unsaved, status=422)

    trying = {"model": "acme/team/tune", "type": "llm", "text": "hi"}
    tried = await site.ask("POST", "try", owner, trying)
    assert (tried["text"], tried["output_tokens"]) == ("You said: hi", 5)
    vectors = await site.ask("POST", "try", owner, {"model": "acme/embed", "type": "text_embedding"})
    assert vectors["text"] == "2 dimensions"
    await site.ask("PATCH", "providers/acme/models/llm/family/big", owner, {"on": False}, status=204)
    off = await site.ask("POST", "try", owner, {"model": "acme/family/big", "type": "llm"}, status=404)
    assert "switched off" in off["error"]["message"]
    names = {one["name"] for one in (await site.ask("GET", "models", owner, type="llm"))["data"]}
    assert names == {"acme/chat", "acme/team/tune", "free/chat"}
    await site.ask("PATCH", "providers/acme/models/llm/family/big", owner, {"on": True}, status=204)
    await site.ask("DELETE", "providers/acme/models/llm/team/tune", owner, status=204)
    await site.ask("DELETE", "providers/acme/models/llm/team/tune", owner, status=404)
    assert len((await site.ask("GET", "credentials", owner))["data"]) == 1
    for path in ("providers/acme/models/llm/none", "providers/none/models/llm/chat", "providers/acme/models/song/chat"):
        await site.ask("PATCH", path, owner, {"on": False}, status=404)
    await site.ask("POST", "providers/free/models", owner, new, status=400)
    assert (await site.ask("POST", "try", owner, trying | {"audio": "*"}, status=400))["error"]["param"] == "audio"


async def test_providers_tell_their_forms_and_take_a_preference(site: Site, owner: str) -> None:
    providers = {one["id"]: one for one in (await site.ask("GET", "providers", owner))["data"]}
    assert {name: one["status"] for name, one in providers.items()} == {"acme": "trial", "free": "ready"}
    acme = await site.ask("GET", "providers/acme", owner)
    assert [(field["name"], field["kind"]) for field in acme["provider_form"]["fields"]] == [
        ("api_key", "secret"),
        ("region", "text"),
    ]
    assert (acme["plugin"], acme["models"], acme["trials"][0]["left"]) == ("acme-plugin", 3, 3)
    changed = await site.ask("PUT", "providers/acme/preference", owner, {"hosted_first": True, "take_over": False})
    assert changed["preference"] == {"hosted_first": True, "take_over": False}
    await site.ask("PUT", "providers/none/preference", owner, {}, status=404)
    await site.ask("GET", "providers/none", owner, status=404)


async def test_defaults_and_aliases(site: Site, owner: str) -> None:
    await site.ask("PUT", "aliases/fast", owner, {"targets": ["free/chat", "acme/chat"]})
    await site.ask("PUT", "defaults/llm", owner, {"model": "fast"})
    defaults = {one["type"]: one["model"] for one in (await site.ask("GET", "defaults", owner))["data"]}
    assert (defaults["llm"], defaults["rerank"]) == ("fast", None)
    assert (await site.ask("GET", "aliases", owner))["data"] == [{"name": "fast", "targets": ["free/chat", "acme/chat"]}]
    for path, body, status in (
        ("defaults/rerank", {"model": "free/chat"}, 404),
        ("defaults/llm", {"model": "none/chat"}, 404),
        ("defaults/llm", {"model": "default"}, 400),
        ("defaults/song", {"model": "free/chat"}, 404),
        ("aliases/default", {"targets": ["free/chat"]}, 400),
        ("aliases/slow", {"targets": ["free/none"]}, 404),
        ("aliases/slow", {"targets": []}, 400),
    ):
        await site.ask("PUT", path, owner, body, status=status)
    await site.ask("DELETE", "aliases/fast", owner, status=204)
    await site.ask("DELETE", "aliases/fast", owner, status=404)
    gone = await site.ask("POST", "try", owner, {"model": "default", "type": "llm"}, status=404)
    assert "The default model of type llm is `fast`, which cannot be used" in gone["error"]["message"]
    await site.ask("PUT", "defaults/llm", owner, {"model": "free/chat"})
    await site.ask("PATCH", "providers/free/models/llm/chat", owner, {"on": False}, status=204)
    off = await site.ask("POST", "try", owner, {"model": "default", "type": "llm"}, status=404)
    assert "`free/chat`, which cannot be used: The model `free/chat` is switched off" in off["error"]["message"]
    await site.ask("DELETE", "defaults/llm", owner, status=204)
    none = await site.ask("POST", "try", owner, {"model": "default", "type": "llm"}, status=404)
    assert "no default model" in none["error"]["message"]


async def test_budgets_are_exact_whatever_their_size(each_site: Site) -> None:
    site, owner = each_site, await each_site.key(Role.OWNER)
    key = (await site.ask("GET", "keys", owner))["data"][0]["id"]
    await site.ask("PUT", "budgets/month/USD", owner, {"amount": "12.5000000001"}, status=204)
    await site.ask("PUT", f"keys/{key}/budgets/day/tokens", owner, {"amount": 10**15}, status=204)
    await site.ask("PUT", f"keys/{key}/budgets/day/tokens", owner, {"amount": 10**12}, status=204)
    budgets = (await site.ask("GET", "budgets", owner))["data"]
    assert [(one["key"], one["unit"], one["amount"], one["spent"]) for one in budgets] == [
        (None, "USD", "12.5000000001", "0"),
        (key, "tokens", "1000000000000", "0"),
    ]
    await site.ask("DELETE", f"keys/{key}/budgets/day/tokens", owner, status=204)
    await site.ask("DELETE", f"keys/{key}/budgets/day/tokens", owner, status=404)
    await site.ask("DELETE", "budgets/month/USD", owner, status=204)
    for path, body, status in (
        ("budgets/month/USD", {"amount": -1}, 400),
        ("budgets/month/USD", {"amount": "NaN"}, 400),
        ("budgets/month/USD", {"amount": "1e16"}, 400),
        ("budgets/week/USD", {"amount": 1}, 404),
        ("budgets/day/gold", {"amount": 1}, 404),
        (f"keys/{'0' * 32}/budgets/day/USD", {"amount": 1}, 404),
    ):
        await site.ask("PUT", path, owner, body, status=status)


async def test_usage_is_summed_listed_and_exported(each_site: Site) -> None:
    site, owner = each_site, await each_site.key(Role.OWNER)
    for model in ("acme/chat", "free/chat", "acme/chat"):
        await site.ask("POST", "try", owner, {"model": model, "type": "llm"})
    await site.host.tenancy.ledger.flush()
    sums = {one["group"]: one for one in (await site.ask("GET", "usage", owner, group_by="model"))["data"]}
    assert (sums["acme/chat"]["calls"], sums["acme/chat"]["cost"]) == (2, "0.000112")
    first = await site.ask("GET", "usage/calls", owner, limit=2)
    second = await site.ask("GET", "usage/calls", owner, limit=2, before=first["next"])
    assert (len(first["data"]), len(second["data"]), second["next"]) == (2, 1, None)
    assert {one["hosted"] for one in first["data"] if one["provider"] == "acme"} == {True}
    found = await site.ask("GET", "usage/calls", owner, provider="free", outcome="ok", since=str(now().date()), search="CHAT")
    assert [one["model"] for one in found["data"]] == ["chat"]
    assert (await site.ask("GET", "usage/calls", owner, until="2001-01-01"))["data"] == []
    text = await site.ask("GET", "usage/calls.csv", owner, provider="acme")
    assert [row["model"] for row in csv.DictReader(io.StringIO(text))] == ["chat", "chat"]
    await site.ask("GET", "usage", owner, status=400, group_by="colour")
    trials = (await site.ask("GET", "trials", owner))["data"]
    assert [(one["id"], one["used"], one["left"], one["unit"]) for one in trials] == [("acme", 2, 1, "calls")]


async def test_plugins_are_listed(site: Site, owner: str) -> None:
    (plugin,) = (await site.ask("GET", "plugins", owner))["data"]
    assert (plugin["name"], plugin["state"], plugin["providers"]) == ("acme-plugin", "works", ["acme", "free"])


async def test_changes_are_in_the_audit_log_by_name(site: Site, owner: str) -> None:
    await site.person("ada@example.org", Role.ADMIN)
    ada = await site.session("ada@example.org")
    await site.ask("PUT", "aliases/fast", ada, {"targets": ["free/chat"]})
    entry = (await site.ask("GET", "audit", ada))["data"][0]
    assert (entry["actor"], entry["action"], entry["subject"]) == ("person:ada@example.org", "alias.set", "fast")
    assert entry["details"] == {"targets": ["free/chat"]}


async def test_names_as_long_as_they_may_be(each_site: Site) -> None:
    site = each_site
    email = "a" * 64 + "@" + "b" * 200
    await site.person(email)
    token = await site.session(email)
    await site.ask("POST", "keys", token, {"name": "n" * 200}, status=201)
    key = await site.key(Role.ADMIN)
    assert key
    caller = operator(site.workspace)
    long, _ = await site.host.tenancy.keys.create(caller, "n" * 300, role=Role.ADMIN)
    await site.ask("PUT", "aliases/fast", long, {"targets": ["free/chat"]})
    assert len((await site.ask("GET", "audit", token))["data"][0]["actor"]) == 200


async def test_the_same_change_made_by_many_at_once(each_site: Site) -> None:
    site, owner = each_site, await each_site.key(Role.OWNER)
    await site.ask("POST", "providers/acme/credentials", owner, {"values": {"api_key": KEY}}, status=201)
    key = (await site.ask("GET", "keys", owner))["data"][0]["id"]
    changes = (
        ("PUT", "aliases/fast", {"targets": ["free/chat"]}),
        ("PUT", "defaults/llm", {"model": "free/chat"}),
        ("PUT", "budgets/day/USD", {"amount": 1}),
        ("PUT", f"keys/{key}/budgets/day/USD", {"amount": 1}),
        ("PUT", "providers/acme/preference", {"hosted_first": True}),
        ("PATCH", "providers/acme/models/llm/chat", {"on": False}),
        ("POST", "providers/acme/models", {"model": "tune", "type": "llm", "values": {}}),
        ("POST", "members", {"email": "bob@example.org", "password": PASSWORD}),
    )
    headers = {"authorization": f"Bearer {owner}"}
    paths = [(method, f"/api/workspaces/{site.workspace}/{path}", body) for method, path, body in changes]
    sent = [site.api.request(method, path, json=body, headers=headers) for method, path, body in paths for _ in range(4)]
    statuses = [answer.status_code for answer in await asyncio.gather(*sent)]
    assert set(statuses) <= {200, 201, 204, 409}
    assert statuses[-4:].count(201) == 1
    assert len((await site.ask("GET", "budgets", owner))["data"]) == 2
    listed = [one["id"] for one in (await site.ask("GET", "providers/acme/models", owner))["data"]]
    assert listed.count("tune") == 1
