"""People as others see them: profile, tags and avatar."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from signaling.audit import Act
from signaling.auth.identity import Person
from signaling.auth.names import shown_name
from signaling.errors import Refused
from signaling.inspection import Inspector
from signaling.presence import status
from signaling.store import Store, audit, rooms, users
from signaling.store.users import Seen, User

NEW_FOR = timedelta(days=7)
VETERAN_AFTER = timedelta(days=365)
ACTIVE_WITHIN = timedelta(days=7)
AVATAR_PIXELS = 256


@dataclass(frozen=True, slots=True)
class Profile:
    """What the one who asks may know of a user."""

    user: User
    tags: tuple[str, ...]
    status: str
    seen_at: datetime | None
    real_name: str


def tags(user: User, seen: Seen | None, now: datetime) -> tuple[str, ...]:
    """Smart tags, most telling first: role, membership, how long and how lately, theme."""
    found: list[str] = []
    if user.role in ("administrator", "operator", "guest"):
        found.append(user.role)
    if user.membership != "basic":
        found.append(user.membership)
    if now - user.created_at >= VETERAN_AFTER:
        found.append("veteran")
    elif now - user.created_at <= NEW_FOR:
        found.append("new")
    if seen is not None and now - seen.seen_at <= ACTIVE_WITHIN:
        found.append("active")
    return tuple(found) if user.role == "guest" else (*found, user.theme_mode)


class People:
    """The service."""

    def __init__(self, store: Store, inspector: Inspector, now: Callable[[], datetime]) -> None:
        self._store = store
        self._inspector = inspector
        self._now = now

    async def profile(self, asker: Person, user_id: str) -> Profile:
        """What the asker may see; Refused("not_found") if that is nothing.

        Guests see only people of their own room.  Real names are for oneself, for people of a
        common room and for operators.
        """
        now = self._now()

        def work(connection: sa.Connection) -> Profile:
            user = users.by_id(connection, user_id)
            close = _are_close(connection, asker, user_id)
            if user is None or (asker.user.role == "guest" and not close):
                raise Refused("not_found")
            seen = users.seen(connection, user_id)
            return Profile(
                user=user,
                tags=tags(user, seen, now),
                status=status(seen, now),
                seen_at=None if seen is None else seen.seen_at,
                real_name=user.real_name if close else "",
            )

        return await self._store.read(work)

    async def change(self, who: Person, values: dict[str, Any]) -> Profile:
        """Change one's own profile: any of nickname, real_name, bio, theme_mode, findable."""
        checked: dict[str, Any] = dict(values)
        for name in ("nickname", "real_name"):
            if values.get(name):
                checked[name] = shown_name(values[name])
        await self._store.write(lambda connection: users.change(connection, who.user.id, checked))
        return await self.profile(who, who.user.id)

    async def set_avatar(self, who: Person, content: bytes) -> int:
        """Re-encode the picture, small and without its metadata; the new version."""
        encoded = await self._inspector.square(content, AVATAR_PIXELS)
        return await self._store.write(
            lambda connection: users.set_avatar(connection, who.user.id, "image/webp", encoded)
        )

    async def remove_avatar(self, who: Person) -> None:
        await self._store.write(lambda connection: users.remove_avatar(connection, who.user.id))

    async def avatar(self, asker: Person, user_id: str) -> tuple[str, bytes]:
        """(media type, content); Refused("not_found") if there is none for this asker."""

        def work(connection: sa.Connection) -> tuple[str, bytes] | None:
            if asker.user.role == "guest" and not _are_close(connection, asker, user_id):
                return None
            return users.avatar(connection, user_id)

        found = await self._store.read(work)
        if found is None:
            raise Refused("not_found")
        return found

    async def page(self, asker: Person, after: str, limit: int, address: str) -> list[User]:
        """Everybody, for operators, in the order of arrival; the look is audited."""
        now = self._now()

        def work(connection: sa.Connection) -> list[User]:
            act = Act(asker.user.id, "users.list", after, address)
            audit.record(connection, act, now)
            return users.page(connection, after, limit)

        return await self._store.write(work)


def _are_close(connection: sa.Connection, asker: Person, user_id: str) -> bool:
    if asker.user.id == user_id or asker.at_least("operator"):
        return True
    return rooms.share_a_room(connection, asker.user.id, user_id)
