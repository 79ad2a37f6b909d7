"""The database: tables, migrations, sessions."""

from .columns import new_id, now
from .errors import DATABASE_ERRORS, DatabaseAway
from .store import Store

__all__ = ["DATABASE_ERRORS", "DatabaseAway", "Store", "new_id", "now"]
