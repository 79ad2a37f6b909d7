"""A database that is away: told as what it is, whoever asked it for what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from jackfield.contract import HostFault

_STATES = ("08", "53", "57")
"""Classes of PostgreSQL's error codes: no connection, no resources, an operator's intervention (such as a restart). See
https://www.postgresql.org/docs/current/errcodes-appendix.html"""


class DatabaseAway(HostFault):
    """The database does not answer, or cannot do its work now. What was asked of it was not done."""

    code = "database_away"
    status = 503
    retryable = True
    advice = "Start it, or see in its log what keeps it; the request may be sent again then."


DATABASE_ERRORS = (DatabaseAway, OSError, exc.SQLAlchemyError)
"""Whatever the database fails with: for those who go on without it."""


@contextmanager
def telling_if_away() -> Iterator[None]:
    """:raises DatabaseAway: where the block failed because the database is; other errors pass as they are"""
    try:
        yield
    except (OSError, exc.SQLAlchemyError) as error:
        if not _means_away(error):
            raise
        cause = getattr(error, "orig", None) or error
        raise DatabaseAway(f"The database does not answer ({type(cause).__name__}).") from error


def _means_away(error: OSError | exc.SQLAlchemyError) -> bool:
    if not isinstance(error, exc.DBAPIError):
        return isinstance(error, OSError | exc.TimeoutError)
    if isinstance(error, exc.IntegrityError | exc.DataError | exc.ProgrammingError):
        return False
    in_no_statement = error.statement is None  # so while it connected, or committed
    state = getattr(error.orig, "sqlstate", None) or ""
    lost = error.connection_invalidated or isinstance(error, exc.OperationalError | exc.InterfaceError)
    return in_no_statement or lost or state[:2] in _STATES
