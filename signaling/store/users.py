"""Who there is: accounts and guests, what they show of themselves, and when they were seen."""

from collections.abc import Collection
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signaling.store.schema import avatars, call_members, calls, chat_blocks, presence, users
from signaling.store.upsert import insert_if_new, upsert


@dataclass(frozen=True, slots=True)
class User:
    """One person; guests have no `name_key` and no password."""

    id: str
    role: str
    name: str
    created_at: datetime
    name_key: str | None = None
    password_hash: str | None = field(default=None, repr=False)
    nickname: str = ""
    real_name: str = ""
    bio: str = ""
    membership: str = "basic"
    theme_mode: str = "life"
    avatar_version: int = 0
    findable: bool = True
    expires_at: datetime | None = None
    banned_at: datetime | None = None
    ban_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody said they are doing, and when they were last heard of."""

    status: str
    seen_at: datetime
    in_call: bool = False


class NameTaken(Exception):
    """Another account has a name that looks the same."""


COLUMNS = [users.c[item.name] for item in fields(User)]


def add(connection: sa.Connection, user: User) -> None:
    """Raises NameTaken, also when somebody else takes the name in the same instant."""
    values = {column.name: getattr(user, column.name) for column in COLUMNS}
    if not insert_if_new(connection, users, values):
        raise NameTaken(user.name)


def operators_among(connection: sa.Connection, user_ids: Collection[str]) -> set[str]:
    """Those of them who are operators, or more."""
    above = users.c.role.in_(("operator", "administrator"))
    query = sa.select(users.c.id).where(users.c.id.in_(user_ids), above)
    return set(connection.execute(query).scalars())


def account(connection: sa.Connection, identity: str) -> str | None:
    """The account of somebody in a room; None for a robot."""
    return None if by_id(connection, identity) is None else identity


def by_id(connection: sa.Connection, user_id: str) -> User | None:
    return _one(connection, users.c.id == user_id)


def by_name_key(connection: sa.Connection, name_key: str) -> User | None:
    return _one(connection, users.c.name_key == name_key)


def page(connection: sa.Connection, after: str, limit: int) -> list[User]:
    """Accounts in the order of their making, those after the identifier `after`."""
    query = sa.select(*COLUMNS).where(users.c.id > after).order_by(users.c.id).limit(limit)
    return [User(*row) for row in connection.execute(query)]


def findable(
    connection: sa.Connection, asker_id: str, named: sa.ColumnElement[bool], limit: int
) -> list[User]:
    """Open accounts that want to be found, in the order of their names; nobody who blocked the
    asker, or whom the asker blocked."""
    blocked = chat_blocks.c
    apart = sa.select(sa.literal(1)).where(
        ((blocked.user_id == asker_id) & (blocked.blocked_id == users.c.id))
        | ((blocked.user_id == users.c.id) & (blocked.blocked_id == asker_id))
    )
    query = sa.select(*COLUMNS).where(
        named,
        users.c.findable,
        users.c.role != "guest",
        users.c.banned_at.is_(None),
        users.c.id != asker_id,
        ~apart.exists(),
    )
    rows = connection.execute(query.order_by(users.c.name_key).limit(limit))
    return [User(*row) for row in rows]


def change(connection: sa.Connection, user_id: str, values: dict[str, Any]) -> None:
    """Set the named columns of one user."""
    if values:
        connection.execute(users.update().where(users.c.id == user_id).values(**values))


def set_avatar(connection: sa.Connection, user_id: str, media_type: str, content: bytes) -> int:
    """Store the picture; its version, which makes its address new."""
    upsert(
        connection, avatars, {"user_id": user_id}, {"media_type": media_type, "content": content}
    )
    return _next_avatar(connection, user_id)


def remove_avatar(connection: sa.Connection, user_id: str) -> None:
    connection.execute(avatars.delete().where(avatars.c.user_id == user_id))
    change(connection, user_id, {"avatar_version": 0})


def avatar(connection: sa.Connection, user_id: str) -> tuple[str, bytes] | None:
    """(media type, content) of somebody's picture."""
    query = sa.select(avatars.c.media_type, avatars.c.content).where(avatars.c.user_id == user_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.media_type, row.content)


def note_seen(connection: sa.Connection, user_id: str, status: str | None, now: datetime) -> None:
    """Somebody was heard of; `status` None keeps what they said last."""
    key, seen = {"user_id": user_id}, {"seen_at": now}
    if status is not None:
        upsert(connection, presence, key, seen | {"status": status})
    else:
        upsert(connection, presence, key, seen, only_new={"status": "online"})
        back = (presence.c.user_id == user_id) & (presence.c.status == "offline")
        connection.execute(presence.update().where(back).values(status="online"))


def seen(connection: sa.Connection, user_id: str) -> Seen | None:
    return seen_of(connection, [user_id]).get(user_id)


def seen_of(connection: sa.Connection, user_ids: Collection[str]) -> dict[str, Seen]:
    """What is known of several people; nothing of those who were never here."""
    in_call = (
        sa.select(sa.literal(1))
        .join(calls, calls.c.id == call_members.c.call_id)
        .where(
            call_members.c.user_id == presence.c.user_id,
            call_members.c.state == "joined",
            calls.c.open_in.is_not(None),
            calls.c.state == "active",
        )
        .exists()
    )
    query = sa.select(presence.c.user_id, presence.c.status, presence.c.seen_at, in_call)
    found = connection.execute(query.where(presence.c.user_id.in_(user_ids)))
    return {user_id: Seen(status, at, bool(busy)) for user_id, status, at, busy in found}


def names_of(connection: sa.Connection, user_ids: Collection[str]) -> dict[str, str]:
    """What several users are called by others."""
    shown = sa.case((users.c.nickname != "", users.c.nickname), else_=users.c.name)
    query = sa.select(users.c.id, shown).where(users.c.id.in_(user_ids))
    return {row[0]: row[1] for row in connection.execute(query)}


def _one(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> User | None:
    row = connection.execute(sa.select(*COLUMNS).where(condition)).one_or_none()
    return None if row is None else User(*row)


def _next_avatar(connection: sa.Connection, user_id: str) -> int:
    query = (
        users.update()
        .where(users.c.id == user_id)
        .values(avatar_version=users.c.avatar_version + 1)
        .returning(users.c.avatar_version)
    )
    return int(connection.execute(query).scalar_one())
