"""The API attacked by schemathesis with what fits its description and what does not: no answer is a 500, none unforeseen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jackfield.host import NewCredential
from jackfield.tenancy import Role
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

if TYPE_CHECKING:
    from .conftest import OpenSite

EXAMPLES = 2  # of each route, right and wrong: what costs time is to make them, not to answer
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


def attack(document: dict[str, Any], url: str, token: str, names: dict[str, str]) -> int:
    """Send what is generated from the description. Answers how many requests that were."""
    schema = schemathesis.openapi.from_dict(document)
    session = requests.Session()
    session.trust_env = False
    session.headers["authorization"] = f"Bearer {token}"
    sent = 0
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # an error raises here
        here = {one.name: names[one.name] for one in operation.path_parameters if one.name in names}
        for mode in schemathesis.GenerationMode:
            strategy = operation.as_strategy(generation_mode=mode, path_parameters=here or None)

            @given(case=strategy)
            @settings(
                max_examples=EXAMPLES,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            def send(case: Any) -> None:
                nonlocal sent
                sent += 1
                case.call_and_validate(base_url=url, session=session, checks=CHECKS)

            send()
    return sent


@pytest.mark.timeout(300)
async def test_no_request_is_answered_by_a_500(open_site: OpenSite, postgres_url: str) -> None:
    site = await open_site(postgres_url)  # which is stricter than SQLite
    document = (await site.api.get("/api/openapi.json")).json()
    token = await site.key(Role.OWNER)
    _, key = await site.host.tenancy.keys.create(site.operator, "to play with")
    person = await site.person("eve@example.org", Role.MEMBER)
    credential = await site.host.vendors.add(site.operator, "acme", NewCredential(values={"api_key": "sk-good"}))
    names = {"workspace": site.workspace, "key": key.id, "person": person, "credential": credential.id, "provider": "acme"}
    sent = await asyncio.to_thread(attack, document, site.url, token, names)
    assert sent > 150
