"""Finding people by how their names begin: a few of them, and only those who want to be found.

It refuses to list everybody: too few letters find nobody, and whoever searches too often waits.
"""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from signaling.auth.identity import Person
from signaling.auth.names import look, tells_much
from signaling.errors import Refused
from signaling.limits import Buckets, Rate
from signaling.presence import status
from signaling.store import Store, users
from signaling.store.naming import people_beginning
from signaling.store.users import User

MOST = 10
FEWEST_LETTERS = 2


class Finding:
    """The service."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        *,
        per_minute: int,
    ) -> None:
        self._store = store
        self._now = now
        self._monotonic = monotonic
        self._tries = Buckets(Rate(per_minute, 60.0))

    async def find(self, asker: Person, words: str) -> list[tuple[User, str]]:
        """Whom it found, each with their status; Refused for too few letters, and for haste."""
        words, key = words.strip(), look(words.strip())
        if len(key) < FEWEST_LETTERS and not tells_much(key):
            raise Refused("invalid", f"q: at least {FEWEST_LETTERS} letters.")
        wait_s = self._tries.take(asker.user.id, self._monotonic())
        if wait_s:
            raise Refused("rate_limited", retry_after_s=wait_s)
        now = self._now()

        def work(connection: sa.Connection) -> list[tuple[User, str]]:
            found = users.findable(
                connection, asker.user.id, people_beginning(words, key), limit=MOST
            )
            seen = users.seen_of(connection, [user.id for user in found])
            return [(user, status(seen.get(user.id), now)) for user in found]

        return await self._store.read(work)
