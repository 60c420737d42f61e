"""Rooms, their invitations, and bearer tokens for them."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.auth.door import Door
from signaling.auth.grants import GUEST, Grants, from_json
from signaling.http import fields
from signaling.http.call import NOTHING, Allow, Answer, Call, Route
from signaling.rooms import Plan, Rooms, Wish
from signaling.store.rooms import Invitation, Room

# Whom an invitation does not bring in, or not now.
AT_THE_DOOR = ("room_locked", "room_full", "room_banned", "not_admitted")


class NewRoom(fields.Body, frozen=True):
    """A room to be made; without an `id` it gets one that can be read aloud."""

    id: fields.RoomId = ""
    title: fields.Title = ""
    kind: Literal["group", "meeting"] = "meeting"
    capacity: Annotated[int, Meta(ge=1, le=1000)] = 50


class RoomShown(msgspec.Struct, frozen=True):
    """A room that one belongs to."""

    id: str
    title: str
    kind: str
    capacity: int
    created_at: datetime
    role: str
    """One's own; `waiting` for somebody whom a moderator has to let in."""
    locked: bool
    waiting_room: bool


class RoomList(msgspec.Struct, frozen=True):
    """A page of rooms; `next` is the cursor of the following page, if there is one."""

    rooms: list[RoomShown]
    next: str | None


class NewInvitation(fields.Body, frozen=True):
    """Who may come in by it, how often and for how long."""

    uses: Annotated[int, Meta(ge=1, le=1000)] = 1
    hours: Annotated[int, Meta(ge=1, le=24 * 90)] = 24
    pin: fields.Pin = ""
    grants: Grants = GUEST


class InvitationShown(msgspec.Struct, frozen=True):
    """An invitation, for those who moderate the room."""

    id: str
    code: str
    path: str
    uses_left: int
    has_pin: bool
    grants: Grants
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class InvitationList(msgspec.Struct, frozen=True):
    """The room's invitations, newest first."""

    invitations: list[InvitationShown]


class InvitationFace(msgspec.Struct, frozen=True):
    """What whoever has the code may know before coming in."""

    room: str
    title: str
    needs_pin: bool
    expires_at: datetime


class Acceptance(fields.Body, frozen=True):
    """Coming in with an account."""

    pin: fields.Pin = ""


class TokenWish(fields.Body, frozen=True):
    """The rights that a room token shall carry (default: one's own), and its life."""

    grants: Grants | None = None
    minutes: Annotated[int, Meta(ge=1, le=24 * 60)] = 60


class RoomToken(msgspec.Struct, frozen=True):
    """A bearer token for one room."""

    token: str
    room: str
    identity: str
    grants: Grants
    expires_at: datetime


class GrantsShown(msgspec.Struct, frozen=True):
    """What the asker may do in the room."""

    room: str
    grants: Grants


class RoomRoutes:
    """Thin over Rooms."""

    def __init__(self, rooms: Rooms, door: Door) -> None:
        self._rooms = rooms
        self._door = door

    def routes(self) -> tuple[Route, ...]:
        return (*self._room_routes(), *self._invitation_routes())

    def _room_routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                addresses.API_ROOMS,
                self.create,
                "Make a room",
                body=NewRoom,
                answer=RoomShown,
                status=201,
                refusals=("room_taken",),
            ),
            Route(
                "GET",
                addresses.API_ROOMS,
                self.list_mine,
                "Rooms that one belongs to",
                Allow.GUEST,
                query=fields.Page,
                answer=RoomList,
            ),
            Route(
                "GET",
                addresses.API_ROOM,
                self.show,
                "One room",
                Allow.GUEST,
                answer=RoomShown,
                refusals=("not_found",),
            ),
            Route(
                "GET",
                addresses.API_ROOM_GRANTS,
                self.show_grants,
                "What one may do in a room",
                Allow.HOLDER,
                answer=GrantsShown,
                refusals=("not_found",),
            ),
            Route(
                "POST",
                addresses.API_ROOM_TOKENS,
                self.issue_token,
                "A bearer token for the room, with at most one's own rights",
                body=TokenWish,
                answer=RoomToken,
                status=201,
                refusals=("not_found",),
            ),
        )

    def _invitation_routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                addresses.API_ROOM_INVITATIONS,
                self.invite,
                "Make an invitation",
                body=NewInvitation,
                answer=InvitationShown,
                status=201,
                refusals=("not_found",),
            ),
            Route(
                "GET",
                addresses.API_ROOM_INVITATIONS,
                self.list_invitations,
                "The room's invitations",
                answer=InvitationList,
                refusals=("not_found",),
            ),
            Route(
                "DELETE",
                addresses.API_INVITATION_REVOKE,
                self.revoke,
                "Close an invitation; whoever came in by it stays",
                status=204,
                refusals=("not_found",),
            ),
            Route(
                "GET",
                addresses.API_INVITATION,
                self.show_invitation,
                "What an invitation leads to",
                Allow.ANYONE,
                answer=InvitationFace,
                refusals=("not_found", "invitation_spent"),
            ),
            Route(
                "POST",
                addresses.API_INVITATION_ACCEPT,
                self.accept,
                "Become a member by invitation",
                body=Acceptance,
                answer=RoomShown,
                refusals=("not_found", "invitation_spent", "wrong_pin", *AT_THE_DOOR),
            ),
        )

    async def create(self, call: Call) -> Answer:
        body: NewRoom = call.body
        plan = Plan(body.id, body.title, body.kind, body.capacity)
        room = await self._rooms.create(call.person, plan, call.device.address)
        return Answer(_room(room, "owner"), 201)

    async def list_mine(self, call: Call) -> Answer:
        page: fields.Page = call.query
        found = await self._rooms.mine(call.person, page.cursor, page.limit + 1)
        shown = [_room(room, role) for room, role in found[: page.limit]]
        return Answer(RoomList(shown, shown[-1].id if len(found) > page.limit else None))

    async def show(self, call: Call) -> Answer:
        return Answer(_room(*await self._rooms.find(call.person, call.path["room"])))

    async def show_grants(self, call: Call) -> Answer:
        room = call.path["room"]
        return Answer(GrantsShown(room, await self._rooms.grants(call.who, room)))

    async def issue_token(self, call: Call) -> Answer:
        body: TokenWish = call.body
        life = timedelta(minutes=body.minutes)
        token, claims, expires_at = await self._rooms.token(
            call.person, call.path["room"], body.grants, life, call.device.address
        )
        return Answer(
            RoomToken(token, claims.room, claims.identity, claims.grants, expires_at), 201
        )

    async def invite(self, call: Call) -> Answer:
        body: NewInvitation = call.body
        wish = Wish(body.grants, body.uses, timedelta(hours=body.hours), body.pin)
        invitation = await self._rooms.invite(
            call.person, call.path["room"], wish, call.device.address
        )
        return Answer(_invitation(invitation), 201)

    async def list_invitations(self, call: Call) -> Answer:
        found = await self._rooms.invitations(call.person, call.path["room"])
        return Answer(InvitationList([_invitation(each) for each in found]))

    async def revoke(self, call: Call) -> Answer:
        await self._rooms.revoke(call.person, call.path["invitation"], call.device.address)
        return NOTHING

    async def show_invitation(self, call: Call) -> Answer:
        invitation, room = await self._rooms.behind(call.path["code"])
        needs_pin = invitation.pin_hash is not None
        return Answer(InvitationFace(room.id, room.title, needs_pin, invitation.expires_at))

    async def accept(self, call: Call) -> Answer:
        code = call.path["code"]
        with self._door.pin(code):
            joined = await self._rooms.join(call.person, code, call.body.pin, call.device.address)
        return Answer(_room(*joined))


def _room(room: Room, role: str) -> RoomShown:
    return RoomShown(
        id=room.id,
        title=room.title,
        kind=room.kind,
        capacity=room.capacity,
        created_at=room.created_at,
        role=role,
        locked=room.locked,
        waiting_room=room.waiting_room,
    )


def _invitation(invitation: Invitation) -> InvitationShown:
    return InvitationShown(
        id=invitation.id,
        code=invitation.code,
        path=addresses.INVITATION.path.format(code=invitation.code),
        uses_left=invitation.uses_left,
        has_pin=invitation.pin_hash is not None,
        grants=from_json(invitation.grants),
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
        revoked_at=invitation.revoked_at,
    )
