"""The promises of a chat model's features: tools, images, schemas, reasoning. Each is tested where the catalog names it."""

from __future__ import annotations

import base64
from typing import ClassVar

import orjson
import pytest
from jackfield.contract import (
    BadRequest,
    Blob,
    Feature,
    ImagePart,
    Message,
    OpaquePart,
    OutputFormat,
    Part,
    ReasoningPart,
    TextPart,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UnsupportedParameter,
)

from ..calling import Caller
from ..double import VendorDouble
from ..promises import error_of, names_in, promise, values_in
from ..scripts import Said
from .token_counts import TokenCountConformance

WEATHER = Tool(
    "get_weather_canary",
    "Tells the weather.",
    {"type": "object", "properties": {"city_canary": {"type": "string"}}, "required": ["city_canary"]},
)
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


class LLMConformance(TokenCountConformance):
    """Chat, whole and streamed, the features that the model is said to have, and token counting where the plugin has it."""

    tool_ids: ClassVar[bool] = True
    """False for a vendor whose tool calls have no id of their own."""

    def _calls(self) -> tuple[ToolCall, ...]:
        arguments = ({"city_canary": "København"}, {"city_canary": '大阪 "quoted" \\ \n 🎏'})
        return tuple(
            ToolCall(f"call_{number}", "get_weather_canary", orjson.dumps(one).decode()) for number, one in enumerate(arguments)
        )

    @pytest.mark.asyncio
    async def test_tool_calls_are_put_together(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        self.needs(caller, Feature.TOOLS)
        calls = self._calls() if self.has(caller, Feature.PARALLEL_TOOLS) else self._calls()[:1]
        for fragment in (1, 7, 1000):
            said = Said(pieces=(), tool_calls=calls, fragment=fragment, finish_reason="tool_calls", usage=self.llm_usage)
            vendor.answers(self.script(said, mode))
            with promise(f"tool calls are put together from fragments of {fragment} letters"):
                result = await self.chat(caller, self.request(caller, tools=[WEATHER]), mode)
                assert [call.name for call in result.tool_calls] == [call.name for call in calls]
                got = [orjson.loads(call.arguments) for call in result.tool_calls]
                assert got == [orjson.loads(call.arguments) for call in calls], f"the arguments are {got}"
                assert result.finish_reason == "tool_calls", f"the finish reason is {result.finish_reason}"
                identities = [call.id for call in result.tool_calls]
                assert all(identities), "a tool call has no id"
                assert len(set(identities)) == len(identities), f"two tool calls have the same id: {identities}"
                if self.tool_ids:
                    assert identities == [call.id for call in calls], f"the ids are {identities}"

    @pytest.mark.asyncio
    async def test_tools_and_their_results_are_sent(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        self.needs(caller, Feature.TOOLS)
        vendor.answers(self.good(1, mode))
        call = self._calls()[0]
        conversation = [
            Message.system("You are a canary of the system."),
            Message.user("What is the weather?"),
            Message("assistant", [TextPart("I look it up."), call]),
            Message("tool", [ToolResult(call.id, "sunny-canary")]),
        ]
        request = self.request(caller, messages=conversation, tools=[WEATHER], tool_choice=ToolChoice("auto"))
        with promise("tools, calls and their results are sent to the vendor"):
            self.check(await self.chat(caller, request, mode), 1, mode)
            sent = vendor.last_body.json
            texts = {text for text in values_in(sent) if isinstance(text, str)} | set(names_in(sent))
            for needed in ("You are a canary of the system.", "get_weather_canary", "city_canary"):
                assert any(needed in text for text in texts), f"{needed!r} is not in {vendor.last_body.body!r}"
            assert any("sunny-canary" in text for text in texts), "the tool's result is not sent"
            assert any("København" in text for text in texts), "the assistant's call is not sent back"

    @pytest.mark.parametrize("arguments", ["", "{}", '{"city_canary": "Kø', "[1]"], ids=["empty", "none", "broken", "list"])
    @pytest.mark.asyncio
    async def test_arguments_as_a_model_may_write_them(self, vendor: VendorDouble, caller: Caller, arguments: str) -> None:
        self.needs(caller, Feature.TOOLS)
        vendor.answers(self.good(1, "whole"))
        call = ToolCall("call_1", "get_weather_canary", arguments)
        conversation = [
            Message.user("What is the weather?"),
            Message("assistant", [call]),
            Message("tool", [ToolResult(call.id, "sunny-canary")]),
        ]
        with promise(f"a call with the arguments {arguments!r} is sent back, or refused as what the caller sent"):
            try:
                self.check(await self.chat(caller, self.request(caller, messages=conversation, tools=[WEATHER])), 1, "whole")
            except BadRequest:
                assert arguments not in ("", "{}"), "a call without arguments is a good call"
                return
            assert any(isinstance(text, str) and "sunny-canary" in text for text in values_in(vendor.last_body.json))

    @pytest.mark.asyncio
    async def test_a_call_without_arguments(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        self.needs(caller, Feature.TOOLS)
        calls = (ToolCall("call_1", "get_weather_canary", "{}"),)
        said = Said(pieces=(), tool_calls=calls, finish_reason="tool_calls", usage=self.llm_usage)
        vendor.answers(self.script(said, mode))
        with promise("a call without arguments has an empty JSON object as such"):
            result = await self.chat(caller, self.request(caller, tools=[WEATHER]), mode)
            assert [(one.name, orjson.loads(one.arguments)) for one in result.tool_calls] == [("get_weather_canary", {})]

    @pytest.mark.asyncio
    async def test_images_are_sent(self, vendor: VendorDouble, caller: Caller) -> None:
        self.needs(caller, Feature.VISION)
        vendor.answers(self.good(1, "whole"))
        parts: list[Part] = [TextPart("What is this?"), ImagePart(Blob(media_type="image/png", data=PIXEL))]
        with promise("an image's bytes are sent to the vendor in base64"):
            self.check(await self.chat(caller, self.request(caller, messages=[Message("user", parts)])), 1, "whole")
            encoded = base64.b64encode(PIXEL).decode()
            assert any(isinstance(text, str) and encoded in text for text in values_in(vendor.last_body.json))

    @pytest.mark.asyncio
    async def test_schemas_are_sent(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        self.needs(caller, Feature.STRUCTURED_OUTPUT)
        vendor.answers(self.good(1, mode))
        schema = {"type": "object", "properties": {"answer_canary": {"type": "string"}}, "required": ["answer_canary"]}
        request = self.request(caller, output=OutputFormat("json_schema", schema, name="answer"))
        with promise("the schema that an answer must follow is sent to the vendor"):
            await self.chat(caller, request, mode)
            assert b"answer_canary" in vendor.last_body.body

    @pytest.mark.asyncio
    async def test_reasoning_is_kept_apart(self, vendor: VendorDouble, caller: Caller, mode: str) -> None:
        self.needs(caller, Feature.REASONING)
        said = Said(reasoning=("I think ", "hard."), pieces=("It ", "is 4."), usage=self.llm_usage)
        try:
            vendor.answers(self.script(said, mode))
        except NotImplementedError:
            pytest.skip("the vendor does not show its reasoning")
        with promise("reasoning is told apart from the answer"):
            result = await self.chat(caller, self.request(caller), mode)
            thought = "".join(part.text for part in result.message.parts if isinstance(part, ReasoningPart))
            assert thought == "I think hard.", f"the reasoning is {thought!r}"
            assert result.text == "It is 4.", f"the answer is {result.text!r}"

    @pytest.mark.asyncio
    async def test_a_part_of_another_dialect_is_refused(self, vendor: VendorDouble, caller: Caller) -> None:
        vendor.answers(self.good(1, "whole"))
        strange = [Message("user", [TextPart("Look:"), OpaquePart("conformance.unknown", {"type": "hologram"})])]
        text = "a part of a message that the vendor has no form for is refused"
        await error_of(self.chat(caller, self.request(caller, messages=strange)), text, UnsupportedParameter)
        with promise(text):
            assert not vendor.requests, "the vendor was asked all the same"
