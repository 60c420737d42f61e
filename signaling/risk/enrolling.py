"""Faces and voices that are remembered from call to call: agreed to, learned, compared, forgotten.

Knows who agreed and what was learned of them, which the store holds sealed; it tells detection
when one of them is seen.  What the numbers mean and what follows from them is detection's.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec
import sqlalchemy as sa
import structlog

from detection import Enrolled, Learned, Left, Scored, State, Template
from signaling.audit import Act, detail
from signaling.auth.confirming import Confirming
from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.media import Participant
from signaling.sealing import Seal
from signaling.store import Store, audit, enrolments
from signaling.store.enrolments import Enrolment, StoredTemplate

log = structlog.get_logger()

KINDS = ("face", "voice")
# Of whoever may be somebody else nothing is remembered.
SUSPECTED = frozenset({State.SUSPICIOUS, State.LIKELY_SYNTHETIC})

# As with consent, a text that has changed gets a new number; who agreed to the old one keeps to it.
VERSION = "1"
TEXTS: Mapping[str, str] = {
    "1": (
        "Your face and your voice are remembered from call to call. In your next calls that are "
        "checked, what they are like is measured once, in numbers, and kept on this server, "
        "encrypted, until you delete it. From then on a program compares whoever is in a call with "
        "this account. Somebody else is a sign that operators see, and those whom the room's rules "
        "name; whoever looks or sounds like you proves nothing by it. No picture and no sound is "
        "kept for this. You can delete it at any time: then it is gone at once. It goes with your "
        "account, too."
    ),
}


@dataclass(frozen=True, slots=True)
class Remembered:
    """When somebody agreed, None for not at all, and when what was learned."""

    agreed_at: datetime | None
    learned: Mapping[str, datetime]


class Eyes(Protocol):
    """What is asked of detection."""

    def tell(self, room: str, identity: str, note: Enrolled) -> None: ...


class Enrolling:
    """The service."""

    def __init__(
        self,
        store: Store,
        eyes: Eyes | None,
        confirming: Confirming,
        *,
        secret: str,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._eyes = eyes
        self._confirming = confirming
        self._seal = Seal(secret, "templates")
        self._now = now
        self._monotonic = monotonic
        self._seen: dict[Participant, State] = {}
        # What is told must not be older than what somebody has just said.
        self._telling = asyncio.Lock()

    # --- what people say ---

    async def standing(self, who: Person) -> Remembered:
        def work(connection: sa.Connection) -> Remembered:
            enrolment = enrolments.by_user(connection, who.user.id)
            kept = enrolments.templates_of(connection, who.user.id)
            learned = {one.kind: one.learned_at for one in kept}
            return Remembered(None if enrolment is None else enrolment.agreed_at, learned)

        return await self._store.read(work)

    async def agree(self, who: Person, version: str, password: str, address: str) -> None:
        """From now on to be remembered; what was learned before is forgotten, and learned anew.

        With a stolen session a thief's face would be learned: the password shows who agrees.
        """
        if version != VERSION:
            raise Refused("invalid", f"version: the text that is asked about is {VERSION}.")
        await self._confirming.by_password(who, password, address)
        user_id, now = who.user.id, self._now()

        def work(connection: sa.Connection) -> None:
            enrolments.begin(connection, Enrolment(user_id, version, now))
            act = Act(user_id, "enrolment.agree", user_id, address, detail(version=version))
            audit.record(connection, act, now)

        await self._store.write(work)
        await self._tell_again(user_id)

    async def forget(self, who: Person, address: str) -> None:
        """Nothing is agreed any more, and nothing remembered, here or in any call."""
        user_id = who.user.id

        def work(connection: sa.Connection) -> None:
            if enrolments.end(connection, user_id):
                act = Act(user_id, "enrolment.forget", user_id, address)
                audit.record(connection, act, self._now())

        await self._store.write(work)
        await self._tell_again(user_id)

    # --- what detection says ---

    async def hear(self, said: Scored | Left) -> None:
        """Somebody is seen: the first time, detection is told what is remembered of them."""
        who = Participant(said.room, said.identity)
        if isinstance(said, Left) or said.record.blind == "scorer_down":
            # A process that is started anew knows nobody.
            self._seen.pop(who, None)
            return
        is_new = who not in self._seen
        self._seen[who] = said.score.state
        if is_new:
            try:
                await self._tell(who)
            except Exception:
                del self._seen[who]
                raise

    async def keep(self, learned: Learned) -> None:
        """What somebody is to be remembered by; not if they took it back, nor of a suspect."""
        who = Participant(learned.room, learned.identity)
        if self._seen.get(who, State.LIKELY_SYNTHETIC) in SUSPECTED:
            return
        user_id, kind, now = who.identity, learned.template.kind, self._now()
        content = msgspec.msgpack.encode(learned.template)
        sealed = self._seal.close(content, _context(user_id, kind))

        def work(connection: sa.Connection) -> None:
            if enrolments.by_user(connection, user_id) is None:
                return
            enrolments.keep(connection, StoredTemplate(user_id, kind, sealed, now))
            act = Act(user_id, "enrolment.learn", user_id, "", detail(kind=kind, room=who.room))
            audit.record(connection, act, now)

        await self._store.write(work)

    # --- how ---

    async def _tell_again(self, user_id: str) -> None:
        for who in [one for one in self._seen if one.identity == user_id]:
            await self._tell(who, even_nothing=True)

    async def _tell(self, who: Participant, *, even_nothing: bool = False) -> None:
        if self._eyes is None:
            return
        async with self._telling:
            note = await self._note(who.identity)
            if even_nothing or note.templates or note.learns:
                self._eyes.tell(who.room, who.identity, note)

    async def _note(self, user_id: str) -> Enrolled:
        def work(connection: sa.Connection) -> tuple[Enrolment | None, list[StoredTemplate]]:
            kept = enrolments.templates_of(connection, user_id)
            return enrolments.by_user(connection, user_id), kept

        enrolment, kept = await self._store.read(work)
        if enrolment is None:
            return Enrolled(self._monotonic())
        opened = tuple(one for one in map(self._opened, kept) if one is not None)
        known = {one.kind for one in opened}
        return Enrolled(self._monotonic(), opened, tuple(set(KINDS) - known))

    def _opened(self, stored: StoredTemplate) -> Template | None:
        """None for what was sealed with another secret: it is learned anew."""
        content = self._seal.open(stored.content, _context(stored.user_id, stored.kind))
        return None if content is None else msgspec.msgpack.decode(content, type=Template)


def _context(user_id: str, kind: str) -> str:
    return f"{user_id}/{kind}"
