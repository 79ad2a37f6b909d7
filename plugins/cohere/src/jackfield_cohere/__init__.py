"""Cohere: https://docs.cohere.com"""

from .provider import Cohere

plugin = Cohere()

__all__ = ["Cohere", "plugin"]
