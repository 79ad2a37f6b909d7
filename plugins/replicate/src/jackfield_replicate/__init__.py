"""Replicate: language and embedding models as predictions."""

from .provider import Replicate

plugin = Replicate()

__all__ = ["Replicate", "plugin"]
