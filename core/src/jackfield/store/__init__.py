"""The database: tables, migrations, sessions."""

from .columns import new_id, now
from .store import Store

__all__ = ["Store", "new_id", "now"]
