"""What commands print: for people in a terminal, plain for a pipe, JSON on demand."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def console() -> Console:
    """Standard output; no colour where it is no terminal, or where NO_COLOR is set."""
    return Console(highlight=False, soft_wrap=True)


def errors() -> Console:
    """Standard error, for progress and remarks."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_json_line(value: Any) -> None:
    """One line of JSONL."""
    print(json.dumps(value, ensure_ascii=False, default=str), flush=True)


def minute(moment: datetime | None) -> str:
    """A moment as a table tells it, by the clock of who reads."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment is not None else ""


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """A table in a terminal; elsewhere a line for each row, fields parted by tabs and never cut.

    In a terminal a column that no row fills is left out, and the first one, which names things, keeps to one line.
    """
    if not sys.stdout.isatty():
        print("\t".join(columns))
        for row in rows:
            print("\t".join(" ".join(str(field).split()) for field in row))
        return
    shown = [[field if isinstance(field, Text) else Text(field) for field in row] for row in rows]
    filled = [number for number in range(len(columns)) if not shown or any(row[number].plain.strip() for row in shown)]
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for number in filled:
        table.add_column(columns[number], no_wrap=number == 0, overflow="fold")
    for row in shown:
        table.add_row(*(row[number] for number in filled))
    Console(highlight=False).print(table)
