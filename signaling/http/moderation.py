"""The members of a room, its door, and what those who moderate it may do."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.auth.grants import SOURCES
from signaling.http import fields
from signaling.http.call import NOTHING, Allow, Answer, Call, Route
from signaling.moderation import Moderation

Source = Literal["microphone", "camera", "screen", "screen_audio"]


class MemberShown(msgspec.Struct, frozen=True):
    """Somebody who belongs to the room; `silenced` names what is not forwarded of them."""

    user: str
    name: str
    nickname: str
    role: str
    joined_at: datetime
    silenced: list[str]


class MemberList(msgspec.Struct, frozen=True):
    """Everybody who belongs to the room, in the order of their coming."""

    members: list[MemberShown]


class BanShown(msgspec.Struct, frozen=True):
    """Somebody who may not come back."""

    user: str
    name: str
    banned_by: str
    banned_at: datetime


class BanList(msgspec.Struct, frozen=True):
    """Who may not come back, newest first."""

    bans: list[BanShown]


class RoleWanted(fields.Body, frozen=True):
    """A member's new role."""

    role: Literal["moderator", "member"]


class OwnerWanted(fields.Body, frozen=True):
    """The member who shall own the room."""

    user: fields.Id


class LockWanted(fields.Body, frozen=True):
    """Whether anybody new gets in."""

    locked: bool


class SilenceWanted(fields.Body, frozen=True):
    """What of somebody is not forwarded from now on; nothing named: everything is, again."""

    sources: Annotated[list[Source], Meta(max_length=len(SOURCES))]


class ModerationRoutes:
    """Thin over Moderation."""

    def __init__(self, moderation: Moderation) -> None:
        self._moderation = moderation

    def routes(self) -> tuple[Route, ...]:
        return (
            *self._member_routes(),
            *self._door_routes(),
            *self._ban_routes(),
        )

    def _member_routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_ROOM_MEMBERS,
                self.list_members,
                "Who belongs to a room",
                Allow.GUEST,
                answer=MemberList,
                refusals=("not_found",),
            ),
            Route(
                "DELETE",
                addresses.API_ROOM_MEMBER,
                self.remove,
                "Send somebody away; an invitation may bring them back",
                Allow.GUEST,
                status=204,
                refusals=("not_found",),
            ),
            Route(
                "DELETE",
                addresses.API_ROOM_MEMBERSHIP,
                self.leave,
                "Belong to a room no more",
                Allow.GUEST,
                status=204,
                refusals=("not_found", "owner_stays"),
            ),
            Route(
                "PUT",
                addresses.API_ROOM_MEMBER_ROLE,
                self.set_role,
                "Make a member a moderator, or the reverse",
                body=RoleWanted,
                status=204,
                refusals=("not_found",),
            ),
            Route(
                "PUT",
                addresses.API_ROOM_OWNER,
                self.hand_over,
                "Hand a room over",
                body=OwnerWanted,
                status=204,
                refusals=("not_found",),
            ),
            Route(
                "PUT",
                addresses.API_ROOM_MEMBER_SILENCE,
                self.silence,
                "Mute somebody or stop their video, whatever their client says",
                Allow.GUEST,
                body=SilenceWanted,
                status=204,
                refusals=("not_found", "media_unavailable"),
            ),
        )

    def _door_routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "PUT",
                addresses.API_ROOM_LOCK,
                self.set_locked,
                "Lock a room, or open it again",
                Allow.GUEST,
                body=LockWanted,
                status=204,
                refusals=("not_found",),
            ),
        )

    def _ban_routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_ROOM_BANS,
                self.list_bans,
                "Who may not come back",
                Allow.GUEST,
                answer=BanList,
                refusals=("not_found",),
            ),
            Route(
                "PUT",
                addresses.API_ROOM_BAN,
                self.ban,
                "Send somebody away for good",
                Allow.GUEST,
                status=204,
                refusals=("not_found",),
            ),
            Route(
                "DELETE",
                addresses.API_ROOM_BAN,
                self.unban,
                "Let an invitation bring somebody back again",
                Allow.GUEST,
                status=204,
                refusals=("not_found",),
            ),
        )

    async def list_members(self, call: Call) -> Answer:
        found = await self._moderation.members(call.person, call.path["room"])
        shown = [
            MemberShown(
                user=each.user_id,
                name=each.name,
                nickname=each.nickname,
                role=each.role,
                joined_at=each.joined_at,
                silenced=each.silenced.split(),
            )
            for each in found
        ]
        return Answer(MemberList(shown))

    async def remove(self, call: Call) -> Answer:
        await self._moderation.remove(call.person, *whom(call))
        return NOTHING

    async def leave(self, call: Call) -> Answer:
        await self._moderation.leave(call.person, call.path["room"], call.device.address)
        return NOTHING

    async def set_role(self, call: Call) -> Answer:
        room, user, address = whom(call)
        await self._moderation.set_role(call.person, room, user, call.body.role, address)
        return NOTHING

    async def hand_over(self, call: Call) -> Answer:
        await self._moderation.hand_over(
            call.person, call.path["room"], call.body.user, call.device.address
        )
        return NOTHING

    async def silence(self, call: Call) -> Answer:
        room, user, address = whom(call)
        await self._moderation.silence(call.person, room, user, call.body.sources, address)
        return NOTHING

    async def set_locked(self, call: Call) -> Answer:
        await self._moderation.set_locked(
            call.person, call.path["room"], call.body.locked, call.device.address
        )
        return NOTHING

    async def list_bans(self, call: Call) -> Answer:
        found = await self._moderation.bans(call.person, call.path["room"])
        shown = [
            BanShown(each.user_id, each.name, each.banned_by, each.banned_at) for each in found
        ]
        return Answer(BanList(shown))

    async def ban(self, call: Call) -> Answer:
        await self._moderation.ban(call.person, *whom(call))
        return NOTHING

    async def unban(self, call: Call) -> Answer:
        await self._moderation.unban(call.person, *whom(call))
        return NOTHING


def whom(call: Call) -> tuple[str, str, str]:
    """The room, whom it is about, and where the request comes from."""
    return call.path["room"], call.path["user"], call.device.address
