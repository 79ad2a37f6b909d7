"""The way out: made once, when it is first taken or prepared, and never again after the host has closed it."""

from __future__ import annotations

from pathlib import Path

import pytest
from jackfield.contract import ConnectionFailed, HostFault
from jackfield.host.settings import CallSettings, EgressSettings
from jackfield.host.way_out import WayOut

EGRESS = EgressSettings(environment_proxy=False)


@pytest.mark.parametrize("prepared", [True, False])
async def test_it_is_made_once(prepared: bool) -> None:
    way_out = WayOut(EGRESS, CallSettings())
    if prepared:
        await way_out.prepare()
    client, wire = way_out.client, way_out.wire
    await way_out.prepare()
    assert (way_out.client, way_out.wire) == (client, wire)
    await way_out.close()
    assert client.is_closed


@pytest.mark.parametrize("taken", [True, False])
async def test_who_comes_after_the_end_is_told(taken: bool) -> None:
    way_out = WayOut(EGRESS, CallSettings())
    if taken:
        assert not way_out.client.is_closed
    await way_out.close()
    await way_out.prepare()  # a host that is stopped while it is still preparing
    with pytest.raises(ConnectionFailed, match="stopping"):
        way_out.client  # noqa: B018 - asking is all
    with pytest.raises(ConnectionFailed, match="stopping"):
        way_out.wire  # noqa: B018


def test_authorities_that_cannot_be_read_are_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(HostFault, match=r"nowhere\.pem"):
        WayOut(EgressSettings(ca_file=tmp_path / "nowhere.pem"), CallSettings())
