"""The risk board: what is known of everybody who sends just now, and who is told.

Knows calls, people, what detection said last and what keeps it from saying anything.  It refuses
to know HTTP, and what becomes of an alert.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from detection import Left, Record, Score, Scored, State, judge
from signaling.attendance import Attendance, Client
from signaling.chores import over_and_over
from signaling.errors import Unavailable
from signaling.identifiers import new_id
from signaling.media import Participant
from signaling.protocol import PersonRisk, RiskNews
from signaling.risk import messages
from signaling.risk.looking import Looking, Sending
from signaling.risk.records import Records
from signaling.risk.rules import blindness, is_news, sees_all
from signaling.store import Store, risk_scores, users
from signaling.store.alerts import Override
from signaling.store.consents import DetectionRules
from signaling.store.risk_scores import Place, StoredScore

log = structlog.get_logger()

# Detection notices within 2.75 s that nothing comes: people know within three.
TELL_EVERY_S = 0.2
LOOK_EVERY_S = 1.0
# As often as everybody is looked at; a change of state is kept at once.
KEEP_EVERY_S = 10.0
MOST_WAITING = 5000


class Eyes(Protocol):
    """What the board asks of detection; `ready` is None while no process is there."""

    @property
    def ready(self) -> object | None: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands: the score, what it follows from, and under which name it is kept."""

    who: Participant
    call_id: str
    score: Score
    record: Record
    at: datetime
    score_id: str = ""
    kept_s: float = 0.0
    override: Override | None = None

    @property
    def shown(self) -> PersonRisk:
        return messages.shown(self.who.identity, self.score, self.at, self.score_id, self.override)


Listener = Callable[[Standing], None]


class Board:
    """The service; `watch` must run for as long as anybody may be looked at."""

    def __init__(
        self,
        store: Store,
        looking: Looking,
        attendance: Attendance,
        eyes: Eyes | None,
        *,
        records: Records,
        defaults: DetectionRules,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._looking = looking
        self._attendance = attendance
        self._eyes = eyes
        self._records = records
        self._defaults = defaults
        self._now = now
        self._monotonic = monotonic
        self._said: dict[Participant, Scored] = {}
        self._standings: dict[Participant, Standing] = {}
        self._places: dict[str, Place] = {}
        self._news: set[Participant] = set()
        self._waiting: list[StoredScore] = []
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call this with each standing as it is made, news or not."""
        self._listeners.append(listener)

    # --- what comes ---

    def hear(self, said: Scored | Left) -> None:
        """What detection says of somebody."""
        who = Participant(said.room, said.identity)
        if isinstance(said, Left):
            self._said.pop(who, None)
        else:
            self._said[who] = said
        sends = self._looking.sending_of(who)
        # Before the first look at a room its call is not known, and an alert would be of none.
        if sends is not None and who.room in self._places:
            self._update(who, sends)

    async def look(self) -> None:
        """Who sends now, in which calls, under which rules; and keep what was said."""
        await self._stop_who_is_no_operator()
        sending = self._looking.sending()
        rooms = {who.room for who in sending}
        if rooms:
            self._places = await self._store.read(
                lambda connection: risk_scores.places(connection, rooms, self._defaults)
            )
        for who, sends in sending.items():
            self._update(who, sends)
        for who in self._standings.keys() - sending.keys():
            del self._standings[who]
            self._news.add(who)
        await self._keep()

    async def watch(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(over_and_over(TELL_EVERY_S, self._tell_soon, "risk.not_told"))
            group.create_task(over_and_over(LOOK_EVERY_S, self.look, "risk.not_kept"))

    # --- what is so ---

    def now(self, room: str | None = None) -> list[Standing]:
        """Everybody who sends, the riskiest first."""
        found = [one for one in self._standings.values() if room in {None, one.who.room}]
        return sorted(found, key=lambda one: (-one.score.risk, one.who.identity))

    def rules(self, room: str) -> DetectionRules:
        """What counts in a room where somebody sends."""
        place = self._places.get(room)
        return self._defaults if place is None else place.rules

    def shows_all(self, client: Client, room: str) -> bool:
        """Whether a client is told how everybody in a room stands."""
        return client.watches_risk or (client.room == room and sees_all(client, self.rules(room)))

    def greet(self, client: Client) -> None:
        """Tell a client that came, or begins to watch, how everybody stands."""
        self._tell(client, self._standings)

    def tell(self) -> None:
        """Tell what is news to those who may see it."""
        news, self._news = self._news, set()
        if news:
            for client in self._attendance.everybody():
                self._tell(client, news)

    async def _stop_who_is_no_operator(self) -> None:
        """Whoever lost the role hears no more of every room, though their socket stays."""
        watching = [one for one in self._attendance.everybody() if one.watches_risk]
        if not watching:
            return
        named = {one.identity for one in watching}
        still = await self._store.read(lambda c: users.operators_among(c, named))
        for one in watching:
            if one.identity not in still:
                one.stop_watching_risk()

    async def _tell_soon(self) -> None:
        self.tell()

    # --- how ---

    def _update(self, who: Participant, sends: Sending) -> None:
        before = self._standings.get(who)
        score, record = self._judged(who, sends)
        place = self._places.get(who.room)
        call_id = "" if place is None else place.call_id
        override = None if place is None else place.overrides.get(who.identity)
        standing = Standing(who, call_id, score, record, self._now(), override=override)
        self._standings[who] = self._named(standing, before)
        if before is None or _is_news(before, standing):
            self._news.add(who)
        for listener in self._listeners:
            listener(self._standings[who])

    def _judged(self, who: Participant, sends: Sending) -> tuple[Score, Record]:
        blind = blindness(sends, self.rules(who.room))
        said = self._said.get(who)
        if not blind and said is not None:
            return said.score, said.record
        if not blind:
            looks = self._eyes is not None and self._eyes.ready is not None
            blind = "not_looked_yet" if looks else "scorer_down"
        record = Record(self._monotonic(), (), State.UNKNOWN, blind=blind)
        return judge(record), record

    def _named(self, standing: Standing, before: Standing | None) -> Standing:
        """With the name under which it is kept, or under which the last one was."""
        now_s = self._monotonic()
        if before is not None and not _is_worth_keeping(standing, before, now_s):
            return replace(standing, score_id=before.score_id, kept_s=before.kept_s)
        named = replace(standing, score_id=new_id(standing.at), kept_s=now_s)
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(self._sealed(named))
        return named

    def _sealed(self, standing: Standing) -> StoredScore:
        score = standing.score
        return StoredScore(
            id=standing.score_id,
            room_id=standing.who.room,
            call_id=standing.call_id,
            identity=standing.who.identity,
            at=standing.at,
            state=score.state.value,
            why=score.why,
            risk=score.risk,
            confidence=score.confidence,
            record=self._records.close(standing.record, standing.score_id),
        )

    async def _keep(self) -> None:
        """What waits is taken before it is written, so that nothing is written twice."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            await self._store.write(lambda connection: risk_scores.add(connection, waiting))
        except Unavailable:
            self._waiting = waiting + self._waiting
            raise

    def _tell(self, client: Client, people: Iterable[Participant]) -> None:
        """What of these people a client may see, room by room."""
        rooms: dict[str, list[Participant]] = {}
        for who in people:
            if client.watches_risk or (who.room == client.room and self._may_see(client, who)):
                rooms.setdefault(who.room, []).append(who)
        for room, seen in rooms.items():
            standings = [self._standings[who] for who in seen if who in self._standings]
            gone = tuple(who.identity for who in seen if who not in self._standings)
            place = self._places.get(room)
            call = "" if place is None else place.call_id
            shown = tuple(one.shown for one in standings)
            client.tell(RiskNews(room=room, call=call, people=shown, gone=gone))

    def _may_see(self, client: Client, who: Participant) -> bool:
        rules = self.rules(who.room)
        own = rules.own_seen and client.identity == who.identity
        return own or sees_all(client, rules)


def _is_news(before: Standing, after: Standing) -> bool:
    if (before.call_id, before.override) != (after.call_id, after.override):
        return True
    return is_news(before.score, after.score)


def _is_worth_keeping(standing: Standing, before: Standing, now_s: float) -> bool:
    after = standing.score
    if (after.state, after.why) != (before.score.state, before.score.why):
        return True
    if standing.call_id != before.call_id:
        return True
    # What is unknown stays so until it is told otherwise.
    return after.state is not State.UNKNOWN and now_s - before.kept_s >= KEEP_EVERY_S
