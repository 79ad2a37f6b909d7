"""Google's Gemini models: https://ai.google.dev/api"""

from .provider import Gemini

plugin = Gemini()

__all__ = ["Gemini", "plugin"]
