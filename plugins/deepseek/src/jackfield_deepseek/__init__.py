"""DeepSeek: https://api-docs.deepseek.com"""

from .provider import DeepSeek

plugin = DeepSeek()

__all__ = ["DeepSeek", "plugin"]
