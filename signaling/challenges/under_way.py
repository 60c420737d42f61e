"""Challenges under way: people are asked to show that a camera sees them, and what came of it.

Offers, shows, waits for what detection finds, and ends (`rules`); each step is kept and
audited.  It refuses to know whether an answer was right (`detection`), who may order one and when
a policy does (`ordering`), sockets and HTTP.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import sqlalchemy as sa
import structlog
from msgspec import structs

from detection import ASK, Asked, Evidence, Left, Plan, Scored, Withdrawn, ask_light
from signaling.attendance import Attendance
from signaling.audit import Act, detail
from signaling.challenges import messages
from signaling.challenges.rules import (
    ANSWERED_WITHIN_S,
    LEAD_S,
    LONGEST_ROUND_TRIP_S,
    OFFERED_FOR_S,
    ONCE_MORE,
    POLICY,
    Challenge,
    Ending,
    is_worth_another,
    overdue,
)
from signaling.chores import over_and_over
from signaling.errors import Refused
from signaling.identifiers import new_id
from signaling.protocol import ChallengeBegun, ChallengeNews, Told
from signaling.store import Store, audit, challenges

log = structlog.get_logger()

LOOK_EVERY_S = 0.25

Whose = tuple[str, str]


class Eyes(Protocol):
    """What challenges ask of detection."""

    def tell(self, room: str, identity: str, note: Asked | Withdrawn) -> None: ...

    def attend(self, room: str, identity: str, duration_s: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Order:
    """Who is to be asked what, and who wants it for which reason."""

    room: str
    identity: str
    kind: str
    why: str
    asked_by: str = POLICY
    address: str = ""


class Challenges:
    """The service; `watch` must run for as long as anybody may be asked."""

    def __init__(
        self,
        store: Store,
        attendance: Attendance,
        eyes: Eyes | None,
        now: Callable[[], datetime],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """Without `eyes` nobody is looked at, and so nobody can be asked."""
        self._store = store
        self._attendance = attendance
        self._eyes = eyes
        self._now = now
        self._monotonic = monotonic
        self._random = random
        self._open: dict[str, Challenge] = {}
        self._answers: dict[str, Evidence] = {}
        self._looked_at: set[Whose] = set()

    async def ask(self, order: Order) -> Challenge:
        """Offer a challenge to somebody who is looked at, and connected."""
        return await self._offer(order, ASK[order.kind](self._random))

    async def _offer(self, order: Order, plan: Plan) -> Challenge:
        whose = (order.room, order.identity)
        if not self._attendance.in_room(*whose):
            raise Refused("not_found", "They are not in the room.")
        if whose not in self._looked_at:
            raise Refused("not_checked")
        if any((one.room, one.identity) == whose for one in self._open.values()):
            raise Refused("challenge_open")
        now = self._now()
        challenge = Challenge(
            new_id(now),
            order.room,
            order.identity,
            order.kind,
            order.why,
            plan,
            self._monotonic(),
        )
        self._open[challenge.id] = challenge
        try:
            await self._store.write(lambda connection: _keep(connection, challenge, order, now))
        except BaseException:
            del self._open[challenge.id]
            raise
        self._tell(challenge, messages.offered(challenge, now + timedelta(seconds=OFFERED_FOR_S)))
        self._tell_moderators(messages.news(challenge))
        return challenge

    async def take(self, identity: str, challenge_id: str, re: int) -> ChallengeBegun:
        """Agree to it: the answer says what to show."""
        challenge = self._own(identity, challenge_id)
        if challenge.taken_s is not None:
            raise Refused("challenge_over", "It was taken on another device.")
        taken = replace(challenge, taken_s=self._monotonic())
        self._open[challenge_id] = taken
        # From now on without a pause, so that the first colour is seen.
        self._attend(taken, LEAD_S + ANSWERED_WITHIN_S)
        now = self._now()
        await self._store.write(lambda connection: challenges.begin(connection, taken.id, now))
        self._tell_moderators(messages.news(taken))
        return messages.begun(re, taken)

    def ready(self, identity: str, challenge_id: str) -> None:
        """The page has it: now the way there and back is known."""
        challenge = self._own(identity, challenge_id)
        if challenge.taken_s is None or challenge.round_trip_s is not None:
            raise Refused("challenge_over", "Nothing is to be made ready.")
        now_s = self._monotonic()
        trip_s = min(LONGEST_ROUND_TRIP_S, now_s - challenge.taken_s)
        self._open[challenge_id] = replace(challenge, round_trip_s=trip_s)
        begins_s = challenge.taken_s + LEAD_S
        asked = Asked(
            at_s=now_s,
            challenge=challenge.id,
            kind=challenge.kind,
            begins_s=begins_s,
            ends_s=begins_s + challenge.plan.duration_s,
            plan=msgspec.json.encode(challenge.plan).decode(),
            round_trip_s=trip_s,
        )
        self._tell_eyes(challenge, asked)

    async def refuse(self, identity: str, challenge_id: str) -> None:
        """Do not take it, or stop it: nothing of it counts."""
        await self._end(self._own(identity, challenge_id), Ending("refused", "refused"))

    def hear(self, said: Scored | Left) -> None:
        """A score, or that somebody is looked at no more."""
        whose = (said.room, said.identity)
        if isinstance(said, Left):
            self._looked_at.discard(whose)
            return
        self._looked_at.add(whose)
        for piece in said.record.evidence:
            if piece.challenge in self._open:
                self._answers[piece.challenge] = piece

    async def watch(self) -> None:
        """End what is answered or overdue; until cancelled."""
        await self._end_forgotten()
        await over_and_over(LOOK_EVERY_S, self.look, "challenges.not_looked")

    async def look(self) -> None:
        """Once around."""
        now_s = self._monotonic()
        for challenge in list(self._open.values()):
            piece = self._answers.get(challenge.id)
            ending = overdue(challenge, now_s) if piece is None else _ending(piece)
            if ending is not None:
                await self._end(challenge, ending, piece)
                if is_worth_another(challenge, ending):
                    await self._ask_once_more(challenge)

    async def _ask_once_more(self, unclear: Challenge) -> None:
        """A second sequence, to be judged together with the first."""
        order = Order(unclear.room, unclear.identity, unclear.kind, ONCE_MORE)
        plan = structs.replace(ask_light(self._random), continues=unclear.id)
        try:
            await self._offer(order, plan)
        except Refused as refused:
            log.debug("challenge.not_continued", code=refused.code)

    def _own(self, identity: str, challenge_id: str) -> Challenge:
        challenge = self._open.get(challenge_id)
        if challenge is None or challenge.identity != identity:
            raise Refused("challenge_over")
        return challenge

    async def _end(
        self, challenge: Challenge, ending: Ending, piece: Evidence | None = None
    ) -> None:
        if self._open.pop(challenge.id, None) is None:
            return
        self._answers.pop(challenge.id, None)
        if piece is None:
            self._tell_eyes(challenge, Withdrawn(self._monotonic(), challenge.id))
        # Most answers are clear after half of the colours.
        self._attend(challenge, 0.0)
        self._tell(challenge, messages.ended(challenge, ending))
        self._tell_moderators(messages.news(challenge, ending))
        kept = None if piece is None else msgspec.json.encode(piece).decode()
        now = self._now()
        await self._store.write(lambda c: _keep_end(c, challenge, ending, kept, now))

    async def _end_forgotten(self) -> None:
        """What was under way when the last process ended has expired."""
        now = self._now()
        await self._store.write(lambda connection: challenges.end_forgotten(connection, now))

    def _tell_eyes(self, challenge: Challenge, note: Asked | Withdrawn) -> None:
        if self._eyes is not None:
            self._eyes.tell(challenge.room, challenge.identity, note)

    def _attend(self, challenge: Challenge, duration_s: float) -> None:
        if self._eyes is not None:
            self._eyes.attend(challenge.room, challenge.identity, duration_s)

    def _tell(self, challenge: Challenge, message: Told) -> None:
        for client in self._attendance.in_room(challenge.room, challenge.identity):
            client.tell(message)

    def _tell_moderators(self, news: ChallengeNews) -> None:
        for client in self._attendance.in_room(news.room):
            if client.moderates:
                client.tell(news)


def _ending(piece: Evidence) -> Ending:
    """What detection found, as the end of a challenge."""
    strength = piece.quality if piece.outcome == "passed" else 0.0
    return Ending(piece.outcome.value, piece.reason, strength, piece.measured.get("chance"))


def _keep(connection: sa.Connection, challenge: Challenge, order: Order, now: datetime) -> None:
    challenges.add(
        connection,
        challenges.Asked(
            id=challenge.id,
            room_id=order.room,
            identity=order.identity,
            kind=order.kind,
            why=order.why,
            asked_by=order.asked_by,
            asked_at=now,
            plan=msgspec.json.encode(challenge.plan).decode(),
        ),
    )
    more = detail(challenge=challenge.id, kind=order.kind, why=order.why)
    act = Act(order.asked_by, "challenge.ask", _subject(challenge), order.address, more)
    audit.record(connection, act, now)


def _keep_end(
    connection: sa.Connection,
    challenge: Challenge,
    ending: Ending,
    evidence: str | None,
    now: datetime,
) -> None:
    challenges.end(connection, challenge.id, ending, evidence, now)
    more = detail(challenge=challenge.id, outcome=ending.outcome, reason=ending.reason)
    audit.record(connection, Act(POLICY, "challenge.end", _subject(challenge), "", more), now)


def _subject(challenge: Challenge) -> str:
    return f"{challenge.room}/{challenge.identity}"
