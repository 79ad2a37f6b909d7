"""What a vendor's double is to say, before it is put in the vendor's own words."""

from __future__ import annotations

from dataclasses import dataclass, field

from jackfield.contract import FinishReason, ToolCall, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A chat's answer.

    :param pieces: the text, as it comes in a stream
    :param reasoning: what the model thinks before, in pieces
    :param tool_calls: the tools it asks for
    :param fragment: letters of a tool call's arguments in one event of a stream
    """

    pieces: tuple[str, ...] = ("Hello", ", ", "world", "!")
    reasoning: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    fragment: int = 1
    finish_reason: FinishReason = "stop"
    usage: Usage = field(default_factory=lambda: Usage(input_tokens=11, output_tokens=7))

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)

    def fragments(self, call: ToolCall) -> list[str]:
        """The arguments of a call in pieces, as they come in a stream."""
        return [call.arguments[at : at + self.fragment] for at in range(0, len(call.arguments), self.fragment)]
