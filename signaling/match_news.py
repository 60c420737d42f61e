"""Telling people what became of their wait to be matched, on each of their devices.

What happens through this process is told at once.  What happens through another, and what time
does, is read from the store each second, for as long as anybody is connected here.  It refuses to
know who may be matched with whom.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from signaling import protocol
from signaling.chores import over_and_over
from signaling.store import Store, matches
from signaling.store.matches import Sight

LOOK_EVERY_S = 1.0
# A transaction is in the store some time after the moment that it carries, and clocks of machines
# differ: what is so young is looked at again.
LOOK_BACK = timedelta(seconds=10)


class Audience(Protocol):
    """Who is connected to this process."""

    def __len__(self) -> int: ...

    def tell_person(self, message: protocol.MatchNews, user_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Told:
    """Which version of a place its owner has heard of, and whether that it has expired."""

    rank: tuple[int, bool]
    at: datetime


class MatchTeller:
    """The service; `watch` must run for as long as there may be sockets."""

    def __init__(self, store: Store, audience: Audience, now: Callable[[], datetime]) -> None:
        self._store = store
        self._audience = audience
        self._now = now
        self._told: dict[tuple[str, str], _Told] = {}

    def tell(self, sights: Iterable[Sight], now: datetime) -> None:
        """Tell each owner, once; what is older than what they were told is left out."""
        for sight in sights:
            match = sight.match
            key = match.user_id, match.kind
            rank = match.version, match.state_at(now) == "expired"
            if key in self._told and self._told[key].rank >= rank:
                continue
            self._told[key] = _Told(rank, now)
            self._audience.tell_person(_message(sight, now), match.user_id)

    async def watch(self) -> None:
        """Look each second, until cancelled."""
        await over_and_over(LOOK_EVERY_S, self.look, "matching.look_failed")

    async def look(self) -> None:
        """Tell what has changed, wherever that was."""
        now = self._now()
        for key in [key for key, told in self._told.items() if told.at < now - 2 * LOOK_BACK]:
            del self._told[key]
        if len(self._audience):
            since = now - LOOK_BACK
            self.tell(await self._store.read(lambda c: matches.lately(c, since, now)), now)


def _message(sight: Sight, now: datetime) -> protocol.MatchNews:
    match = sight.match
    partner = None
    if match.partner_id is not None:
        partner = protocol.Partner(match.partner_id, sight.partner_name)
    return protocol.MatchNews(
        kind=match.kind,
        state=match.state_at(now),
        number=match.number or None,
        expires_at=match.expires_at,
        room=match.room_id,
        partner=partner,
    )
