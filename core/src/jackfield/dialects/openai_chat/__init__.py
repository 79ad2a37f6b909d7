"""OpenAI's chat completions, both ways: https://platform.openai.com/docs/api-reference/chat"""

from ..openai_errors import render_error
from ..openai_usage import parse_chat_usage as parse_usage
from ..openai_usage import render_chat_usage as render_usage
from .options import ChatOptions
from .parts import DIALECT
from .rendering import render_stream
from .requests import build_request, parse_request
from .results import parse_result, render_result
from .streams import StreamParser, parse_stream

__all__ = [
    "DIALECT",
    "ChatOptions",
    "StreamParser",
    "build_request",
    "parse_request",
    "parse_result",
    "parse_stream",
    "parse_usage",
    "render_error",
    "render_result",
    "render_stream",
    "render_usage",
]
