"""Profiles, avatars and presence."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from signaling import addresses
from signaling.auth.identity import Person
from signaling.finding import Finding
from signaling.http import fields
from signaling.http.call import NOTHING, Allow, Answer, Call, Content, Route
from signaling.people import People, Profile
from signaling.presence import Presence
from signaling.store.users import User

PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")


class ProfileShown(msgspec.Struct, frozen=True):
    """Somebody, as far as the one who asks may know."""

    id: str
    name: str
    role: str
    nickname: str
    real_name: str
    bio: str
    membership: str
    theme_mode: str
    tags: list[str]
    status: str
    seen_at: datetime | None
    avatar: str | None
    """Address of the picture; it changes with the picture."""
    findable: bool | None
    """Whether others find one by the beginning of one's name; for oneself, null for others."""


class PersonFound(msgspec.Struct, frozen=True):
    """Somebody as they are shown in a list."""

    id: str
    name: str
    nickname: str
    status: str
    avatar: str | None


class PeopleFound(msgspec.Struct, frozen=True):
    """The first few in the order of their names; more letters find others."""

    people: list[PersonFound]


class PeopleSought(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a name begins."""

    q: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class WhoAmI(msgspec.Struct, frozen=True):
    """Whoever is signed in, or null: no page has to provoke a refusal to find out."""

    me: ProfileShown | None


class ProfileChange(fields.Body, frozen=True, omit_defaults=True):
    """What is to be different; what is left out stays."""

    nickname: fields.ShownName | None = None
    real_name: fields.ShownName | None = None
    bio: fields.Bio | None = None
    theme_mode: Literal["geek", "life", "fury", "emo"] | None = None
    findable: bool | None = None
    """Whether others find one by the beginning of one's name."""


class PresenceNote(fields.Body, frozen=True):
    """Sent every 30 s by a client that is there; without one for 60 s, somebody is gone."""

    status: Literal["online", "away", "busy", "offline"] | None = None


class AvatarVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Makes the address of a new picture a new address; any number gives the newest."""

    v: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0


class AvatarChanged(msgspec.Struct, frozen=True):
    """Where the new picture is."""

    avatar: str


class PeopleRoutes:
    """Thin over People and Finding."""

    def __init__(self, people: People, finding: Finding, presence: Presence) -> None:
        self._people = people
        self._finding = finding
        self._presence = presence

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_WHO_AM_I,
                self.who_am_i,
                "One's own profile, or null for somebody who is not signed in",
                Allow.ANYONE,
                answer=WhoAmI,
            ),
            Route(
                "GET",
                addresses.API_ME,
                self.show_me,
                "One's own profile",
                Allow.GUEST,
                answer=ProfileShown,
            ),
            Route(
                "PATCH",
                addresses.API_ME,
                self.change_me,
                "Change one's own profile",
                body=ProfileChange,
                answer=ProfileShown,
                refusals=("name_refused",),
            ),
            Route(
                "PUT",
                addresses.API_ME_AVATAR,
                self.set_avatar,
                "Set one's picture: PNG, JPEG, WebP or GIF, at most 1 MiB and 40 megapixels",
                body=Content,
                accepts=PICTURES,
                answer=AvatarChanged,
                refusals=("picture_refused",),
            ),
            Route(
                "DELETE",
                addresses.API_ME_AVATAR,
                self.remove_avatar,
                "Take one's picture away",
                status=204,
            ),
            Route(
                "PUT",
                addresses.API_ME_PRESENCE,
                self.note_presence,
                "Say that one is here",
                Allow.GUEST,
                body=PresenceNote,
                status=204,
            ),
            Route(
                "GET",
                addresses.API_PEOPLE,
                self.find,
                "People whose name begins so, who want to be found",
                query=PeopleSought,
                answer=PeopleFound,
            ),
            Route(
                "GET",
                addresses.API_PERSON,
                self.show,
                "Somebody's profile",
                Allow.GUEST,
                answer=ProfileShown,
                refusals=("not_found",),
            ),
            Route(
                "GET",
                addresses.API_PERSON_AVATAR,
                self.show_avatar,
                "Somebody's picture",
                Allow.GUEST,
                query=AvatarVersion,
                answer=Content,
                returns="image/webp",
                refusals=("not_found",),
            ),
        )

    async def who_am_i(self, call: Call) -> Answer:
        if not isinstance(call.who, Person):
            return Answer(WhoAmI(None))
        profile = await self._people.profile(call.who, call.who.user.id)
        return Answer(WhoAmI(_shown(profile, call.who)))

    async def show_me(self, call: Call) -> Answer:
        who = call.person
        return Answer(_shown(await self._people.profile(who, who.user.id), who))

    async def change_me(self, call: Call) -> Answer:
        values = {
            name: value
            for name, value in msgspec.structs.asdict(call.body).items()
            if value is not None
        }
        return Answer(_shown(await self._people.change(call.person, values), call.person))

    async def set_avatar(self, call: Call) -> Answer:
        who = call.person
        version = await self._people.set_avatar(who, call.body.data)
        return Answer(AvatarChanged(picture_of(who.user.id, version)))

    async def remove_avatar(self, call: Call) -> Answer:
        await self._people.remove_avatar(call.person)
        return NOTHING

    async def note_presence(self, call: Call) -> Answer:
        await self._presence.note(call.person, call.body.status)
        return NOTHING

    async def find(self, call: Call) -> Answer:
        found = await self._finding.find(call.person, call.query.q)
        return Answer(PeopleFound([_found(*each) for each in found]))

    async def show(self, call: Call) -> Answer:
        who = call.person
        return Answer(_shown(await self._people.profile(who, call.path["user"]), who))

    async def show_avatar(self, call: Call) -> Answer:
        media_type, content = await self._people.avatar(call.person, call.path["user"])
        return Answer(
            Content(media_type, content), headers={"Cache-Control": "private, max-age=60"}
        )


def picture_of(user_id: str, version: int) -> str:
    """Where somebody's picture is."""
    return f"{addresses.API_PERSON_AVATAR.path.format(user=user_id)}?v={version}"


def _picture(user: User) -> str | None:
    return picture_of(user.id, user.avatar_version) if user.avatar_version else None


def _found(user: User, status: str) -> PersonFound:
    return PersonFound(user.id, user.name, user.nickname, status, _picture(user))


def _shown(profile: Profile, asker: Person) -> ProfileShown:
    user = profile.user
    return ProfileShown(
        id=user.id,
        name=user.name,
        role=user.role,
        nickname=user.nickname,
        real_name=profile.real_name,
        bio=user.bio,
        membership=user.membership,
        theme_mode=user.theme_mode,
        tags=list(profile.tags),
        status=profile.status,
        seen_at=profile.seen_at,
        avatar=_picture(user),
        findable=user.findable if user.id == asker.user.id else None,
    )
