"""Who agreed to be remembered from call to call, and what was learned: rows, and nothing of why."""

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime

import sqlalchemy as sa

from signaling.store.enrolment_schema import enrolments, templates
from signaling.store.upsert import upsert


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One account agreed to a text."""

    user_id: str
    version: str
    agreed_at: datetime


@dataclass(frozen=True, slots=True)
class StoredTemplate:
    """A face or a voice; `content` is sealed."""

    user_id: str
    kind: str
    content: bytes = field(repr=False)
    learned_at: datetime


_ENROLMENT = [enrolments.c[item.name] for item in fields(Enrolment)]
_TEMPLATE = [templates.c[item.name] for item in fields(StoredTemplate)]


def begin(connection: sa.Connection, enrolment: Enrolment) -> None:
    """Agreed, and nothing learned so far; what was learned before is gone."""
    end(connection, enrolment.user_id)
    connection.execute(enrolments.insert(), asdict(enrolment))


def by_user(connection: sa.Connection, user_id: str) -> Enrolment | None:
    query = sa.select(*_ENROLMENT).where(enrolments.c.user_id == user_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else Enrolment(*row)


def end(connection: sa.Connection, user_id: str) -> bool:
    """Nothing is agreed, and nothing remembered; False if it was so."""
    query = enrolments.delete().where(enrolments.c.user_id == user_id)
    return connection.execute(query).rowcount == 1


def templates_of(connection: sa.Connection, user_id: str) -> list[StoredTemplate]:
    query = sa.select(*_TEMPLATE).where(templates.c.user_id == user_id)
    return [StoredTemplate(*row) for row in connection.execute(query.order_by(templates.c.kind))]


def keep(connection: sa.Connection, template: StoredTemplate) -> None:
    """In place of the one that there was."""
    key = {"user_id": template.user_id, "kind": template.kind}
    values = {"content": template.content, "learned_at": template.learned_at}
    upsert(connection, templates, key, values)
