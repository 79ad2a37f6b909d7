"""The kernel: finds, loads and calls plugins, and keeps out those that break the contract."""

from .kernel import Kernel
from .records import Cause, PluginRecord, Quarantine

__all__ = ["Cause", "Kernel", "PluginRecord", "Quarantine"]
