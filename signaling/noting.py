"""What somebody did or looked at, as an entry of the audit log that says in which role."""

from datetime import datetime

import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.auth.identity import Person
from signaling.store import audit


def note(
    connection: sa.Connection,
    who: Person,
    action: str,
    subject: str,
    *,
    address: str,
    now: datetime,
) -> None:
    """In the transaction of what was done."""
    act = Act(who.user.id, action, subject, address, detail(role=who.user.role))
    audit.record(connection, act, now)
