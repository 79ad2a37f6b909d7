"""Jina AI: https://jina.ai/api-dashboard"""

from .provider import Jina

plugin = Jina()

__all__ = ["Jina", "plugin"]
