"""The icon: `icon.svg`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ...icons import Fault, icon_faults
from .findings import Finding, line_of

_CODES: Final[dict[Fault, str]] = {
    "size": "I602",
    "xml": "I603",
    "viewbox": "I604",
    "active": "I605",
    "reference": "I606",
}


def check_icon(path: Path) -> Iterator[Finding]:
    """All that is wrong with an icon."""
    text = path.read_text("utf-8", "replace")
    for fault in icon_faults(text):
        found = re.search(r"line (\d+), column", fault.says)
        line = int(found[1]) if found else line_of(text, re.escape(fault.near))
        yield Finding(path, line, _CODES[fault.kind], fault.says)
