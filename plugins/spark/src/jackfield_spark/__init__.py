"""iFlytek's Spark (讯飞星火): https://www.xfyun.cn/doc/spark/"""

from .provider import Spark

plugin = Spark()

__all__ = ["Spark", "plugin"]
