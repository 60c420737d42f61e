"""Matching: people who do not know each other's names meet, by a number or by a heart link.

Knows who may ask and how often.  What an ask, a yes or a no does is for `match_turn`; whoever else
it concerns is told by `match_news`, in this process and in others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.limits import Buckets, Rate, neighbourhood
from signaling.match_news import MatchTeller
from signaling.match_turn import Patience, Turn, is_present
from signaling.pairs import reachable
from signaling.store import Store, matches
from signaling.store.matches import HEART_LINK, NUMBER, Overtaken, Sight
from signaling.streams import Happening, Streams

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class View:
    """Somebody's place at a moment; None for somebody who has none."""

    sight: Sight | None
    now: datetime

    @property
    def state(self) -> str:
        return "none" if self.sight is None else self.sight.match.state_at(self.now)

    @property
    def seconds_left(self) -> float:
        """Until the place has expired by itself; 0 if it cannot any more."""
        if self.sight is None or not self.sight.match.open_at(self.now):
            return 0.0
        return (self.sight.match.expires_at - self.now).total_seconds()


class Tries:
    """How often something may be tried: by one person, from one address, and by all together."""

    def __init__(
        self, monotonic: Callable[[], float], *, per_minute: int, per_minute_of_all: int
    ) -> None:
        self._monotonic = monotonic
        self._by_one = Buckets(_at_most(per_minute))
        self._by_all = Buckets(_at_most(per_minute_of_all), keys=1)

    def take(self, kind: str, who: Person, address: str) -> None:
        """Count one; Refused if any of the three has to wait, and then none is counted."""
        now = self._monotonic()
        keys = [
            (self._by_one, f"{kind} of {who.user.id}"),
            (self._by_one, f"{kind} from {neighbourhood(address)}"),
            (self._by_all, kind),
        ]
        wait_s = max(buckets.wait(key, now) for buckets, key in keys)
        if wait_s:
            raise Refused("rate_limited", retry_after_s=wait_s)
        for buckets, key in keys:
            buckets.charge(key, now)


class Matching:
    """The service."""

    def __init__(
        self,
        store: Store,
        streams: Streams,
        teller: MatchTeller,
        tries: Tries,
        *,
        now: Callable[[], datetime],
        patience: Patience,
    ) -> None:
        self._store = store
        self._streams = streams
        self._teller = teller
        self._tries = tries
        self._now = now
        self._patience = patience

    async def view(self, who: Person, kind: str) -> View:
        """How one stands."""
        me = who.user.id
        return View(
            await self._store.read(lambda connection: matches.sight(connection, me, kind)),
            self._now(),
        )

    async def ask_number(self, who: Person, number: str, address: str) -> View:
        """Wait for somebody with the same number, or meet them."""
        return await self._ask(who, NUMBER, number, None, address)

    async def ask_heart_link(self, who: Person, wanted_id: str | None, address: str) -> View:
        """Wait for somebody who waits too, or for one person, or be proposed to them."""
        if wanted_id is not None:
            await self._store.read(lambda connection: reachable(connection, who, wanted_id))
        return await self._ask(who, HEART_LINK, "", wanted_id, address)

    async def accept(self, who: Person, address: str) -> View:
        """Say yes to whoever is proposed."""
        return await self._act(who, HEART_LINK, address, Turn.accept)

    async def decline(self, who: Person, address: str) -> View:
        """Say no to whoever is proposed."""
        return await self._act(who, HEART_LINK, address, Turn.decline)

    async def cancel(self, who: Person, kind: str, address: str) -> View:
        """Wait no more; whoever was matched a moment before still is, and sees it."""
        return await self._act(who, kind, address, Turn.cancel)

    # --- how ---

    async def _ask(
        self, who: Person, kind: str, number: str, wanted_id: str | None, address: str
    ) -> View:
        """A page that was loaded again asks for what it has, and that is no try."""
        view = await self.view(who, kind)
        if view.sight and is_present(view.sight.match, number, wanted_id, view.now):
            return view
        self._tries.take(kind, who, address)
        try:
            return await self._act(who, kind, address, lambda turn: turn.ask(number, wanted_id))
        except Overtaken:
            # Another device of theirs asked for something else in the same instant.
            raise Refused("already_waiting") from None

    async def _act(self, who: Person, kind: str, address: str, act: Callable[[Turn], None]) -> View:
        me = who.user.id

        def work(happening: Happening) -> tuple[View, list[Sight]]:
            turn = Turn(happening, kind, me, address, self._patience)
            act(turn)
            own = matches.sight(happening.connection, me, kind)
            return View(own, happening.now), turn.sights()

        view, changed = await self._streams.write(work)
        self._teller.tell(changed, view.now)
        return view


def _at_most(per_minute: int) -> Rate:
    """So many in any minute: a full bucket, and what drips into it before the minute is over."""
    return Rate(max((per_minute + 1) // 2, 1), MINUTE_S)
