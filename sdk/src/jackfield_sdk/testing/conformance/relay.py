"""The promises of relay, for a provider that speaks one of the client's own dialects."""

from __future__ import annotations

from typing import ClassVar

import orjson
import pytest
from jackfield.contract import CallContext, ModelType, RelayRequest, RelayResponse

from ..answers import Answer, Reply
from ..calling import Caller
from ..double import VendorDouble
from ..promises import promise
from .base import CallConformance


class RelayConformance(CallConformance):
    """Bodies passed on as they are, whole and streamed.

    :cvar dialect: which one
    """

    dialect: ClassVar[str] = "openai.chat"
    model_type: ClassVar[ModelType] = ModelType.LLM
    garbage: ClassVar[dict[str, Answer]] = {}

    @pytest.fixture(params=["whole", "stream"])
    def mode(self, request: pytest.FixtureRequest) -> str:
        """How the answer comes."""
        return str(request.param)

    def good(self, number: int, mode: str) -> Reply:
        if mode == "stream":
            return Answer.sse([{"said": self.marker(number), "piece": piece} for piece in range(5)], done="[DONE]")
        return Answer.json({"said": self.marker(number), "choices": []})

    async def invoke(self, caller: Caller, number: int, mode: str, context: CallContext) -> bytes:
        response = await self.relay(caller, {"said": self.marker(number)}, mode, context)
        return response.body if isinstance(response.body, bytes) else b"".join([piece async for piece in response.body])

    def check(self, result: bytes, number: int, mode: str) -> None:
        good = self.good(number, mode)
        assert isinstance(good, Answer)
        assert result == good.body, "the answer's bytes were changed"

    async def relay(
        self, caller: Caller, members: dict[str, object], mode: str, context: CallContext, **headers: str
    ) -> RelayResponse:
        """Pass a body on."""
        body = {"model": self._model(caller), "stream": mode == "stream", **members}
        return await caller.kernel.relay(
            RelayRequest(
                dialect=self.dialect,
                model=self._model(caller),
                body=orjson.dumps(body),
                headers=dict(headers),
                stream=mode == "stream",
            ),
            context,
        )

    @pytest.mark.asyncio
    async def test_an_endless_answer_is_refused(
        self, vendor: VendorDouble, caller: Caller, mode: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pytest.skip("what is passed on is not gathered; the host bounds it")

    @pytest.mark.asyncio
    async def test_the_body_is_not_touched(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        vendor.answers(self.good(1, mode))
        members: dict[str, object] = {"brand_new_member": {"of": ["tomorrow", 1.5, None]}, "messages": []}
        response = await self.relay(caller, members, mode, self.context(caller), **{"x-of-the-dialect": "canary"})
        if not isinstance(response.body, bytes):
            async for _ in response.body:
                pass
        with promise("relay passes on the body as it is, members that nobody knows as well"):
            body = {"model": self._model(caller), "stream": mode == "stream", **members}
            assert vendor.last.body == orjson.dumps(body)
            assert vendor.last.headers["x-of-the-dialect"] == "canary", "a header of the dialect is lost"
            assert vendor.last.method == "POST"
            assert vendor.last.headers["content-type"].startswith("application/json")

    @pytest.mark.asyncio
    async def test_an_unread_stream_can_be_closed(self, vendor: VendorDouble, caller: Caller) -> None:
        good = self.good(1, "stream")
        assert isinstance(good, Answer)
        vendor.answers(good.but(hang=len(good.body) // 2))
        response = await self.relay(caller, {}, "stream", self.context(caller))
        assert not isinstance(response.body, bytes)
        await response.body.aclose()  # type: ignore[attr-defined]
        with promise("closing a relayed stream that nobody has read closes the connection to the vendor"):
            await vendor.left()
