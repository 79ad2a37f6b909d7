"""Baidu AI Cloud Qianfan, the ERNIE (Wenxin) models: https://cloud.baidu.com/doc/qianfan-api"""

from .provider import Wenxin

plugin = Wenxin()

__all__ = ["Wenxin", "plugin"]
