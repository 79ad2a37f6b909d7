"""The plugin behind the kernel, and Cohere's double."""

from __future__ import annotations

from jackfield_cohere import plugin
from jackfield_sdk.testing import asking

vendor, api = asking(plugin, {"api_key": "cohere-canary-key"}, "command-a-plus-05-2026")
