"""Xorbits Inference: https://inference.readthedocs.io, https://github.com/xorbitsai/inference"""

from .provider import Xinference

plugin = Xinference()

__all__ = ["Xinference", "plugin"]
