"""Zhipu AI (Z.ai): https://docs.bigmodel.cn"""

from .provider import Zhipu

plugin = Zhipu()

__all__ = ["Zhipu", "plugin"]
