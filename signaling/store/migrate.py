"""Brings a database up to the schema of this version; never down.

The caller holds the transaction: on both engines DDL is transactional, so a process that is
killed half-way leaves the old schema whole and the next start does all of it again.  Files of
steps are named by their revisions, so that a database that has them all is known without reading
one of them, and without Alembic, which runs them.
"""

from pathlib import Path

import sqlalchemy as sa

STEPS = Path(__file__).parent / "migrations"
# Where Alembic notes how far it came.
NOTED = sa.table("alembic_version", sa.column("version_num", sa.Text))


class StoreTooNew(Exception):
    """The database was written by a newer Candor; starting would damage it."""


def upgrade(connection: sa.Connection) -> None:
    """Apply every step that is missing, in the caller's transaction."""
    revision, known = current(connection), steps()
    if revision is not None and revision not in known:
        raise StoreTooNew(
            f"the database has schema {revision}, which this version does not know: "
            "start the newer Candor that wrote it, or restore an older backup"
        )
    if revision != known[-1]:
        _run_to_the_last(connection)


def current(connection: sa.Connection) -> str | None:
    """The schema that the database has now; None if it is empty."""
    if not sa.inspect(connection).has_table(NOTED.name):
        return None
    return connection.scalar(sa.select(NOTED.c.version_num))


def newest() -> str:
    """The schema that this version writes."""
    return steps()[-1]


def steps() -> list[str]:
    """The revision of each step, in their order."""
    return sorted(file.name.partition("_")[0] for file in (STEPS / "versions").glob("*.py"))


def _run_to_the_last(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(STEPS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
