"""Anthropic's messages, both ways: https://docs.anthropic.com/en/api/messages"""

from ..openai_errors import read_error
from ..stream_errors import stream_error
from .blocks import DIALECT
from .bodies import build_count_request, build_request
from .options import MessagesOptions
from .rendering import render_stream
from .requests import parse_request
from .results import parse_count, parse_result, render_count, render_error, render_result
from .streams import StreamParser, parse_stream

__all__ = [
    "DIALECT",
    "MessagesOptions",
    "StreamParser",
    "build_count_request",
    "build_request",
    "parse_count",
    "parse_request",
    "parse_result",
    "parse_stream",
    "read_error",
    "render_count",
    "render_error",
    "render_result",
    "render_stream",
    "stream_error",
]
