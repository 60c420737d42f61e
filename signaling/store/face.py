"""The store's one face: `read(work)` and `write(work)`, whichever database stands behind it.

A piece of work is a plain function of a SQLAlchemy connection; it may run twice, so it changes
nothing but the database.  `write` returns after the commit that holds it: what it returns is
durable.  How that is done is for `sqlite` (group commit) and `postgres`.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from signaling.errors import Unavailable

T = TypeVar("T")
Work = Callable[[sa.Connection], T]


class Store(ABC):
    """Where everything durable lives."""

    @abstractmethod
    async def read(self, work: Work[T]) -> T:
        """What `work` sees in one consistent snapshot; it must not write."""

    @abstractmethod
    async def write(self, work: Work[T]) -> T:
        """What `work` returned, after its changes are on disk.

        If `work` raises, its changes are undone, nobody else's are, and the error is raised here.
        Raises Unavailable if the database is locked, full or away; then nothing was changed.
        """

    @abstractmethod
    def pending(self) -> int:
        """Writes that wait for their commit; for /metrics."""


def unavailable(error: DBAPIError) -> Unavailable | None:
    """The world's fault in a database error, or None if it is ours."""
    text = str(error.orig).lower()
    if "full" in text or "no space" in text:
        return Unavailable("storage_full", text)
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return Unavailable("store_unavailable", text)
    if isinstance(error.orig, sqlite3.DatabaseError) and "malformed" in text:
        return Unavailable("store_unavailable", text)
    return None
