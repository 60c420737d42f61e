"""Who agreed to be looked at, and what rooms decided about it: rows, and nothing of why."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from signaling.store import users
from signaling.store.upsert import upsert
from signaling.store.watching_schema import consents, detection_rules


@dataclass(frozen=True, slots=True)
class DetectionRules:
    """Of one room: whether anybody is looked at, who sees what comes of it, who may come in."""

    runs: bool = True
    seen_by: str = "operators"
    own_seen: bool = False
    """Whether people see their own score where they do not see everybody's."""
    consent_required: bool = False
    """Whoever does not agree cannot come in."""
    encrypted: bool = False
    """Media are encrypted from end to end: nothing can be looked at."""


@dataclass(frozen=True, slots=True)
class Consent:
    """Somebody agreed to a text in a room, until they took it back."""

    id: str
    room_id: str
    identity: str
    version: str
    given_at: datetime
    withdrawn_at: datetime | None = None


_RULES = [detection_rules.c[item.name] for item in fields(DetectionRules)]
_CONSENT = [consents.c[item.name] for item in fields(Consent)]


def rules_of(connection: sa.Connection, room_id: str) -> DetectionRules | None:
    """None for a room that decided nothing."""
    query = sa.select(*_RULES).where(detection_rules.c.room_id == room_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else DetectionRules(*row)


def set_rules(connection: sa.Connection, room_id: str, rules: DetectionRules) -> None:
    upsert(connection, detection_rules, {"room_id": room_id}, asdict(rules))


def standing(connection: sa.Connection, room_id: str, identity: str) -> Consent | None:
    """What somebody agreed to and did not take back, the newest if there are several."""
    query = sa.select(*_CONSENT).where(
        consents.c.room_id == room_id,
        consents.c.identity == identity,
        consents.c.withdrawn_at.is_(None),
    )
    row = connection.execute(query.order_by(consents.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else Consent(*row)


def give(connection: sa.Connection, consent: Consent) -> None:
    account = users.account(connection, consent.identity)
    connection.execute(consents.insert(), asdict(consent) | {"user_id": account})


def withdraw(connection: sa.Connection, room_id: str, identity: str, now: datetime) -> bool:
    """False if there was nothing to take back."""
    query = consents.update().where(
        consents.c.room_id == room_id,
        consents.c.identity == identity,
        consents.c.withdrawn_at.is_(None),
    )
    return connection.execute(query.values(withdrawn_at=now)).rowcount > 0
