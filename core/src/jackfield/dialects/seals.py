"""Seals on reasoning, which each vendor takes back from itself only, and refuses the whole request for another's.

A conversation may go from one vendor to another (a fallback, an alias that was changed), so that a foreign seal is left out.
"""

from __future__ import annotations

import re

_MARK = re.compile(r"[a-z][a-z0-9_]*:")


def is_openai(seal: str) -> bool:
    """OpenAI's `encrypted_content` is a Fernet token (https://github.com/fernet/spec/blob/master/Spec.md), version 0x80."""
    return seal.startswith("gAAAA")


def is_anthropic(seal: str) -> bool:
    """Anthropic's `signature` is a message of Protocol Buffers in base64, which begins with its second field (0x12)."""
    return len(seal) > 64 and seal[0] == "E" and seal[1] in "ghijklmnopqrstuv"


def is_marked(seal: str) -> bool:
    """Whether it says by itself whose it is, `gemini:EpwC…`: so plugins mark those that look like another vendor's."""
    return _MARK.match(seal) is not None
