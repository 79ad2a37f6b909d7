"""OpenAI's responses, both ways: https://platform.openai.com/docs/api-reference/responses"""

from ..openai_errors import render_error
from .items import DIALECT
from .options import ResponsesOptions
from .rendering import render_stream
from .requests import build_request, parse_request
from .results import parse_result, render_result
from .streams import StreamParser, parse_stream

__all__ = [
    "DIALECT",
    "ResponsesOptions",
    "StreamParser",
    "build_request",
    "parse_request",
    "parse_result",
    "parse_stream",
    "render_error",
    "render_result",
    "render_stream",
]
