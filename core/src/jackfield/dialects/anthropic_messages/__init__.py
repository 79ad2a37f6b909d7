"""Anthropic's messages, both ways: https://docs.anthropic.com/en/api/messages"""

from .blocks import DIALECT
from .requests import MessagesOptions, build_request, parse_request
from .results import parse_result, read_error, render_error, render_result
from .streams import StreamParser, parse_stream, render_stream, stream_error

__all__ = [
    "DIALECT",
    "MessagesOptions",
    "StreamParser",
    "build_request",
    "parse_request",
    "parse_result",
    "parse_stream",
    "read_error",
    "render_error",
    "render_result",
    "render_stream",
    "stream_error",
]
