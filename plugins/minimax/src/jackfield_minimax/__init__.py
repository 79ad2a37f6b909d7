"""MiniMax: https://platform.minimaxi.com/docs, https://platform.minimax.io/docs"""

from .provider import MiniMax

plugin = MiniMax()

__all__ = ["MiniMax", "plugin"]
