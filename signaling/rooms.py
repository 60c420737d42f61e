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
from signaling.identifiers import new_id
from signaling.store import Store, audit, rooms
from signaling.store.rooms import Invitation, Room, RoomTaken

# Letters that nobody confuses when they are read aloud or written by hand.
CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
CODE_LENGTH = 10


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
        self, store: Store, signer: Signer, passwords: Passwords, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._signer = signer
        self._passwords = passwords
        self._now = now

    async def create(self, who: Person, plan: Plan, address: str) -> Room:
        """A new room that belongs to whoever asked; without an identifier it gets one."""
        chosen, now = plan.id or _readable_id(), self._now()
        room = Room(chosen, plan.title or chosen, plan.kind, plan.capacity, now)

        def work(connection: sa.Connection) -> None:
            rooms.add(connection, room, who.user.id)
            audit.record(connection, Act(who.user.id, "room.create", room.id, address), now)

        try:
            await self._store.write(work)
        except RoomTaken:
            raise Refused("room_taken") from None
        return room

    async def find(self, who: Person, room_id: str) -> tuple[Room, str]:
        """The room and one's role in it; Refused("not_found") for whoever does not belong."""

        def work(connection: sa.Connection) -> tuple[Room, str]:
            return _belonging(connection, who, room_id)

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
            return who.claims.grants
        if not isinstance(who, Person):
            raise Refused("unauthenticated")
        _, role = await self.find(who, room_id)
        return _grants_of(who, role)

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
            code=_new_code(),
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

        The room, and one's role in it.
        """
        invitation, room = await self._store.read(partial(_led_to, code=code))
        await refuse_wrong_pin(self._passwords, invitation, pin)
        now = self._now()

        def work(connection: sa.Connection) -> str:
            role = rooms.member_role(connection, room.id, who.user.id)
            if role is not None:
                return role
            spend(connection, invitation.id, now)
            rooms.add_member(connection, room.id, who.user.id, "member", now)
            act = Act(who.user.id, "room.join", room.id, address, detail(id=invitation.id))
            audit.record(connection, act, now)
            return "member"

        return room, await self._store.write(work)


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


def _belonging(connection: sa.Connection, who: Person, room_id: str) -> tuple[Room, str]:
    room = rooms.by_id(connection, room_id)
    role = rooms.member_role(connection, room_id, who.user.id)
    if room is None or role is None:
        raise Refused("not_found")
    return room, role


def _moderating(connection: sa.Connection, who: Person, room_id: str) -> Grants:
    _, role = _belonging(connection, who, room_id)
    own = _grants_of(who, role)
    if not own.moderate:
        raise Refused("forbidden", "Only the room's owner and moderators invite.")
    return own


def _grants_of(who: Person, role: str) -> Grants:
    if who.session.grants is not None:
        return from_json(who.session.grants)
    return msgspec.structs.replace(OF_MEMBER[role], observe_risk=who.at_least("operator"))


def _new_code() -> str:
    """About 49 bits: a code cannot be guessed within the door-keeper's limits."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def _readable_id() -> str:
    """A room's address that can be said on the telephone, like `kfbm-sqpw-tzdr`."""
    letters = "".join(secrets.choice(string.ascii_lowercase) for _ in range(12))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"
