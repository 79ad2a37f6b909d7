"""The plugin behind the kernel, and OpenAI's double."""

from __future__ import annotations

from jackfield_openai import plugin
from jackfield_sdk.testing import asking

KEY = {"api_key": "sk-proj-canary-0123456789"}

vendor, openai = asking(plugin, KEY, "gpt-4.1")
