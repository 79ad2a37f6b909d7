"""Every route of the API, by its description: another workspace's ids lead nowhere, and a role goes as far as it goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from jackfield.contract import ModelType
from jackfield.host import NewCredential
from jackfield.tenancy import Preference, Principal, Role, operator

if TYPE_CHECKING:
    from .conftest import Site

ANYWHERE = {"sign_in", "sign_out", "who_am_i", "change_password", "list_workspaces", "create_workspace"}
"""Routes that name no workspace."""

OWNERS = {"rename_workspace", "remove_workspace", "add_member", "change_member", "remove_member", "reset_password"}
MEMBERS = {
    "get_workspace", "list_members", "list_providers", "get_provider", "list_usable_models", "list_models", "list_defaults",
    "list_aliases", "list_trials", "sum_usage", "list_calls", "export_calls",
}  # fmt: skip
"""Who may what; all that stands in neither is an admin's."""

NAMES = {"provider": "acme", "type": "llm", "model": "theirs", "name": "theirs", "period": "day", "unit": "USD"}
"""What stands in paths beside ids. A route with another name fails the walk until it is added here or to `Theirs`."""

BODIES: dict[str, Any] = {
    "change_member": {"role": "member"},
    "reset_password": {"password": "correct horse battery"},
    "change_key": {"name": "mine now"},
    "change_credential": {"enabled": False},
    "set_key_budget": {"amount": 1},
    "switch_model": {"on": False},
}
"""Right bodies for the routes whose path names a thing of a workspace's."""


@dataclass(frozen=True)
class Operation:
    """One route and method."""

    id: str
    method: str
    path: str
    has_body: bool

    @property
    def names(self) -> list[str]:
        return [part.strip("{}") for part in self.path.split("/") if part.startswith("{")]

    def at(self, names: dict[str, str]) -> str:
        return self.path.format(**names)


async def operations(site: Site) -> list[Operation]:
    document = (await site.api.get("/api/openapi.json")).json()
    return list(_operations(document))


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            yield Operation(described["operationId"], method.upper(), path, "requestBody" in described)


async def furnish(site: Site, caller: Principal) -> dict[str, str]:
    """A workspace with one of everything, and the names of what is in it."""
    tenancy, host = site.host.tenancy, site.host
    _, key = await tenancy.keys.create(caller, "theirs")
    person = await site.person("eve@example.org", workspace=caller.workspace_id)
    new = NewCredential(values={"api_key": "sk-good-theirs"})
    credential = await host.vendors.add(caller, "acme", new)
    await host.vendors.add_model(caller, "acme", "theirs", ModelType.LLM, NewCredential(values={"context": 7}))
    await host.models.set_alias(caller, "theirs", ["acme/chat"])
    await host.models.prefer(caller, "acme", Preference(hosted_first=True))
    await tenancy.budgets.set(caller, key.id, "day", "USD", Decimal(5))
    return {**NAMES, "workspace": caller.workspace_id, "key": key.id, "person": person, "credential": credential.id}


async def everything(site: Site, caller: Principal) -> list[Any]:
    """What another could have seen or spoilt."""
    tenancy = site.host.tenancy
    return [
        await tenancy.workspaces.get(caller.workspace_id),
        await tenancy.keys.list(caller),
        await tenancy.people.members(caller),
        await tenancy.credentials.list(caller),
        await tenancy.budgets.list(caller),
        await site.host.models.of_provider(caller, "acme"),
        (await tenancy.views.get(caller.workspace_id)).aliases,
        (await tenancy.views.get(caller.workspace_id)).defaults,
        (await tenancy.views.get(caller.workspace_id)).preferences,
        len(await tenancy.audit.list(caller, limit=500)),
    ]


async def test_another_workspaces_ids_lead_nowhere(each_site: Site) -> None:
    """Asked by a person on the one database, by a program on the other."""
    site = each_site
    they = operator((await site.host.tenancy.workspaces.create("theirs")).id)
    theirs = await furnish(site, they)
    before = await everything(site, they)
    await site.person("ada@example.org")
    by_key = site.host.tenancy.store.dialect == "postgresql"
    token = await site.key(Role.OWNER) if by_key else await site.session("ada@example.org")
    walked = 0
    for operation in await operations(site):
        if operation.id in ANYWHERE:
            assert "workspace" not in operation.names
            continue
        assert "workspace" in operation.names, f"{operation.id} names no workspace: add it to ANYWHERE if that is meant"
        body = BODIES.get(operation.id, {}) if operation.has_body else None
        refused = await site.ask(operation.method, operation.at(theirs), token, body, status=404)
        assert refused["error"]["message"].startswith("There is no such workspace."), operation
        if operation.method != "GET" and {"key", "person", "credential", "name", "model"} & set(operation.names):
            await _own_path_to_theirs(site, operation, theirs, token, body)
        walked += 1
    assert walked > 35
    assert await everything(site, they) == before


async def _own_path_to_theirs(site: Site, operation: Operation, theirs: dict[str, str], token: str, body: Any) -> None:
    """The path of one's own workspace, and in it what is another's."""
    if operation.id in ("set_alias",):
        return  # it makes one's own
    assert body is None or operation.id in BODIES, f"{operation.id} needs a right body in BODIES"
    path = operation.at({**theirs, "workspace": site.workspace})
    await site.ask(operation.method, path, token, body, status=404)


async def test_what_is_anothers_reads_like_what_is_not(site: Site) -> None:
    they = operator((await site.host.tenancy.workspaces.create("theirs")).id)
    theirs = await furnish(site, they)
    token = await site.key(Role.OWNER)
    for path in ("keys/{}", "credentials/{}"):
        name = path.partition("/")[0].rstrip("s")
        there = await site.ask("GET", path.format(theirs[name]), token, status=404)
        nowhere = await site.ask("GET", path.format("0" * 32), token, status=404)
        for answer in (there, nowhere):
            answer["error"]["jackfield"].pop("request_id")
        assert there == nowhere
    for path in ("keys/x", "keys/%00", "credentials/..%2f", f"credentials/{'é' * 40}"):
        await site.ask("GET", path, token, status=404)


async def test_a_role_goes_as_far_as_it_goes(site: Site) -> None:
    roles = {None: -1, Role.MEMBER: 0, Role.ADMIN: 1, Role.OWNER: 2}
    tokens = {role: await site.key(role) for role in roles}
    names = {**NAMES, "workspace": site.workspace, **dict.fromkeys(("key", "person", "credential"), "0" * 32)}
    found = [one for one in await operations(site) if one.id not in ANYWHERE]
    assert {one.id for one in found} >= OWNERS | MEMBERS
    for operation in found:
        needed = 2 if operation.id in OWNERS else 0 if operation.id in MEMBERS else 1
        for role, rank in roles.items():
            headers = {"authorization": f"Bearer {tokens[role]}"}
            body: Any = {} if operation.has_body else None
            answer = await site.api.request(operation.method, operation.at(names), headers=headers, json=body)
            refused = answer.status_code == 403 and answer.json()["error"]["code"] == "permission_denied"
            assert refused == (rank < needed), (operation.id, role, answer.text)
        anonymous = await site.api.request(operation.method, operation.at(names))
        assert anonymous.status_code == 401, operation.id
