"""Evidence: what scores and alerts stand on, kept sealed, shown on record, and forgotten.

Asks detection for a picture and sound when an alert is raised.  Every look is audited.  It refuses
to know how evidence is weighed, and HTTP.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa
import structlog

from detection import Captured, Record
from signaling import noting
from signaling.audit import Act, detail
from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.identifiers import new_id
from signaling.risk.records import Records, Unreadable
from signaling.sealing import Seal
from signaling.store import Store, alerts, audit, captures, forgetting, risk_scores
from signaling.store.alerts import Alert
from signaling.store.captures import Capture
from signaling.store.forgetting import Forgotten
from signaling.store.risk_scores import StoredScore

log = structlog.get_logger()

# One that is raised again and again has been seen by then.
MOST_TIMES_CAPTURED = 5


class Eyes(Protocol):
    """What evidence asks of detection."""

    def capture(self, room: str, identity: str, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long what is kept."""

    scores: timedelta
    closed_alerts: timedelta


class EvidenceStore:
    """The service."""

    def __init__(
        self,
        store: Store,
        eyes: Eyes | None,
        *,
        secret: str,
        lifetimes: Lifetimes,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._eyes = eyes
        self._records = Records(secret)
        self._seal = Seal(secret, "alert captures")
        self._lifetimes = lifetimes
        self._now = now

    # --- what is kept ---

    def hear(self, alert: Alert, act: str) -> None:
        """An alert that was raised wants to be seen."""
        if act == "raise" and alert.times <= MOST_TIMES_CAPTURED and self._eyes is not None:
            self._eyes.capture(alert.room_id, alert.identity, alert.id)

    async def keep(self, captured: Captured) -> None:
        """What detection handed on for an alert."""
        now = self._now()
        parts = {"image/jpeg": captured.picture, "audio/wav": captured.sound}

        def work(connection: sa.Connection) -> None:
            if alerts.by_id(connection, captured.name) is None:
                return
            for media_type, content in parts.items():
                name = new_id(now)
                sealed = self._seal.close(content, name)
                if content:
                    captures.add(connection, Capture(name, captured.name, now, media_type, sealed))

        await self._store.write(work)

    async def forget_old(self) -> None:
        """What has been kept for long enough, or is of an account that is gone."""
        now = self._now()
        scores, closed = (now - each for each in self._all_lifetimes())

        def work(connection: sa.Connection) -> None:
            forgetting.forget_old(connection, scores, closed)
            gone = forgetting.forget_accounts_that_are_gone(connection)
            if gone:
                act = Act("server", "evidence.forget", "", "", detail(accounts=gone))
                audit.record(connection, act, now)

        await self._store.write(work)

    # --- what is shown ---

    async def score(self, who: Person, score_id: str, address: str) -> tuple[StoredScore, Record]:
        """A stored score and its record."""

        def work(connection: sa.Connection) -> StoredScore:
            stored = risk_scores.by_id(connection, score_id)
            if stored is None:
                raise Refused("not_found")
            noting.note(connection, who, "score.look", score_id, address=address, now=self._now())
            return stored

        stored = await self._store.write(work)
        try:
            return stored, self._records.open(stored)
        except Unreadable:
            raise Refused("evidence_unreadable") from None

    async def captures(self, who: Person, alert_id: str, address: str) -> list[Capture]:
        """What there is of an alert, still sealed."""

        def work(connection: sa.Connection) -> list[Capture]:
            if alerts.by_id(connection, alert_id) is None:
                raise Refused("not_found")
            noting.note(connection, who, "capture.list", alert_id, address=address, now=self._now())
            return captures.of_alert(connection, alert_id)

        return await self._store.write(work)

    async def capture(self, who: Person, capture_id: str, address: str) -> tuple[str, bytes]:
        """One of them, opened: its media type and its bytes."""

        def work(connection: sa.Connection) -> Capture:
            found = captures.by_id(connection, capture_id)
            if found is None:
                raise Refused("not_found")
            noting.note(
                connection, who, "capture.look", capture_id, address=address, now=self._now()
            )
            return found

        return self.opened(await self._store.write(work))

    def opened(self, capture: Capture) -> tuple[str, bytes]:
        """The media type and the bytes; Refused for what was changed in the store."""
        content = self._seal.open(capture.content, capture.id)
        if content is None:
            raise Refused("evidence_unreadable")
        return capture.media_type, content

    # --- what is forgotten ---

    async def forget_person(self, who: Person, identity: str, address: str) -> Forgotten:
        """On somebody's request; what open alerts stand on stays until they are closed."""

        def work(connection: sa.Connection) -> Forgotten:
            gone = forgetting.forget_person(connection, identity)
            more = detail(scores=gone.scores, alerts=gone.alerts, held=gone.held)
            act = Act(who.user.id, "evidence.forget", identity, address, more)
            audit.record(connection, act, self._now())
            return gone

        return await self._store.write(work)

    def _all_lifetimes(self) -> tuple[timedelta, timedelta]:
        return self._lifetimes.scores, self._lifetimes.closed_alerts
