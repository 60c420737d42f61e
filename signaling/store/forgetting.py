"""What was found out about people, and when it goes: by age, on request, with their account.

Knows what holds it: an alert that is open, or of a room under legal hold, and the score that it
stands on.  What is held of an account that is gone stays without its name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signaling.store import enrolments
from signaling.store.challenge_schema import challenges
from signaling.store.schema import chat_rules, users
from signaling.store.watching_schema import alerts, consents, risk_overrides, risk_scores

# Who is known by `identity`, and where by which account that was.
_OF_ACCOUNTS = (risk_scores, alerts, consents, challenges)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much went, and how many alerts held theirs."""

    scores: int
    alerts: int
    held: int


def forget_old(connection: sa.Connection, scores_before: datetime, closed_before: datetime) -> None:
    """Scores, but those that alerts stand on; and alerts that were closed long ago."""
    closed = alerts.delete().where(alerts.c.closed_at < closed_before, ~_is_held())
    connection.execute(closed)
    connection.execute(
        risk_scores.delete().where(risk_scores.c.at < scores_before, ~_is_stood_on())
    )


def forget_person(connection: sa.Connection, identity: str) -> Forgotten:
    """Everything that was found out about somebody, but what is held."""
    about = alerts.c.identity == identity
    gone = connection.execute(alerts.delete().where(about, ~_is_held())).rowcount
    kept = sa.select(sa.func.count()).select_from(alerts).where(about)
    held = connection.execute(kept).scalar_one()
    said = risk_scores.delete().where(risk_scores.c.identity == identity, ~_is_stood_on())
    scores = connection.execute(said).rowcount
    answers = challenges.c.identity == identity, challenges.c.ended_at.is_not(None)
    connection.execute(challenges.delete().where(*answers, ~_is_of_a_held_case()))
    connection.execute(risk_overrides.delete().where(risk_overrides.c.identity == identity))
    enrolments.end(connection, identity)
    return Forgotten(scores, gone, held)


def forget_accounts_that_are_gone(connection: sa.Connection) -> int:
    """How many; what is held of them stays, about somebody whom nobody can name any more."""
    gone = list(_gone(connection))
    for identity in gone:
        forget_person(connection, identity)
        connection.execute(consents.delete().where(consents.c.identity == identity))
        _take_away_name(connection, identity)
    return len(gone)


def _gone(connection: sa.Connection) -> Iterator[str]:
    """Accounts of which something is left, and which are not there."""
    left = sa.union(
        *(
            sa.select(table.c.user_id).where(
                table.c.user_id.is_not(None),
                ~sa.exists().where(users.c.id == table.c.user_id),
            )
            for table in _OF_ACCOUNTS
        )
    )
    yield from connection.execute(left).scalars()


def _take_away_name(connection: sa.Connection, identity: str) -> None:
    """One new name for all that is left, so that a case still holds together."""
    held = alerts.c.identity == identity
    first = connection.execute(sa.select(sa.func.min(alerts.c.id)).where(held)).scalar()
    if first is None:
        return
    nobody = f"gone-{first}"
    for table in (risk_scores, challenges):
        nameless = table.update().where(table.c.identity == identity)
        connection.execute(nameless.values(identity=nobody, user_id=None))
    about = alerts.c.room_id + "/" + alerts.c.call_id + "/" + nobody
    open_for = sa.case((alerts.c.open_for.is_not(None), about), else_=None)
    connection.execute(
        alerts.update().where(held).values(identity=nobody, user_id=None, open_for=open_for)
    )


def _is_held() -> sa.ColumnElement[bool]:
    kept = chat_rules.c.room_id == alerts.c.room_id, chat_rules.c.held_at.is_not(None)
    return sa.or_(alerts.c.closed_at.is_(None), sa.exists().where(*kept))


def _is_stood_on() -> sa.ColumnElement[bool]:
    return sa.exists().where(alerts.c.score_id == risk_scores.c.id)


def _is_of_a_held_case() -> sa.ColumnElement[bool]:
    """By then all alerts about the person are held ones."""
    return sa.exists().where(
        alerts.c.identity == challenges.c.identity, alerts.c.room_id == challenges.c.room_id
    )
