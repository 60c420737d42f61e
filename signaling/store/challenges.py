"""Who was challenged, what came of it, and what rooms ask by themselves: rows, nothing of why."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from signaling.challenges.rules import Ending, Policy
from signaling.store import users
from signaling.store.challenge_schema import challenge_policies, challenges
from signaling.store.upsert import upsert


@dataclass(frozen=True, slots=True)
class Asked:
    """A challenge as it is remembered."""

    id: str
    room_id: str
    identity: str
    kind: str
    why: str
    asked_by: str
    asked_at: datetime
    plan: str
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = ""
    reason: str = ""
    strength: float = 0.0
    chance: float | None = None
    evidence: str | None = None


_COLUMNS = [challenges.c[item.name] for item in fields(Asked)]
_POLICY = [challenge_policies.c[item.name] for item in fields(Policy)]


def add(connection: sa.Connection, asked: Asked) -> None:
    account = users.account(connection, asked.identity)
    connection.execute(challenges.insert(), asdict(asked) | {"user_id": account})


def begin(connection: sa.Connection, challenge_id: str, now: datetime) -> None:
    query = challenges.update().where(challenges.c.id == challenge_id)
    connection.execute(query.values(begun_at=now))


def end(
    connection: sa.Connection,
    challenge_id: str,
    ending: Ending,
    evidence: str | None,
    now: datetime,
) -> None:
    query = challenges.update().where(challenges.c.id == challenge_id)
    connection.execute(query.values(ended_at=now, evidence=evidence, **asdict(ending)))


def end_forgotten(connection: sa.Connection, now: datetime) -> None:
    """End what a process that is gone had under way."""
    query = challenges.update().where(challenges.c.ended_at.is_(None))
    connection.execute(query.values(ended_at=now, outcome="expired", reason="restarted"))


def of_room(connection: sa.Connection, room_id: str, before: str, limit: int) -> list[Asked]:
    """The newest first, those before an identifier."""
    query = sa.select(*_COLUMNS).where(challenges.c.room_id == room_id)
    if before:
        query = query.where(challenges.c.id < before)
    query = query.order_by(challenges.c.id.desc()).limit(limit)
    return [Asked(*row) for row in connection.execute(query)]


def policy_of(connection: sa.Connection, room_id: str) -> Policy:
    query = sa.select(*_POLICY).where(challenge_policies.c.room_id == room_id)
    row = connection.execute(query).one_or_none()
    return Policy() if row is None else Policy(*row)


def set_policy(connection: sa.Connection, room_id: str, policy: Policy) -> None:
    upsert(connection, challenge_policies, {"room_id": room_id}, asdict(policy))
