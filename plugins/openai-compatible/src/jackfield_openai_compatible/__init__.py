"""Any endpoint that speaks OpenAI's dialect, its models added one by one."""

from .provider import Compatible

plugin = Compatible()

__all__ = ["Compatible", "plugin"]
