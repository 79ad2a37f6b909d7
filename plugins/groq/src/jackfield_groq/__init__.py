"""Groq: https://console.groq.com/docs"""

from .provider import Groq

plugin = Groq()

__all__ = ["Groq", "plugin"]
