"""Proofs under way: devices are asked, answer, and what they proved counts while they stay.

Each step is kept and audited.  It refuses to know who may ask (`ordering`), how an answer is
checked (`authenticators`, `passkeys`), and scores: nothing here reaches detection.
"""

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from signaling.attendance import Attendance, Client
from signaling.audit import Act, detail
from signaling.auth.authenticators import Shown
from signaling.chores import over_and_over
from signaling.errors import Refused, Unavailable
from signaling.identifiers import new_id
from signaling.proving import messages
from signaling.proving.rules import MOST_WRONG, PROVED, Asked, Ending, overdue
from signaling.store import Store, audit, proofs

LOOK_EVERY_S = 1.0

WRONG = {"wrong_code", "passkey_refused"}

Sees = Callable[[Client, str], bool]
Check = Callable[[], Awaitable[Shown]]


@dataclass(frozen=True, slots=True)
class Order:
    """Whose device is to be asked, and who wants it."""

    room: str
    call: str
    identity: str
    account: str
    ways: tuple[str, ...]
    why: str
    asker: str
    asker_name: str
    address: str


class Proving:
    """The service; `watch` must run for as long as anybody may be asked."""

    def __init__(
        self,
        store: Store,
        attendance: Attendance,
        sees: Sees,
        now: Callable[[], datetime],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`sees` says whether a client is told how people in a room stand."""
        self._store = store
        self._attendance = attendance
        self._sees = sees
        self._now = now
        self._monotonic = monotonic
        self._by_stay: dict[str, Asked] = {}

    async def ask(self, order: Order) -> Asked:
        """Ask somebody's one device in the room; what it proved before counts no more."""
        device, stay = self.device_of(order.room, order.identity)
        earlier = self._by_stay.get(stay)
        if earlier is not None and earlier.ending is None:
            raise Refused("proof_open")
        now = self._now()
        asked = Asked(
            id=new_id(now),
            room=order.room,
            call=order.call,
            identity=order.identity,
            account=order.account,
            stay=stay,
            why=order.why,
            asked_by=order.asker_name,
            ways=order.ways,
            asked_s=self._monotonic(),
            at=now,
        )
        self._by_stay[stay] = asked
        try:
            await self._store.write(lambda connection: _keep(connection, asked, order, earlier))
        except BaseException:
            self._by_stay.pop(stay, None)
            raise
        if self._by_stay.get(stay) is not asked:
            raise Refused("not_found", "They have left the room.")
        device.tell(messages.asked(asked))
        self._tell_news(asked)
        return asked

    def device_of(self, room: str, identity: str) -> tuple[Client, str]:
        """The one by which somebody is in the room, and its stay; Refused for none, or several."""
        devices = self._devices(room, identity)
        if len(devices) > 1:
            raise Refused("several_devices")
        stay = devices[0].stay_id if devices else None
        if stay is None:
            raise Refused("not_found", "They are not in the room.")
        return devices[0], stay

    def open_of(self, stay: str, proof_id: str) -> Asked:
        """What a device is asked; Refused where it is asked something else, or nothing more."""
        asked = self._by_stay.get(stay)
        if asked is None or asked.id != proof_id or asked.ending is not None:
            raise Refused("proof_over")
        return asked

    async def answer(self, stay: str, proof_id: str, check: Check) -> None:
        """By whatever `check` asks for; what it refuses as wrong some times has failed."""
        self.open_of(stay, proof_id)
        try:
            shown = await check()
        except Refused as refused:
            if refused.code in WRONG:
                await self._count_wrong(self.open_of(stay, proof_id))
            raise
        asked = self.open_of(stay, proof_id)
        if shown.since > asked.at:
            await self._end(asked, Ending("failed", "set_up_since"))
        else:
            await self._end(asked, Ending(PROVED, way=shown.way, since=shown.since))

    async def refuse(self, stay: str, proof_id: str) -> None:
        """Do not prove anything."""
        await self._end(self.open_of(stay, proof_id), Ending("refused"))

    async def arrive(self, room: str, identity: str) -> None:
        """Somebody's device came: what another one proved says nothing of this one."""
        if len(self._devices(room, identity)) > 1:
            for asked in list(self._by_stay.values()):
                if (asked.room, asked.identity) == (room, identity):
                    await self._forget(asked, "another_device")

    async def leave(self, stay: str) -> None:
        """A device left the room."""
        asked = self._by_stay.get(stay)
        if asked is not None:
            await self._forget(asked, "left")

    def greet(self, client: Client) -> None:
        """Tell a client that came, or begins to watch, how it stands with everybody."""
        for asked in self._by_stay.values():
            if self._is_told(client, asked.room):
                client.tell(messages.news(asked))
            if asked.stay == client.stay_id and asked.ending is None:
                client.tell(messages.asked(asked))

    async def watch(self) -> None:
        """End what is overdue; until cancelled."""
        now = self._now()
        await self._store.write(lambda connection: proofs.end_forgotten(connection, now))
        await over_and_over(LOOK_EVERY_S, self.look, "proofs.not_looked")

    async def look(self) -> None:
        """Once around."""
        now_s = self._monotonic()
        for asked in list(self._by_stay.values()):
            if overdue(asked, now_s):
                await self._end(asked, Ending("expired", "not_answered"))

    def _devices(self, room: str, identity: str) -> list[Client]:
        return [one for one in self._attendance.in_room(room, identity) if not one.hidden]

    async def _count_wrong(self, asked: Asked) -> None:
        counted = replace(asked, wrong=asked.wrong + 1)
        self._by_stay[asked.stay] = counted
        if counted.wrong >= MOST_WRONG:
            await self._end(counted, Ending("failed", "wrong_code"))

    async def _end(self, asked: Asked, ending: Ending) -> None:
        ended = replace(asked, ending=ending, at=self._now())
        self._by_stay[asked.stay] = ended
        await self._store.write(lambda connection: _keep_end(connection, ended, ending))
        # Whoever left meanwhile was told of already, and is not to come back by this.
        if self._by_stay.get(asked.stay) is ended:
            self._tell_own(ended, ending)
            self._tell_news(ended)

    async def _forget(self, asked: Asked, reason: str) -> None:
        del self._by_stay[asked.stay]
        over, ending = replace(asked, at=self._now()), Ending("expired", reason)
        if asked.ending is None:
            self._tell_own(over, ending)
        self._tell_news(over, is_over=True)
        # Leaving does not wait for a store that is away; the next start ends what it finds open.
        with suppress(Unavailable):
            await self._store.write(lambda c: _keep_over(c, over, ending))

    def _is_told(self, client: Client, room: str) -> bool:
        moderates = client.room == room and client.moderates
        return moderates or self._sees(client, room)

    def _tell_own(self, asked: Asked, ending: Ending) -> None:
        for client in self._attendance.in_room(asked.room, asked.identity):
            if client.stay_id == asked.stay:
                client.tell(messages.ended(asked, ending))

    def _tell_news(self, asked: Asked, *, is_over: bool = False) -> None:
        for client in self._attendance.everybody():
            if self._is_told(client, asked.room):
                client.tell(messages.news(asked, over=is_over))


def _keep(connection: sa.Connection, asked: Asked, order: Order, earlier: Asked | None) -> None:
    if earlier is not None:
        proofs.end_standing(connection, earlier.id, asked.at)
    row = proofs.Proof(
        id=asked.id,
        room_id=asked.room,
        call_id=asked.call,
        user_id=asked.identity,
        why=asked.why,
        asked_by=order.asker,
        asked_at=asked.at,
    )
    proofs.add(connection, row)
    more = detail(proof=asked.id, why=asked.why)
    act = Act(order.asker, "proof.ask", _subject(asked), order.address, more)
    audit.record(connection, act, asked.at)


def _keep_end(connection: sa.Connection, asked: Asked, ending: Ending) -> None:
    proofs.end(connection, asked.id, ending, asked.at)
    more = detail(proof=asked.id, outcome=ending.outcome, reason=ending.reason, way=ending.way)
    act = Act(asked.identity, "proof.end", _subject(asked), "", more)
    audit.record(connection, act, asked.at)


def _keep_over(connection: sa.Connection, asked: Asked, ending: Ending) -> None:
    if asked.ending is None:
        _keep_end(connection, asked, ending)
    else:
        proofs.end_standing(connection, asked.id, asked.at)


def _subject(asked: Asked) -> str:
    return f"{asked.room}/{asked.identity}"
