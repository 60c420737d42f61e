"""The door-keeper: how often somebody may guess before having to wait.

Wrong guesses count against the address first, so one guesser cannot lock anybody else out.  When
one account is guessed at from many addresses, only those that it was used from before may go on.
Right ones cost nothing: a whole office may sign in at once from behind one address.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager

import sqlalchemy as sa

from signaling.auth.names import look
from signaling.errors import Refused
from signaling.limits import Buckets, Rate, neighbourhood
from signaling.store import Store, sessions, users

ACCOUNT_FAILURES = Rate(100, 3600.0)
PIN_FAILURES = Rate(5, 60.0)
# Three codes of a million are good at a time: guessing on and on for a day finds one in 230 times.
CODE_FAILURES = Rate(5, 300.0)
CODE_FAILURES_OF_ADDRESS = Rate(20, 300.0)
# Guesses under way at once, which nobody can know yet to be wrong.  What a burst of them gets
# wrong is charged in full, so 50 wrong ones at once mean five minutes of waiting.
LOGINS_AT_ONCE = 50
PINS_AT_ONCE = 20
CODES_AT_ONCE = 5


class Door:
    """Asked before each guess, and told how it ended."""

    def __init__(
        self,
        store: Store,
        monotonic: Callable[[], float],
        *,
        logins_per_minute: int,
        entries_per_hour: int,
    ) -> None:
        self._store = store
        self._monotonic = monotonic
        self._by_account = Buckets(ACCOUNT_FAILURES)
        self._logins = _Guesses(Rate(logins_per_minute, 60.0), LOGINS_AT_ONCE, monotonic)
        self._pins = _Guesses(PIN_FAILURES, PINS_AT_ONCE, monotonic)
        self._codes = _Guesses(CODE_FAILURES, CODES_AT_ONCE, monotonic)
        self._codes_there = _Guesses(CODE_FAILURES_OF_ADDRESS, LOGINS_AT_ONCE, monotonic)
        self._entries = Buckets(Rate(entries_per_hour, 3600.0))

    @asynccontextmanager
    async def login(self, name: str, address: str) -> AsyncIterator[None]:
        """One guess at a password; Refused("rate_limited") if there were too many wrong ones."""
        key = look(name.strip())
        wait_s = self._by_account.wait(key, self._monotonic())
        if wait_s and not await self._known(key, address):
            raise Refused("rate_limited", retry_after_s=wait_s)
        with self._logins.one(neighbourhood(address), "wrong_credentials"):
            try:
                yield
            except Refused as error:
                if error.code == "wrong_credentials":
                    self._by_account.charge(key, self._monotonic())
                raise

    def pin(self, code: str) -> AbstractContextManager[None]:
        """One guess at an invitation's PIN, from whatever address."""
        return self._pins.one(code, "wrong_pin")

    @contextmanager
    def code(self, user_id: str, address: str, wrong_code: str = "wrong_code") -> Iterator[None]:
        """One guess at what shows that an account is one's own, from an address."""
        with (
            self._codes.one(user_id, wrong_code),
            self._codes_there.one(neighbourhood(address), wrong_code),
        ):
            yield

    def entry(self, address: str) -> None:
        """Count an account or a guest made from this address; Refused if there were too many."""
        wait_s = self._entries.take(neighbourhood(address), self._monotonic())
        if wait_s:
            raise Refused("rate_limited", retry_after_s=wait_s)

    async def _known(self, name_key: str, address: str) -> bool:
        def work(connection: sa.Connection) -> bool:
            user = users.by_name_key(connection, name_key)
            return user is not None and sessions.seen_at(connection, user.id, address)

        return await self._store.read(work)


class _Guesses:
    """Wrong guesses by key, and how many are under way."""

    def __init__(self, rate: Rate, at_once: int, monotonic: Callable[[], float]) -> None:
        self._wrong = Buckets(rate)
        self._under_way = Counter[str]()
        self._at_once = at_once
        self._monotonic = monotonic

    @contextmanager
    def one(self, key: str, wrong_code: str) -> Iterator[None]:
        """A guess that is wrong if the block raises Refused(wrong_code)."""
        wait_s = self._wrong.wait(key, self._monotonic())
        if self._under_way[key] >= self._at_once:
            wait_s = max(wait_s, 1.0)
        if wait_s:
            raise Refused("rate_limited", retry_after_s=wait_s)
        self._under_way[key] += 1
        try:
            yield
        except Refused as error:
            if error.code == wrong_code:
                self._wrong.charge(key, self._monotonic())
            raise
        finally:
            self._under_way[key] -= 1
            if not self._under_way[key]:
                del self._under_way[key]
