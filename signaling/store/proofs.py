"""Who was asked to prove an account, by what they could, and what came of it: rows."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from signaling.proving.rules import PROVED, Ending
from signaling.store.proof_schema import authenticators, passkeys, proofs


@dataclass(frozen=True, slots=True)
class Proof:
    """One that was asked for, as it is remembered."""

    id: str
    room_id: str
    call_id: str
    user_id: str
    why: str
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None = None
    outcome: str = ""
    reason: str = ""
    way: str = ""
    since: datetime | None = None
    over_at: datetime | None = None


_COLUMNS = [proofs.c[item.name] for item in fields(Proof)]


def ways_of(connection: sa.Connection, user_id: str) -> tuple[str, ...]:
    """By what somebody can prove their account."""
    app = (authenticators.c.user_id == user_id) & authenticators.c.confirmed_at.is_not(None)
    conditions = {"passkey": passkeys.c.user_id == user_id, "authenticator": app}
    chosen = [sa.exists().where(condition).label(way) for way, condition in conditions.items()]
    found = connection.execute(sa.select(*chosen)).one()
    return tuple(way for way, is_there in zip(conditions, found, strict=True) if is_there)


def add(connection: sa.Connection, proof: Proof) -> None:
    connection.execute(proofs.insert(), asdict(proof))


def end(connection: sa.Connection, proof_id: str, ending: Ending, now: datetime) -> None:
    """What came of asking; only what was proved goes on to count."""
    over_at = None if ending.outcome == PROVED else now
    query = proofs.update().where(proofs.c.id == proof_id)
    connection.execute(query.values(ended_at=now, over_at=over_at, **asdict(ending)))


def end_standing(connection: sa.Connection, proof_id: str, now: datetime) -> None:
    """What was proved counts no more."""
    standing = (proofs.c.id == proof_id) & proofs.c.over_at.is_(None)
    connection.execute(proofs.update().where(standing).values(over_at=now))


def end_forgotten(connection: sa.Connection, now: datetime) -> None:
    """End what a process that is gone had under way, and what it had seen proved."""
    asked = proofs.update().where(proofs.c.ended_at.is_(None))
    connection.execute(asked.values(ended_at=now, outcome="expired", reason="restarted"))
    connection.execute(proofs.update().where(proofs.c.over_at.is_(None)).values(over_at=now))


def of_call(connection: sa.Connection, call_id: str, before: str, limit: int) -> list[Proof]:
    """The newest first, those before an identifier."""
    query = sa.select(*_COLUMNS).where(proofs.c.call_id == call_id)
    if before:
        query = query.where(proofs.c.id < before)
    query = query.order_by(proofs.c.id.desc()).limit(limit)
    return [Proof(*row) for row in connection.execute(query)]
