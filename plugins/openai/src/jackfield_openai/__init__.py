"""OpenAI: https://developers.openai.com/api/docs"""

from .provider import OpenAI

plugin = OpenAI()

__all__ = ["OpenAI", "plugin"]
