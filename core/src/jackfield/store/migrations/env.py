"""Alembic's entry: the connection is given by `jackfield.store.schema`, which has begun its transaction."""

from alembic import context
from jackfield.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
