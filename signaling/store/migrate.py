"""Brings a database up to the schema of this version; never down.

The caller holds the transaction: on both engines DDL is transactional, so a process that is
killed half-way leaves the old schema whole and the next start does all of it again.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

STEPS = Path(__file__).parent / "migrations"


class StoreTooNew(Exception):
    """The database was written by a newer Candor; starting would damage it."""


def upgrade(connection: sa.Connection) -> None:
    """Apply every step that is missing, in the caller's transaction."""
    alembic = _alembic(connection)
    revision = current(connection)
    known = {step.revision for step in ScriptDirectory.from_config(alembic).walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreTooNew(
            f"the database has schema {revision}, which this version does not know: "
            "start the newer Candor that wrote it, or restore an older backup"
        )
    command.upgrade(alembic, "head")


def current(connection: sa.Connection) -> str | None:
    """The schema that the database has now; None if it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The schema that this version writes."""
    head = ScriptDirectory.from_config(_alembic(None)).get_current_head()
    assert head is not None
    return head


def _alembic(connection: sa.Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(STEPS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
