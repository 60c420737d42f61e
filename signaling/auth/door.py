"""The door-keeper: how often somebody may guess before having to wait.

Failures count against the address first, so one guesser cannot lock anybody else out.  When one
account is guessed at from many addresses, only those that it was used from before may go on.
"""

from collections.abc import Callable

import sqlalchemy as sa

from signaling.auth.names import look
from signaling.errors import Refused
from signaling.limits import Buckets, Rate, neighbourhood
from signaling.store import Store, sessions, users

ACCOUNT_FAILURES = Rate(100, 3600.0)
PIN_FAILURES = Rate(5, 60.0)


class Door:
    """Asked before each guess; told when the guess was right."""

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
        self._by_address = Buckets(Rate(logins_per_minute, 60.0))
        self._by_account = Buckets(ACCOUNT_FAILURES)
        self._pins = Buckets(PIN_FAILURES)
        self._entries = Buckets(Rate(entries_per_hour, 3600.0))

    async def before_login(self, name: str, address: str) -> None:
        """Count a guess; Refused("rate_limited") if there were too many."""
        self._take(self._by_address, neighbourhood(address))
        key, now = look(name.strip()), self._monotonic()
        wait = self._by_account.take(key, now)
        if wait and not await self._known(key, address):
            raise Refused("rate_limited", retry_after_s=wait)

    def after_login(self, name: str, address: str) -> None:
        """The guess was right, so it was none."""
        now = self._monotonic()
        self._by_address.refund(neighbourhood(address), now)
        self._by_account.refund(look(name.strip()), now)

    def before_entry(self, address: str) -> None:
        """Count an account or a guest made from this address."""
        self._take(self._entries, neighbourhood(address))

    def before_pin(self, code: str) -> None:
        """Count a guess at an invitation's PIN, from whatever address."""
        self._take(self._pins, code)

    def after_pin(self, code: str) -> None:
        """The PIN was right."""
        self._pins.refund(code, self._monotonic())

    def _take(self, buckets: Buckets, key: str) -> None:
        wait = buckets.take(key, self._monotonic())
        if wait:
            raise Refused("rate_limited", retry_after_s=wait)

    async def _known(self, name_key: str, address: str) -> bool:
        def work(connection: sa.Connection) -> bool:
            user = users.by_name_key(connection, name_key)
            return user is not None and sessions.seen_at(connection, user.id, address)

        return await self._store.read(work)
