"""What was said about people, moment by moment, with the sealed records behind it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from signaling.store import alerts, calls, consents, users
from signaling.store.alerts import Override
from signaling.store.consents import DetectionRules
from signaling.store.watching_schema import risk_scores


@dataclass(frozen=True, slots=True)
class StoredScore:
    """A score as it was; `record` is for whoever can open it."""

    id: str
    room_id: str
    call_id: str
    identity: str
    at: datetime
    state: str
    why: str
    risk: float
    confidence: float
    record: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which scores of a call; what is empty does not matter."""

    call_id: str
    identity: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A room where somebody sends: what it decided, and its call."""

    rules: DetectionRules
    call_id: str
    overrides: Mapping[str, Override]
    """Operators' own judgements, by whom they are about."""


_COLUMNS = [risk_scores.c[item.name] for item in fields(StoredScore)]


def add(connection: sa.Connection, scores: Sequence[StoredScore]) -> None:
    for score in scores:
        values = asdict(score) | {"user_id": users.account(connection, score.identity)}
        connection.execute(risk_scores.insert(), values)


def by_id(connection: sa.Connection, score_id: str) -> StoredScore | None:
    query = sa.select(*_COLUMNS).where(risk_scores.c.id == score_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else StoredScore(*row)


def page(connection: sa.Connection, wanted: Wanted, before: str, limit: int) -> list[StoredScore]:
    """The newest first, those before the identifier `before`."""
    table = risk_scores.c
    query = sa.select(*_COLUMNS).where(table.call_id == wanted.call_id)
    if wanted.identity:
        query = query.where(table.identity == wanted.identity)
    if wanted.since is not None:
        query = query.where(table.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(table.at < wanted.until)
    if before:
        query = query.where(table.id < before)
    query = query.order_by(table.id.desc()).limit(limit)
    return [StoredScore(*row) for row in connection.execute(query)]


def places(
    connection: sa.Connection, room_ids: Collection[str], defaults: DetectionRules
) -> dict[str, Place]:
    """What each room decided, its call that is under way, and what operators say of its people."""
    found = {}
    for room_id in room_ids:
        call = calls.open_in(connection, room_id)
        call_id = "" if call is None else call.id
        rules = consents.rules_of(connection, room_id) or defaults
        found[room_id] = Place(rules, call_id, alerts.overrides_of(connection, room_id, call_id))
    return found
