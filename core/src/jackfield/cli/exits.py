"""How a command ends: its exit code, and the error on standard error.

| code | meaning |
|---|---|
| 0 | it worked |
| 1 | the host or a plugin failed; `jackfield doctor` found a problem |
| 2 | the command was used wrongly, or names what does not exist |
| 3 | the workspace is in the way: a credential, a permission, a quota |
| 4 | the vendor failed or was not reached |
| 130 | it was interrupted |
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from jackfield.contract import JackfieldError

OK: Final = 0
HOST: Final = 1
USAGE: Final = 2
WORKSPACE: Final = 3
VENDOR: Final = 4
INTERRUPTED: Final = 130

_BY_FAULT: Final = {"host": HOST, "plugin": HOST, "caller": USAGE, "workspace": WORKSPACE, "vendor": VENDOR}


def as_error(error: Exception) -> JackfieldError | None:
    """The error of the contract that it is, if it is one; asks nobody where the contract was never imported."""
    errors = sys.modules.get("jackfield.contract.errors")
    return error if errors is not None and isinstance(error, errors.JackfieldError) else None


def code_of(error: JackfieldError) -> int:
    """The exit code by whose fault it is."""
    return _BY_FAULT[error.fault]


def give_up(message: str, advice: str) -> NoReturn:
    """End the process by the host's fault, where standard output can take no more, not even at the end."""
    print(f"Error: {message}\n{advice}", file=sys.stderr)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    sys.exit(HOST)


def show(error: JackfieldError, *, as_json: bool) -> None:
    """Write the error to standard error: a sentence and what to do, or the whole as JSON."""
    if as_json:
        print(json.dumps({"error": error.describe()}, ensure_ascii=False, default=str), file=sys.stderr)
        return
    print(f"Error: {error.message}", file=sys.stderr)
    if error.vendor_message and error.vendor_message not in error.message:
        print(f"The vendor says: {error.vendor_message}", file=sys.stderr)
    if error.request_id:
        print(f"The vendor's request id: {error.request_id}", file=sys.stderr)
    print(error.advice, file=sys.stderr)
