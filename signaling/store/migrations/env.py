"""What Alembic runs for each command; the connection and its transaction are the caller's."""

from alembic import context

from signaling.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
context.run_migrations()
