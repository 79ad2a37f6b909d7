"""Vendor credentials: proved before they are saved, sealed, masked, and bound to their owner."""

from __future__ import annotations

from typing import Any

import pytest
from jackfield.contract import (
    BadRequest,
    ConnectionFailed,
    CredentialForm,
    Credentials,
    CredentialsInvalid,
    HostFault,
    NotFound,
    ServerUnavailable,
)
from jackfield.store.tables import CredentialRow
from jackfield.tenancy import MASK, CredentialChange, Principal, Tenancy, operator
from sqlalchemy import text, update

KEY = "sk-canary-0123456789"


class Vendor:
    """Takes one key; may be down, or gone from its address, which a plugin then names as the field at fault."""

    def __init__(self, good: str = KEY) -> None:
        self.good = good
        self.down = False
        self.gone = False
        self.seen: list[dict[str, Any]] = []

    async def __call__(self, credentials: Credentials) -> None:
        self.seen.append(dict(credentials))
        if self.gone:
            try:
                self._connect()
            except ConnectionFailed as error:
                raise CredentialsInvalid(error.message, param="base_url") from None
        if self.down:
            raise ServerUnavailable("The vendor cannot answer now.")
        if credentials["api_key"] != self.good:
            raise CredentialsInvalid("The vendor refuses the key.", param="api_key")

    def _connect(self) -> None:
        raise ConnectionFailed("Nobody is there.")


async def test_a_good_credential_is_sealed_and_opens_again(tenancy: Tenancy, owner: Principal, form: CredentialForm) -> None:
    info = await tenancy.credentials.add(owner, "acme", form, {"api_key": KEY, "organisation": "o"}, Vendor(), name="main")
    assert info.status == "valid"
    assert info.values == {"organisation": "o", "api_key": MASK}
    async with tenancy.store.read() as session:
        tables = "credentials", "audit_log"
        stored = repr([(await session.execute(text(f"SELECT * FROM {table}"))).all() for table in tables])
    assert KEY not in stored
    view = await tenancy.views.get(owner.workspace_id)
    opened = await tenancy.credentials.open(view.credentials["acme"][0])
    assert dict(opened) == {"organisation": "o", "api_key": KEY}
    assert KEY not in repr(opened)


async def test_a_form_that_is_not_right_does_not_reach_the_vendor(
    tenancy: Tenancy, owner: Principal, form: CredentialForm
) -> None:
    vendor = Vendor()
    with pytest.raises(CredentialsInvalid) as caught:
        await tenancy.credentials.add(owner, "acme", form, {"colour": "red"}, vendor)
    assert set(caught.value.problems) == {"api_key", "colour"}
    assert vendor.seen == []


async def test_a_refused_key_is_not_saved_not_even_anyway(tenancy: Tenancy, owner: Principal, form: CredentialForm) -> None:
    with pytest.raises(CredentialsInvalid) as caught:
        await tenancy.credentials.add(owner, "acme", form, {"api_key": "sk-wrong"}, Vendor(), save_anyway=True)
    assert caught.value.param == "api_key"
    assert await tenancy.credentials.list(owner) == []


async def test_a_vendor_that_is_down_needs_save_anyway(tenancy: Tenancy, owner: Principal, form: CredentialForm) -> None:
    vendor = Vendor()
    vendor.down = True
    with pytest.raises(ServerUnavailable):
        await tenancy.credentials.add(owner, "acme", form, {"api_key": KEY}, vendor)
    info = await tenancy.credentials.add(owner, "acme", form, {"api_key": KEY}, vendor, save_anyway=True)
    assert info.status == "unchecked"
    vendor.down = False
    assert (await tenancy.credentials.check(owner, info.id, vendor)).status == "valid"
    vendor.good = "sk-another"
    assert (await tenancy.credentials.check(owner, info.id, vendor)).status == "invalid"


async def test_an_address_where_nobody_answers_may_be_kept_and_is_not_held_against_the_key(
    tenancy: Tenancy, owner: Principal, form: CredentialForm
) -> None:
    vendor = Vendor()
    vendor.gone = True
    with pytest.raises(CredentialsInvalid) as caught:
        await tenancy.credentials.add(owner, "acme", form, {"api_key": KEY}, vendor)
    assert caught.value.param == "base_url"
    info = await tenancy.credentials.add(owner, "acme", form, {"api_key": KEY}, vendor, save_anyway=True)
    assert info.status == "unchecked"
    vendor.gone = False
    assert (await tenancy.credentials.check(owner, info.id, vendor)).status == "valid"
    vendor.gone = True
    with pytest.raises(CredentialsInvalid, match="Nobody is there"):
        await tenancy.credentials.check(owner, info.id, vendor)
    assert [one.status for one in await tenancy.credentials.list(owner)] == ["valid"]


@pytest.mark.parametrize("secret", [MASK, "", None])
async def test_a_secret_that_is_not_typed_again_stays(
    tenancy: Tenancy, owner: Principal, form: CredentialForm, secret: str | None
) -> None:
    vendor = Vendor()
    info = await tenancy.credentials.add(owner, "acme", form, {"api_key": KEY}, vendor)
    change = CredentialChange(values={"api_key": secret, "organisation": "new"}, name="renamed", weight=3)
    changed = await tenancy.credentials.change(owner, info.id, form, change, vendor)
    assert vendor.seen[-1] == {"api_key": KEY, "organisation": "new"}
    assert (changed.name, changed.weight) == ("renamed", 3)
    assert KEY not in repr(changed)


async def test_a_disabled_credential_is_not_in_the_view(tenancy: Tenancy, owner: Principal, form: CredentialForm) -> None:
    info = await tenancy.credentials.add(owner, "acme", form, {"api_key": KEY}, Vendor())
    assert "acme" in (await tenancy.views.get(owner.workspace_id)).credentials
    await tenancy.credentials.change(owner, info.id, form, CredentialChange(enabled=False), Vendor())
    assert "acme" not in (await tenancy.views.get(owner.workspace_id)).credentials
    await tenancy.credentials.remove(owner, info.id)
    assert await tenancy.credentials.list(owner) == []


async def test_a_row_copied_to_another_workspace_does_not_open(
    tenancy: Tenancy, owner: Principal, form: CredentialForm
) -> None:
    info = await tenancy.credentials.add(owner, "acme", form, {"api_key": KEY}, Vendor())
    other = operator((await tenancy.workspaces.create("other")).id)
    theirs = await tenancy.credentials.add(other, "acme", form, {"api_key": KEY}, Vendor())
    async with tenancy.store.write() as session:
        row = await session.get_one(CredentialRow, info.id)
        await session.execute(update(CredentialRow).where(CredentialRow.id == theirs.id).values(sealed=row.sealed))
    tenancy.views.forget(other.workspace_id)
    record = (await tenancy.views.get(other.workspace_id)).credentials["acme"][0]
    with pytest.raises(HostFault) as caught:
        await tenancy.credentials.open(record)
    assert KEY not in str(caught.value)


async def test_another_workspace_finds_nothing(tenancy: Tenancy, owner: Principal, form: CredentialForm) -> None:
    info = await tenancy.credentials.add(owner, "acme", form, {"api_key": KEY}, Vendor())
    other = operator((await tenancy.workspaces.create("other")).id)
    for attempt in (
        tenancy.credentials.get(other, info.id),
        tenancy.credentials.remove(other, info.id),
        tenancy.credentials.check(other, info.id, Vendor()),
        tenancy.credentials.change(other, info.id, form, CredentialChange(enabled=False), Vendor()),
    ):
        with pytest.raises(NotFound):
            await attempt


@pytest.mark.parametrize("weight", [0, -1, 1001])
async def test_a_weight_has_bounds(tenancy: Tenancy, owner: Principal, form: CredentialForm, weight: int) -> None:
    with pytest.raises(BadRequest) as caught:
        await tenancy.credentials.add(owner, "acme", form, {"api_key": KEY}, Vendor(), weight=weight)
    assert caught.value.param == "weight"
