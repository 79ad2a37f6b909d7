"""Real models inside wheels, offline and without a key: chat, embedding, rerank, speech to text, text to speech."""

from .provider import Local

plugin = Local()

__all__ = ["Local", "plugin"]
