"""Rooms: made, entered by invitation, and what each may do in them."""

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import msgspec
import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.auth.grants import OF_MEMBER, Grants, from_json, to_json
from signaling.auth.identity import Holder, Identity, Person
from signaling.auth.passwords import Passwords
from signaling.auth.tokens import RoomClaims, Signer
from signaling.errors import Refused
from signaling.identifiers import new_code, new_id
from signaling.store import Store, audit, calls, positions, rooms, users, waiting
from signaling.store.calls import Call
from signaling.store.rooms import Invitation, Room, RoomTaken
from signaling.streams import Happening, Streams

# Rooms of two are found by an identifier that follows from who they are: nobody else may take it.
DIRECT_PREFIX = "direct-"
# Where somebody stands who knocked and was not let in yet; everybody else has a role.
WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Plan:
    """The room that somebody wants."""

    id: str
    title: str
    kind: str
    capacity: int


@dataclass(frozen=True, slots=True)
class Wish:
    """The invitation that somebody wants."""

    grants: Grants
    uses: int
    life: timedelta
    pin: str


class Rooms:
    """The service."""

    def __init__(
        self,
        store: Store,
        streams: Streams,
        signer: Signer,
        passwords: Passwords,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._streams = streams
        self._signer = signer
        self._passwords = passwords
        self._now = now

    async def create(self, who: Person, plan: Plan, address: str) -> Room:
        """A new room that belongs to whoever asked; without an identifier it gets one."""
        chosen, now = plan.id or readable_id(), self._now()
        if chosen.startswith(DIRECT_PREFIX):
            raise Refused("room_taken")
        room, me = Room(chosen, plan.title or chosen, plan.kind, plan.capacity, now), who.user.id

        def work(happening: Happening) -> None:
            rooms.add(happening.connection, room, me)
            happening.append(room.id, "member.joined", me, {"user": me, "role": "owner"})
            audit.record(happening.connection, Act(me, "room.create", room.id, address), now)

        try:
            await self._streams.write(work)
        except RoomTaken:
            raise Refused("room_taken") from None
        return room

    async def find(self, who: Person, room_id: str) -> tuple[Room, str]:
        """The room and one's role in it; Refused("not_found") for whoever does not belong."""

        def work(connection: sa.Connection) -> tuple[Room, str]:
            return belonging(connection, who, room_id)

        return await self._store.read(work)

    async def mine(self, who: Person, after: str, limit: int) -> list[tuple[Room, str]]:
        """Rooms that one belongs to and one's role in each, by identifier."""
        return await self._store.read(
            lambda connection: rooms.of_user(connection, who.user.id, after, limit)
        )

    async def grants(self, who: Identity, room_id: str) -> Grants:
        """What somebody may do in the room; Refused("not_found") if not even enter."""
        if isinstance(who, Holder):
            if who.claims.room != room_id:
                raise Refused("not_found")
            identity = who.claims.identity
            await self._store.read(lambda c: _still_welcome(c, room_id, identity))
            return who.claims.grants
        if not isinstance(who, Person):
            raise Refused("unauthenticated")
        _, role = await self.find(who, room_id)
        return grants_of(who, role)

    async def token(
        self, who: Person, room_id: str, wanted: Grants | None, life: timedelta, address: str
    ) -> tuple[str, RoomClaims, datetime]:
        """A bearer token for the room with at most one's own rights, and when it expires."""
        own, now = await self.grants(who, room_id), self._now()
        if wanted is not None and not wanted.within(own):
            raise Refused("forbidden", "Nobody can grant more than they have.")
        claims = RoomClaims(new_id(now), room_id, who.user.id, who.user.name, wanted or own)
        act = Act(who.user.id, "token.issue", room_id, address, detail(token=claims.token_id))
        await self._store.write(lambda connection: audit.record(connection, act, now))
        return self._signer.room_token(claims, now, life), claims, now + life

    async def invite(self, who: Person, room_id: str, wish: Wish, address: str) -> Invitation:
        """A way in for others; only who moderates a room invites to it."""
        hashed = await self._passwords.hash(wish.pin) if wish.pin else None
        now = self._now()
        invitation = Invitation(
            id=new_id(now),
            code=new_code(),
            room_id=room_id,
            invited_by=who.user.id,
            grants=to_json(wish.grants),
            uses_left=wish.uses,
            created_at=now,
            expires_at=now + wish.life,
            pin_hash=hashed,
        )
        act = Act(who.user.id, "invitation.create", room_id, address, detail(id=invitation.id))

        def work(connection: sa.Connection) -> None:
            own = _moderating(connection, who, room_id)
            if not wish.grants.within(own):
                raise Refused("forbidden", "Nobody can grant more than they have.")
            rooms.add_invitation(connection, invitation)
            audit.record(connection, act, now)

        await self._store.write(work)
        return invitation

    async def invitations(self, who: Person, room_id: str) -> list[Invitation]:
        """The room's invitations, for those who moderate it."""

        def work(connection: sa.Connection) -> list[Invitation]:
            _moderating(connection, who, room_id)
            return rooms.invitations_of(connection, room_id)

        return await self._store.read(work)

    async def revoke(self, who: Person, invitation_id: str, address: str) -> None:
        """Close an invitation; whoever came in by it stays."""
        now = self._now()

        def work(connection: sa.Connection) -> None:
            invitation = rooms.invitation_by_id(connection, invitation_id)
            if invitation is None:
                raise Refused("not_found")
            _moderating(connection, who, invitation.room_id)
            rooms.revoke(connection, invitation_id, now)
            audit.record(
                connection, Act(who.user.id, "invitation.revoke", invitation_id, address), now
            )

        await self._store.write(work)

    async def behind(self, code: str) -> tuple[Invitation, Room]:
        """What an invitation leads to; Refused if it leads nowhere (any more)."""
        invitation, room = await self._store.read(partial(_led_to, code=code))
        if not invitation.open_at(self._now()):
            raise Refused("invitation_spent")
        return invitation, room

    async def join(self, who: Person, code: str, pin: str, address: str) -> tuple[Room, str]:
        """Become a member by invitation; somebody who belongs already spends nothing.

        The room, and one's role in it: `waiting` if a moderator has to let them in.
        """
        invitation, room = await self._store.read(partial(_led_to, code=code))
        await refuse_wrong_pin(self._passwords, invitation, pin)

        def work(happening: Happening) -> str:
            return come_in(happening, invitation, who.user.id, "member", address)

        return room, await self._streams.write(work)


def come_in(
    happening: Happening, invitation: Invitation, user_id: str, role: str, address: str
) -> str:
    """Use an invitation; the role that somebody has afterwards, or `waiting`."""
    connection, now, room_id = happening.connection, happening.now, invitation.room_id
    room = rooms.lock_row(connection, room_id)
    assert room is not None, "an invitation goes with its room"
    known = rooms.member_role(connection, room_id, user_id)
    if known is not None:
        return known
    if not may_knock(connection, room, user_id):
        return WAITING
    spend(connection, invitation.id, now)
    if role != "guest":  # whose coming is an entry of its own
        act = Act(user_id, "room.join", room_id, address, detail(id=invitation.id))
        audit.record(connection, act, now)
    if room.waiting_room:
        knock(happening, room, user_id, role)
        return WAITING
    add_member(happening, room, user_id, role)
    return role


def may_knock(connection: sa.Connection, room: Room, user_id: str) -> bool:
    """False for somebody who waits already; Refused for whom the door stays shut."""
    if rooms.is_banned(connection, room.id, user_id):
        raise Refused("room_banned")
    waits = waiting.find(connection, room.id, user_id)
    if waits is not None and waits.state == "denied":
        raise Refused("not_admitted")
    if waits is None and room.locked:
        raise Refused("room_locked")
    return waits is None


def knock(happening: Happening, room: Room, user_id: str, role: str) -> None:
    """Somebody waits from now on."""
    waiting.add(happening.connection, room.id, user_id, role, happening.now)
    happening.append(room.id, "member.waiting", user_id, {"user": user_id, "role": role})


def add_member(
    happening: Happening, room: Room, user_id: str, role: str, *, by: str | None = None
) -> None:
    """A place in the room, whose row is locked; Refused("room_full") if all are taken."""
    connection, now = happening.connection, happening.now
    if rooms.member_count(connection, room.id, now) >= room.capacity:
        raise Refused("room_full")
    rooms.add_member(connection, room.id, user_id, role, now)
    body = {"user": user_id, "role": role}
    event = happening.append(room.id, "member.joined", user_id if by is None else by, body)
    # What was said before they came is there to read, and does not count as unread.
    positions.begin(connection, room.id, user_id, event.sequence)


async def refuse_wrong_pin(passwords: Passwords, invitation: Invitation, pin: str) -> None:
    """Refused("wrong_pin") unless the PIN is the invitation's, or it has none."""
    hashed = invitation.pin_hash
    if hashed is not None and not await passwords.matches(hashed, pin):
        raise Refused("wrong_pin")


def spend(connection: sa.Connection, invitation_id: str, now: datetime) -> Invitation:
    """Take one use of an invitation; Refused("invitation_spent") if it does not lead in now."""
    invitation = rooms.invitation_by_id(connection, invitation_id)
    if invitation is None or not invitation.open_at(now):
        raise Refused("invitation_spent")
    if not rooms.spend(connection, invitation_id):
        raise Refused("invitation_spent")
    return invitation


def _led_to(connection: sa.Connection, code: str) -> tuple[Invitation, Room]:
    """The invitation and its room, whether it is still open or not."""
    invitation = rooms.invitation_by_code(connection, code)
    if invitation is None:
        raise Refused("not_found", "There is no such invitation.")
    room = rooms.by_id(connection, invitation.room_id)
    assert room is not None, "an invitation goes with its room"
    return invitation, room


def _still_welcome(connection: sa.Connection, room_id: str, identity: str) -> None:
    """A room token outlives its holder's membership: it opens nothing after that."""
    if users.by_id(connection, identity) is None:
        return  # a robot, which belongs to no room
    if rooms.member_role(connection, room_id, identity) is None:
        raise Refused("not_found")


def belonging(connection: sa.Connection, who: Person, room_id: str) -> tuple[Room, str]:
    """The room and one's role in it; Refused("not_found") for whoever does not belong."""
    room = rooms.by_id(connection, room_id)
    role = rooms.member_role(connection, room_id, who.user.id)
    if room is None or role is None:
        raise Refused("not_found")
    return room, role


def say_in(connection: sa.Connection, who: Person, room_id: str, otherwise: str) -> str:
    """As what somebody decides about people in a room: as `operator` anywhere, as `host` of it.

    Refused("not_found") where there is no such room for them; `otherwise` says who may.
    """
    if who.at_least("operator"):
        if rooms.by_id(connection, room_id) is None:
            raise Refused("not_found")
        return "operator"
    _, role = belonging(connection, who, room_id)
    if not grants_of(who, role).moderate:
        raise Refused("forbidden", otherwise)
    return "host"


def say_in_call(
    connection: sa.Connection, who: Person, call_id: str, otherwise: str
) -> tuple[Call, str]:
    """A call, and as what somebody decides about people in it."""
    call = calls.by_id(connection, call_id)
    if call is None:
        raise Refused("not_found")
    return call, say_in(connection, who, call.room_id, otherwise)


def _moderating(connection: sa.Connection, who: Person, room_id: str) -> Grants:
    _, role = belonging(connection, who, room_id)
    own = grants_of(who, role)
    if not own.moderate:
        raise Refused("forbidden", "Only the room's owner and moderators invite.")
    return own


def grants_of(who: Person, role: str) -> Grants:
    """What somebody may do in a room where they have the role."""
    if who.session.grants is not None:
        return from_json(who.session.grants)
    return msgspec.structs.replace(OF_MEMBER[role], observe_risk=who.at_least("operator"))


def readable_id() -> str:
    """A room's address that can be said on the telephone, like `kfbm-sqpw-tzdr`."""
    letters = "".join(secrets.choice(string.ascii_lowercase) for _ in range(12))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"
