"""Insert unless, or update if, the row is there: one statement on both engines."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    connection: sa.Connection,
    table: sa.Table,
    key: dict[str, Any],
    values: dict[str, Any],
    *,
    only_new: dict[str, Any] | None = None,
) -> None:
    """Make the row of `key` have `values`; `only_new` counts only if there was no such row."""
    statement = _insert(connection, table).values(**key, **values, **(only_new or {}))
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def replace_if(
    connection: sa.Connection,
    table: sa.Table,
    key: dict[str, Any],
    values: dict[str, Any],
    condition: sa.ColumnElement[bool],
) -> bool:
    """Make the row of `key`, or change it if the condition holds of it; False if it does not."""
    statement = _insert(connection, table).values(**key, **values)
    either = statement.on_conflict_do_update(index_elements=list(key), set_=values, where=condition)
    return connection.execute(either).rowcount == 1


def insert_if_new(connection: sa.Connection, table: sa.Table, values: dict[str, Any]) -> bool:
    """False if a unique column has one of the values already; then nothing is changed."""
    statement = _insert(connection, table).values(**values).on_conflict_do_nothing()
    return connection.execute(statement).rowcount == 1


def _insert(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)
