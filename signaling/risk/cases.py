"""Cases: everything that there is about an alert, put together for somebody who was not there.

The alert and what was done with it, the scores around it with their records, the challenges, what
the audit log says of it, pictures and sound.  It refuses to know how an archive proves itself
(`case_archive`).
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from detection import Record
from signaling.audit import Act, Entry
from signaling.errors import Refused
from signaling.risk.alerts import shown
from signaling.risk.case_archive import Case, Damaged, signing_key, written
from signaling.risk.evidence import EvidenceStore
from signaling.risk.explaining import explained
from signaling.risk.records import Records, Unreadable
from signaling.store import Store, alerts, audit, captures, challenges, risk_scores
from signaling.store.alerts import Alert, AlertAct
from signaling.store.captures import Capture
from signaling.store.challenges import Asked
from signaling.store.risk_scores import StoredScore, Wanted

AROUND = timedelta(minutes=10)
MOST_SCORES = 500
MOST_ENTRIES = 1000
SUFFIXES = {"image/jpeg": "jpg", "audio/wav": "wav"}


@dataclass(frozen=True, slots=True)
class _Found:
    """What the store knows of a case."""

    alert: Alert
    acts: list[AlertAct]
    scores: list[StoredScore]
    asked: list[Asked]
    captures: list[Capture]
    entries: list[Entry]


class ScoreInCase(msgspec.Struct, frozen=True):
    """A score with its record, from which it can be made again."""

    id: str
    at: datetime
    identity: str
    room: str
    call: str
    state: str
    why: str
    risk: float
    confidence: float
    record: Record
    lines: tuple[str, ...]


class Cases:
    """The service."""

    def __init__(
        self, store: Store, evidence: EvidenceStore, secret: str, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._evidence = evidence
        self._records = Records(secret)
        self._key = signing_key(secret)
        self._now = now

    async def export(self, actor: str, alert_id: str, address: str) -> bytes:
        """The archive of an alert; who exported it is part of it."""
        now = self._now()

        def work(connection: sa.Connection) -> _Found:
            alert = alerts.by_id(connection, alert_id)
            if alert is None:
                raise Refused("not_found")
            audit.record(connection, Act(actor, "case.export", alert_id, address), now)
            return _found(connection, alert)

        found = await self._store.write(work)
        try:
            return await asyncio.to_thread(
                lambda: written(alert_id, self._entries(found), self._key, now)
            )
        except Unreadable:
            raise Refused("evidence_unreadable") from None

    def _entries(self, found: _Found) -> dict[str, bytes]:
        entries = {
            "alert.json": _json(shown(found.alert)),
            "acts.json": _json([asdict(one) for one in found.acts]),
            "challenges.json": _json([asdict(one) for one in found.asked]),
            "audit.json": _json([asdict(one) for one in found.entries]),
        }
        for score in found.scores:
            record = self._records.open(score)
            entries[f"scores/{score.id}.json"] = _json(_in_case(score, record))
        for capture in found.captures:
            media_type, content = self._evidence.opened(capture)
            entries[f"captures/{capture.id}.{SUFFIXES[media_type]}"] = content
        return entries


def refuse_scores_that_do_not_follow(case: Case) -> int:
    """How many scores of a case were made again; raises `Damaged` for one that comes out else."""
    count = 0
    for name, content in case.entries.items():
        if not name.startswith("scores/"):
            continue
        try:
            score = msgspec.json.decode(content, type=ScoreInCase)
        except msgspec.MsgspecError as error:
            raise Damaged(f"{name} cannot be read ({error})") from None
        stored = StoredScore(
            score.id,
            score.room,
            score.call,
            score.identity,
            score.at,
            score.state,
            score.why,
            score.risk,
            score.confidence,
            b"",
        )
        if not explained(stored, score.record).same:
            raise Damaged(f"{name}: another score follows from its record")
        count += 1
    return count


def _found(connection: sa.Connection, alert: Alert) -> _Found:
    around = Wanted(alert.call_id, alert.identity, alert.raised_at - AROUND, alert.last_at + AROUND)
    scores = risk_scores.page(connection, around, "", MOST_SCORES)
    stands_on = risk_scores.by_id(connection, alert.score_id)
    if stands_on is not None and stands_on not in scores:
        scores.append(stands_on)
    asked = challenges.of_room(connection, alert.room_id, "", MOST_ENTRIES)
    return _Found(
        alert,
        alerts.acts_of(connection, alert.id),
        [one for one in scores if one.room_id == alert.room_id],
        [one for one in asked if one.identity == alert.identity],
        captures.of_alert(connection, alert.id),
        audit.about(connection, alert.id, MOST_ENTRIES),
    )


def _in_case(score: StoredScore, record: Record) -> ScoreInCase:
    return ScoreInCase(
        score.id,
        score.at,
        score.identity,
        score.room_id,
        score.call_id,
        score.state,
        score.why,
        score.risk,
        score.confidence,
        record,
        explained(score, record).lines,
    )


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1)
