"""The promise that what a vendor really answered is understood as it was when it was recorded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

import pytest
from jackfield.contract import ModelType

from ...cassettes import load_cassettes
from ...probes import PROBES, Target
from ..calling import open_caller
from ..double import VendorDouble
from ..promises import promise
from ..replaying import differences, replay
from .base import Vendor


class CassetteConformance(Vendor):
    """Replays the cassettes that `jackfield-sdk record` has kept.

    :cvar cassettes: their folder; `cassettes` beside the tests, if not said
    :cvar same_requests: False where requests hold what is another each time, a date or a signature
    """

    cassettes: ClassVar[Path | None] = None
    same_requests: ClassVar[bool] = True

    @classmethod
    def folder(cls) -> Path:
        """Where the cassettes are."""
        return cls.cassettes or Path(str(sys.modules[cls.__module__].__file__)).parent / "cassettes"

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """A test for each cassette."""
        if "cassette" in metafunc.fixturenames:
            metafunc.parametrize("cassette", sorted(path.stem for path in self.folder().glob("*.jsonl")))

    def test_there_are_cassettes(self) -> None:
        with promise("the folder of cassettes holds some, and each can be read"):
            assert load_cassettes(self.folder()), f"there is none in {self.folder()}: `jackfield-sdk record` makes them"

    @pytest.mark.asyncio
    async def test_what_was_recorded_is_understood(self, cassette: str) -> None:
        recorded = load_cassettes(self.folder())[cassette]
        async with VendorDouble() as vendor, open_caller(self.plugin, vendor, recorded.provider) as caller:
            replay(vendor, recorded)
            target = Target(caller, self.credentials(), recorded.model, ModelType(recorded.model_type), timeout=10.0)
            with promise(f"what {recorded.provider} answered to {recorded.probe} on {recorded.recorded_on} is understood"):
                outcome = await PROBES[recorded.probe].ask(target)
                assert outcome.result == recorded.result
            with promise("all that was asked then is asked now, and nothing else"):
                assert len(vendor.requests) == len(recorded.exchanges), [request.url for request in vendor.requests]
                if self.same_requests:
                    for exchange, request in zip(recorded.exchanges, vendor.requests, strict=True):
                        assert not (found := differences(exchange, request)), "; ".join(found)
