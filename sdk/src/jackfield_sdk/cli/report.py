"""What the commands print: for people in a terminal, plain for a pipe, JSON on demand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from .check.findings import RULES, Finding


def console(*, stderr: bool = False) -> Console:
    """No colour where it is no terminal; lines are never wrapped."""
    return Console(highlight=False, soft_wrap=True, stderr=stderr)


def print_json(value: Any) -> None:
    """One JSON document."""
    console().print(json.dumps(value, ensure_ascii=False, indent=2, default=str), markup=False)


def show_findings(findings: Sequence[Finding], base: Path, *, as_json: bool) -> None:
    """Each in a line, as compilers write it."""
    if as_json:
        print_json([finding.describe(base) for finding in findings])
        return
    out = console()
    for finding in findings:
        place = f"{finding.shown(base)}:{finding.line}: "
        out.print(Text.assemble((place, "bold"), (finding.code, "red"), " ", finding.message))
    out.print(
        "Nothing is wrong." if not findings else f"{len(findings)} found. `jackfield-sdk check --rules` explains the codes."
    )


def show_rules(*, as_json: bool) -> None:
    """The codes and what holds where they are not found."""
    if as_json:
        print_json(RULES)
        return
    for code, meaning in RULES.items():
        console().print(Text.assemble((code, "bold"), "  ", meaning))
