"""OpenRouter: https://openrouter.ai/docs"""

from .provider import OpenRouter

plugin = OpenRouter()

__all__ = ["OpenRouter", "plugin"]
