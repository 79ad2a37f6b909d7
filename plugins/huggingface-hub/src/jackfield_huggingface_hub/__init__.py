"""Hugging Face: its router to inference providers, dedicated endpoints, and one's own TGI and TEI servers."""

from .provider import HuggingFaceHub

plugin = HuggingFaceHub()

__all__ = ["HuggingFaceHub", "plugin"]
