"""Mistral AI: https://docs.mistral.ai"""

from .provider import Mistral

plugin = Mistral()

__all__ = ["Mistral", "plugin"]
