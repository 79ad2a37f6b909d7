"""Alibaba Cloud Model Studio (DashScope): https://www.alibabacloud.com/help/en/model-studio"""

from .provider import Tongyi

plugin = Tongyi()

__all__ = ["Tongyi", "plugin"]
