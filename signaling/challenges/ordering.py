"""Who may have somebody challenged, and when a room's policy does: orders for `Challenges`.

Knows rights, rooms' policies, and of each person who is looked at when they were last thought of.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
import structlog

from detection import Left, Outcome, Scored
from signaling.audit import Act
from signaling.auth.identity import Person
from signaling.challenges.rules import Challenge, Policy, Standing, due
from signaling.challenges.under_way import Challenges, Order, Whose
from signaling.errors import Refused
from signaling.rooms import say_in, say_in_call
from signaling.store import Store, audit, challenges

log = structlog.get_logger()

OTHERWISE = "Only moderators and operators have people challenged."


class Challenging:
    """The service."""

    def __init__(
        self,
        store: Store,
        under_way: Challenges,
        now: Callable[[], datetime],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._store = store
        self._under_way = under_way
        self._now = now
        self._monotonic = monotonic
        self._random = random
        self._people: dict[Whose, Standing] = {}
        self._policies: dict[str, Policy] = {}

    async def ask(
        self, who: Person, call_id: str, identity: str, kind: str, address: str
    ) -> Challenge:
        """For a moderator or an operator: ask somebody of a call that is under way."""
        call, why = await self._store.read(lambda c: say_in_call(c, who, call_id, OTHERWISE))
        if not call.open:
            raise Refused("call_over")
        self._note_asked((call.room_id, identity))
        return await self._under_way.ask(
            Order(call.room_id, identity, kind, why, who.user.id, address)
        )

    async def history(
        self, who: Person, call_id: str, before: str, limit: int
    ) -> list[challenges.Asked]:
        """Who was asked in the call's room, the newest first."""

        def work(connection: sa.Connection) -> list[challenges.Asked]:
            call, _ = say_in_call(connection, who, call_id, OTHERWISE)
            return challenges.of_room(connection, call.room_id, before, limit)

        return await self._store.read(work)

    async def policy(self, who: Person, room_id: str) -> Policy:
        """What a room asks by itself."""

        def work(connection: sa.Connection) -> Policy:
            _authority(connection, who, room_id)
            return challenges.policy_of(connection, room_id)

        return await self._store.read(work)

    async def set_policy(self, who: Person, room_id: str, policy: Policy, address: str) -> None:
        """It counts from now on, for those who are there as well."""

        def work(connection: sa.Connection) -> None:
            _authority(connection, who, room_id)
            challenges.set_policy(connection, room_id, policy)
            act = Act(who.user.id, "challenge.policy", room_id, address)
            audit.record(connection, act, self._now())

        await self._store.write(work)
        self._policies[room_id] = policy

    async def hear(self, said: Scored | Left) -> None:
        """What is said of somebody may be a reason to ask them."""
        self._under_way.hear(said)
        whose = (said.room, said.identity)
        if isinstance(said, Left):
            self._people.pop(whose, None)
            return
        now_s = self._monotonic()
        before = self._people.get(whose) or Standing(considered_s=now_s)
        person = replace(before, seen=_is_seen(said), suspected=said.score.offer_challenge)
        draw = int.from_bytes(self._random(4), "big") / 2**32
        wanted = due(await self._policy_of(said.room), person, now_s, draw)
        self._people[whose] = replace(person, considered_s=now_s)
        if wanted is not None:
            await self._ask_by_policy(Order(*whose, *wanted))

    async def _ask_by_policy(self, order: Order) -> None:
        self._note_asked((order.room, order.identity))
        try:
            await self._under_way.ask(order)
        except Refused as refused:
            log.debug("challenge.not_asked", code=refused.code)

    def _note_asked(self, whose: Whose) -> None:
        if whose in self._people:
            self._people[whose] = replace(self._people[whose], asked_s=self._monotonic())

    async def _policy_of(self, room_id: str) -> Policy:
        if room_id not in self._policies:
            found = await self._store.read(lambda c: challenges.policy_of(c, room_id))
            self._policies[room_id] = found
        return self._policies[room_id]


def _is_seen(said: Scored) -> bool:
    gate = [one for one in said.record.evidence if one.signal == "quality"]
    return bool(gate) and gate[-1].outcome is Outcome.OBSERVED and not said.record.blind


def _authority(connection: sa.Connection, who: Person, room_id: str) -> str:
    """As what somebody has a say here: `host` or `operator`."""
    return say_in(connection, who, room_id, OTHERWISE)
