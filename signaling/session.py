"""One client: who it is, where it is, and what it may ask; messages in, messages out.

What each type of message does is in `acts`.  Requests of a client are carried out one after the
other, so its state needs no lock.  It refuses to know sockets.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import structlog

from signaling import acts, protocol
from signaling.attendance import Attendance
from signaling.audit import Act
from signaling.auth.authenticators import Authenticators
from signaling.auth.grants import Grants, to_json
from signaling.auth.identity import Anonymous, Holder, Identity, Person
from signaling.auth.passkeys import Passkeys
from signaling.challenges.under_way import Challenges
from signaling.chat import Chat
from signaling.errors import Refused, Unavailable
from signaling.limits import Buckets, Rate
from signaling.media import Media, Participant
from signaling.outbox import Outbox
from signaling.presence import Presence
from signaling.protocol import CallStanding, MemberShown, Said, Told
from signaling.proving.under_way import Proving
from signaling.returning import Left, Returning
from signaling.risk import consent
from signaling.risk.board import Board
from signaling.risk.consent import Consents
from signaling.risk.looking import Looking
from signaling.stay import Stay
from signaling.streams import Streams

log = structlog.get_logger()

# A page that is hidden still says so much; a burst is a page that opens.
MESSAGES = Rate(200, 10.0)
# Presence is lost after 60 s (`presence.GONE_AFTER`).
PRESENCE_EVERY_S = 25.0
SIGN_IN_WITHIN_S = 5.0
# Why a socket may have ended whose client comes back to what it had.
CUTS = {None, "slow", "internal", "too_often"}


@dataclass(frozen=True, slots=True)
class Services:
    """What a session needs of the house, each as small as it can be."""

    streams: Streams
    media: Media
    attendance: Attendance
    chat: Chat
    challenges: Challenges
    authenticate: Callable[[str], Awaitable[Identity]]
    returning: Returning
    grants: Callable[[Identity, str], Awaitable[Grants]]
    presence: Presence
    members: Callable[[str], Awaitable[Sequence[MemberShown]]]
    call: Callable[[str], Awaitable[dict[str, Any] | None]]
    calls: Callable[[str], Awaitable[Sequence[CallStanding]]]
    record: Callable[[Act], Awaitable[None]]
    consents: Consents
    looking: Looking
    board: Board
    proving: Proving
    authenticators: Authenticators
    passkeys: Passkeys
    address: str = ""
    """Where the client is, for the audit."""


class Session:
    """`async with Session(…) as session:`, then `receive` for each message."""

    def __init__(
        self,
        services: Services,
        outbox: Outbox,
        who: Identity,
        *,
        bound: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sign_in_within_s: float = SIGN_IN_WITHIN_S,
    ) -> None:
        self.services = services
        self.outbox = outbox
        self.bound = bound
        self.who: Identity = Anonymous()
        self.state = protocol.MediaState(id=1)
        self.off: frozenset[str] = frozenset()
        """What of a person the page said that it does not send; nothing before it said anything."""
        self.watches_risk = False
        """An operator who is told of every room."""
        self.stay: Stay | None = None
        self.token = ""
        self.secret = ""
        """Whoever brings it on another socket takes over from this one."""
        self._given = who
        self._monotonic = monotonic
        self._sign_in_within_s = sign_in_within_s
        self._messages = Buckets(MESSAGES, keys=1)
        self._status: str | None = None
        self._said_goodbye = False
        self._is_cut = False
        self._turn = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    # --- what others need of it (`attendance.Client`) ---

    @property
    def identity(self) -> str:
        match self.who:
            case Person(user=user):
                return user.id
            case Holder(claims=claims):
                return claims.identity
            case _:
                return ""

    @property
    def name(self) -> str:
        match self.who:
            case Person(user=user):
                return user.nickname or user.name
            case Holder(claims=claims):
                return claims.name
            case _:
                return ""

    @property
    def session_id(self) -> str | None:
        return self.who.session.id if isinstance(self.who, Person) else None

    @property
    def room(self) -> str | None:
        return None if self.stay is None else self.stay.who.room

    @property
    def stay_id(self) -> str | None:
        return None if self.stay is None else self.stay.id

    @property
    def hidden(self) -> bool:
        return self.stay is not None and not self.stay.shown

    @property
    def moderates(self) -> bool:
        """Whether they moderate the room that they are in."""
        return self.stay is not None and self.stay.grants.moderate

    @property
    def observes_risk(self) -> bool:
        """Whether they see everybody's score in the room that they are in."""
        return self.stay is not None and self.stay.grants.observe_risk

    def stop_watching_risk(self) -> None:
        self.watches_risk = False

    def tell(self, message: Told) -> None:
        self.outbox.put(message)

    def close(self, reason: str) -> None:
        if self._is_cut:
            self._tasks.append(asyncio.create_task(self.services.returning.end(self)))
        self.outbox.close(reason)

    # --- its life ---

    async def __aenter__(self) -> Self:
        self._tasks.append(asyncio.create_task(self._live()))
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        if self.stay is not None and not self._said_goodbye and self.outbox.reason in CUTS:
            # Nobody reads what would wait here.
            self.outbox.close("slow")
            self._is_cut = True
            self.services.returning.wait_for(self)
        else:
            await self.end()

    def say_goodbye(self) -> None:
        """The client closes the socket itself: it is not coming back to it."""
        self._said_goodbye = True

    async def end(self) -> None:
        """Leave for good."""
        self.services.returning.forget(self.secret)
        await self.leave()
        self.services.attendance.remove(self)
        if isinstance(self.who, Person):
            with suppress(Unavailable):
                await self.services.presence.leave(self.who)

    async def hand_over(self) -> Left | None:
        """Where this client is, which goes on by another socket; this one has nothing left."""
        self.outbox.close("replaced")
        async with self._turn:
            stay, self.stay = self.stay, None
        self.services.attendance.remove(self)
        return None if stay is None else Left(stay, self.state)

    async def receive(self, text: str) -> None:
        """Carry out one message, and answer it."""
        if self._messages.take("", self._monotonic()):
            self.outbox.close("too_often")
            return
        try:
            said = protocol.parse(text)
        except Refused as refused:
            self.tell(protocol.error(protocol.number_of(text), refused))
            return
        async with self._turn:
            answer = await self._answer(said)
        if answer is not None:
            self.tell(answer)

    async def _answer(self, said: Said) -> Told | None:
        try:
            if not isinstance(said, protocol.Hello) and isinstance(self.who, Anonymous):
                raise Refused("unauthenticated", "Say hello first.")
            return await acts.HANDLERS[type(said)](self, said)
        except Refused as refused:
            log.debug("message.refused", code=refused.code)
            if isinstance(said, protocol.Hello) and isinstance(self.who, Anonymous):
                self.tell(protocol.error(said.id, refused))
                self.outbox.close("unauthenticated")
            return protocol.error(said.id, refused)
        except Unavailable as unavailable:
            log.warning("message.unavailable", reason=unavailable.reason)
            return protocol.error(said.id, unavailable)
        except Exception:
            log.exception("message.failed", type=type(said).__name__)
            return protocol.error(said.id, Refused("internal"))

    async def sign_in(self, token: str, secret: str = "") -> tuple[str, ...]:
        """By token, or by what was known before the first message.

        With the secret of a socket that was cut, this one takes over; the media that goes on.
        """
        if not isinstance(self.who, Anonymous):
            raise Refused("invalid", "hello: said before.")
        found = await self.services.authenticate(token) if token else self._given
        if isinstance(found, Anonymous):
            raise Refused("unauthenticated")
        self.who, self.token = found, token
        self.services.attendance.add(self)
        self.secret = self.services.returning.add(self)
        left = await self.services.returning.claim(secret, self.identity) if secret else None
        if left is not None:
            self.stay, self.state = left.stay, left.state
            self.stay.take_over(self.outbox, self._was_moved)
        await self.note_presence(None)
        return () if self.stay is None else self.stay.media

    async def note_presence(self, status: str | None) -> None:
        """Somebody is here; a person who chose a status keeps it."""
        if isinstance(self.who, Person):
            self._status = status or self._status
            await self.services.presence.note(self.who, self._status)

    async def enter(self, said: protocol.Enter) -> None:
        """Begin a stay; the answer is what the room is like just now, before any event."""
        room = said.room or self.bound or ""
        if not room or self.bound not in {None, room}:
            raise Refused("not_found")
        grants = await self.services.grants(self.who, room)
        found = await self._consent(room, said)
        goes_on = self.room == room and bool(said.keep)
        if not goes_on:
            await self.leave()
        sequence = await self.services.streams.last_sequence(room)
        after = sequence if said.after is None else said.after
        if after > sequence:
            raise Refused("invalid", "after: the room has not come that far.")
        members = tuple(await self.services.members(room))
        call = await self.services.call(room)
        first = not self.services.attendance.is_shown(room, self.identity)
        stay = self._stay_in(room, grants, reading=said.reading)
        await self.services.returning.end_in(room, self.identity)
        snapshot = protocol.Snapshot(
            re=said.id,
            room=room,
            sequence=sequence,
            after=after,
            may=to_json(grants),
            members=members,
            present=self.services.attendance.present(room),
            call=call,
            detection=consent.shown(found),
        )
        self.tell(snapshot)
        self.services.board.greet(self)
        self.services.proving.greet(self)
        stay.follow(after)
        await stay.keep(said.keep)
        if stay.shown:
            await self.services.proving.arrive(room, self.identity)
        if first and stay.shown:
            await self.announce("person.arrived", {"name": self.name})

    async def _consent(self, room: str, said: protocol.Enter) -> consent.Standing:
        """How this person stands with being looked at; whoever only reads is not asked."""
        who = Participant(room, self.identity)
        if said.reading:
            return await self.services.consents.standing(who)
        return await self.services.consents.enter(who, said.consent)

    def _stay_in(self, room: str, grants: Grants, *, reading: bool) -> Stay:
        """The one that goes on, or a new one."""
        if self.stay is None:
            who = Participant(room, self.identity)
            self.stay = Stay(
                self.services.streams,
                self.services.media,
                self.outbox,
                who=who,
                grants=grants,
                reading=reading,
                moved=self._was_moved,
            )
        self.stay.grants, self.stay.reading = grants, reading
        return self.stay

    async def leave(self) -> None:
        """End the stay, if there is one."""
        stay, room = self.stay, self.room
        if stay is None or room is None:
            return
        await stay.end()
        await self.services.proving.leave(stay.id)
        self.stay, self.state, self.off = None, protocol.MediaState(id=1), frozenset()
        if stay.shown and not self.services.attendance.is_shown(room, self.identity):
            with suppress(LookupError, Unavailable):
                await self._append(room, "person.left", {"name": self.name})

    def _was_moved(self, kind: str) -> None:
        """Somebody took this person out of the room, or made them something else there."""
        then = self._leave_in_turn if kind == "member.left" else self._look_up_rights
        self._tasks.append(asyncio.create_task(then()))

    async def _leave_in_turn(self) -> None:
        async with self._turn:
            await self.leave()

    async def _look_up_rights(self) -> None:
        async with self._turn:
            if self.stay is not None:
                with suppress(Refused, Unavailable):
                    self.stay.grants = await self.services.grants(self.who, self.stay.who.room)

    async def announce(self, kind: str, body: dict[str, Any]) -> None:
        """An event of the room that this client is in."""
        await self._append(self.here.who.room, kind, body)

    @property
    def here(self) -> Stay:
        if self.stay is None:
            raise Refused("not_found", "Enter a room first.")
        return self.stay

    def at_least(self, role: str) -> Person:
        """Who this is, if they have the role; Refused for anybody else."""
        if not isinstance(self.who, Person) or not self.who.at_least(role):
            raise Refused("forbidden")
        return self.who

    async def _append(self, room: str, kind: str, body: dict[str, Any]) -> None:
        actor = self.identity
        try:
            await self.services.streams.write(
                lambda happening: happening.append(room, kind, actor, body)
            )
        except LookupError:
            # A token may name a room that is nowhere but in media.
            log.debug("session.no_such_stream", kind=kind)

    async def _live(self) -> None:
        """Sign in by a cookie without being asked, or be closed; then say now and then: here."""
        await asyncio.sleep(self._sign_in_within_s)
        if isinstance(self.who, Anonymous):
            self.outbox.close("unauthenticated")
            return
        while True:
            await asyncio.sleep(PRESENCE_EVERY_S)
            try:
                await self.note_presence(None)
                if isinstance(self.who, Holder) and self.token:
                    await self.services.authenticate(self.token)
            except Refused:
                self.outbox.close("unauthenticated")
            except Unavailable as unavailable:
                log.warning("presence.not_noted", reason=unavailable.reason)
