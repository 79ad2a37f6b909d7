"""Anthropic's Claude models, by the messages API itself."""

from .provider import Anthropic

plugin = Anthropic()

__all__ = ["Anthropic", "plugin"]
