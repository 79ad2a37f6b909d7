"""Ollama: models on one's own machine or in Ollama's cloud, by the native API."""

from .provider import Ollama

plugin = Ollama()

__all__ = ["Ollama", "plugin"]
