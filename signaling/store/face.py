"""The store's one face: `read(work)` and `write(work)`, whichever database stands behind it.

A piece of work is a plain function of a SQLAlchemy connection; it may run twice, so it changes
nothing but the database.  `write` returns after the commit that holds it: what it returns is
durable.  How that is done is for `sqlite` (group commit) and `postgres`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa

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
        Raises Unavailable if the database is locked, full or away; then nothing was changed,
        unless a PostgreSQL went away while it committed: that outcome is unknown.
        """

    @abstractmethod
    def pending(self) -> int:
        """Writes that wait for their commit; for /metrics."""
