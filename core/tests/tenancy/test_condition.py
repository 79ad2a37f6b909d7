"""How credentials fare: what every replica saw of them, since they were last changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from jackfield.contract import CredentialForm, CredentialsInvalid
from jackfield.store import now
from jackfield.tenancy import Condition, CredentialChange, Principal, Tenancy


async def _accept(_credentials: object) -> None: ...


async def _refuse(_credentials: object) -> None:
    raise CredentialsInvalid("The vendor refuses the key.")


@pytest.fixture
async def credential(tenancy: Tenancy, owner: Principal, form: CredentialForm) -> str:
    return (await tenancy.credentials.add(owner, "acme", form, {"api_key": "sk-one"}, _accept)).id


async def test_what_two_replicas_saw_is_told_as_one(
    tenancy: Tenancy, owner: Principal, credential: str, open_tenancy: Any
) -> None:
    replica: Tenancy = await open_tenancy()
    assert (await tenancy.credentials.get(owner, credential)).condition == Condition()
    began = now()
    first, second, third = (began + timedelta(seconds=number) for number in (1, 2, 3))
    rested = now() + timedelta(hours=1)
    await tenancy.conditions.note({credential: Condition(last_success_at=second)})
    await replica.conditions.note(
        {
            credential: Condition(first, third, "The vendor is busy." + "!" * 2000, rested),
            "0" * 32: Condition(last_success_at=first),  # removed meanwhile
        }
    )
    await tenancy.conditions.note({credential: Condition(first, first, "Long ago.", began)})
    (info,) = await tenancy.credentials.list(owner)
    seen = info.condition
    assert (seen.last_success_at, seen.last_failure_at, seen.resting_until) == (second, third, rested)
    assert (seen.last_failure or "").startswith("The vendor is busy.")
    assert len(seen.last_failure or "") == 1000
    assert seen.status == "resting"
    assert Condition(second, third).status == "failing"
    assert Condition(third, second).status == "good"
    assert Condition(third, second, None, began - timedelta(seconds=1)).status == "good"


async def test_what_was_seen_before_a_change_no_longer_counts(
    tenancy: Tenancy, owner: Principal, credential: str, form: CredentialForm
) -> None:
    before = now() + timedelta(milliseconds=1)
    failed = {credential: Condition(None, before, "The key is wrong.", before + timedelta(hours=1))}
    await tenancy.conditions.note(failed)
    assert (await tenancy.credentials.get(owner, credential)).condition.status == "resting"
    assert (await tenancy.credentials.check(owner, credential, _refuse)).condition.status == "resting"
    assert (await tenancy.credentials.check(owner, credential, _accept)).condition.status == "unused"
    await tenancy.credentials.change(owner, credential, form, CredentialChange(values={"api_key": "sk-two"}), _accept)
    await tenancy.conditions.note(failed)  # by a replica that was slow to tell
    assert (await tenancy.credentials.get(owner, credential)).condition == Condition()


async def test_it_goes_with_the_credential(tenancy: Tenancy, owner: Principal, credential: str) -> None:
    await tenancy.conditions.note({credential: Condition(last_success_at=now() + timedelta(seconds=1))})
    await tenancy.credentials.remove(owner, credential)
    assert await tenancy.credentials.list(owner) == []
