"""The public halves of people's passkeys: rows, nothing of what they sign."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from signaling.store.proof_schema import passkeys
from signaling.store.upsert import insert_if_new


@dataclass(frozen=True, slots=True)
class Passkey:
    """One key of one account, under the name that its owner gave it."""

    id: str
    user_id: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    made_at: datetime
    used_at: datetime | None = None


_COLUMNS = [passkeys.c[item.name] for item in fields(Passkey)]


def add(connection: sa.Connection, passkey: Passkey) -> bool:
    """False if somebody has this credential already."""
    return insert_if_new(connection, passkeys, asdict(passkey))


def of_user(connection: sa.Connection, user_id: str) -> list[Passkey]:
    """In the order of their making."""
    query = sa.select(*_COLUMNS).where(passkeys.c.user_id == user_id).order_by(passkeys.c.id)
    return [Passkey(*row) for row in connection.execute(query)]


def note_used(connection: sa.Connection, known: Passkey, count: int, now: datetime) -> bool:
    """False if it was used, or removed, since it was read: the counter is no longer the same."""
    same = (passkeys.c.id == known.id) & (passkeys.c.sign_count == known.sign_count)
    query = passkeys.update().where(same).values(sign_count=count, used_at=now)
    return connection.execute(query).rowcount == 1


def remove(connection: sa.Connection, user_id: str, passkey_id: str) -> bool:
    """False if the account has no such key."""
    own = (passkeys.c.id == passkey_id) & (passkeys.c.user_id == user_id)
    return connection.execute(passkeys.delete().where(own)).rowcount == 1
