"""Alerts: raised by scores, merged by person and call, looked after by operators until closed.

What a score means for an alert is in `alert_rules`.  Every act and every look is audited.  It
refuses to know how scores come about, and HTTP.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from signaling import noting
from signaling.attendance import Attendance
from signaling.audit import Act
from signaling.auth.identity import Person
from signaling.errors import Refused, Unavailable
from signaling.identifiers import new_id
from signaling.media import Participant
from signaling.protocol import AlertNews, AlertShown
from signaling.risk.alert_rules import AlertThresholds, after, graver, is_raised, severity
from signaling.risk.board import Standing
from signaling.store import Store, alerts, audit, users
from signaling.store.alerts import Alert, AlertAct
from signaling.store.audit import Doer

log = structlog.get_logger()

# Who acts where nobody does.
DETECTION = "detection"
LOOK = "alert.look"
MOST_WAITING = 1000
AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Seen:
    """An alert with everything that was done with it, and who looked at it."""

    alert: Alert
    acts: list[AlertAct]
    looks: list[Doer]


Listener = Callable[[Alert, str], None]


class Alerts:
    """The service; `watch` must run for as long as scores may come."""

    def __init__(self, store: Store, attendance: Attendance, now: Callable[[], datetime]) -> None:
        self.thresholds = AlertThresholds()
        self._store = store
        self._attendance = attendance
        self._now = now
        self._raised: dict[tuple[Participant, str], str] = {}
        self._waiting: asyncio.Queue[Standing] = asyncio.Queue(MOST_WAITING)
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call this with each alert that has changed, and by which act."""
        self._listeners.append(listener)

    # --- what scores do ---

    def hear(self, standing: Standing) -> None:
        """How somebody stands; what raises an alert, or makes one graver, waits to be kept."""
        about = (standing.who, standing.call_id)
        known, score = self._raised.get(about), standing.score
        if not is_raised(known is not None, score.risk, score.confidence, self.thresholds):
            self._raised.pop(about, None)
            return
        grave = severity(score.risk, self.thresholds)
        if known is None or graver(known, grave) != known:
            self._raised[about] = grave
            if not self._waiting.full():
                self._waiting.put_nowait(standing)

    async def watch(self) -> None:
        """Keep what was raised, until cancelled."""
        while True:
            standing = await self._waiting.get()
            try:
                await self.keep(standing)
            except Unavailable as unavailable:
                log.warning("alert.not_kept", reason=unavailable.reason)
                # One that cannot be kept now is none the less.
                with suppress(asyncio.QueueFull):
                    self._waiting.put_nowait(standing)
                await asyncio.sleep(AGAIN_S)

    async def keep(self, standing: Standing) -> None:
        """Raise an alert for how somebody stands, or the open one once more."""
        alert = await self._store.write(lambda c: self._raise(c, standing))
        log.info("alert.raised", alert=alert.id, severity=alert.severity, times=alert.times)
        self._tell(alert, "raise")

    def _raise(self, connection: sa.Connection, standing: Standing) -> Alert:
        """A new alert, or one more time for the one that is open."""
        now, score = self._now(), standing.score
        alert = Alert(
            id=new_id(now),
            room_id=standing.who.room,
            call_id=standing.call_id,
            identity=standing.who.identity,
            severity=severity(score.risk, self.thresholds),
            state="new",
            raised_at=now,
            last_at=now,
            risk=score.risk,
            confidence=score.confidence,
            score_id=standing.score_id,
        )
        known = alerts.open_about(connection, alert.about)
        if known is None:
            alerts.add(connection, alert)
        else:
            alert = _merged(known, alert)
            alerts.change(connection, alert.id, **_changes(known, alert))
        act = AlertAct(new_id(now), alert.id, now, DETECTION, "raise", alert.severity)
        alerts.note(connection, act)
        audit.record(connection, Act(DETECTION, "alert.raise", alert.id), now)
        return alert

    # --- what operators do ---

    async def page(
        self, who: Person, wanted: Mapping[str, str], before: str, limit: int, address: str
    ) -> tuple[list[Alert], Mapping[str, int]]:
        """The newest first, and how many nobody has looked at yet, by severity."""

        def work(connection: sa.Connection) -> tuple[list[Alert], Mapping[str, int]]:
            noting.note(connection, who, "alert.list", "", address=address, now=self._now())
            found = alerts.page(connection, wanted, before, limit)
            return found, alerts.unreviewed(connection)

        return await self._store.write(work)

    async def find(self, who: Person, alert_id: str, address: str) -> Seen:
        """One alert, what was done with it and who looked; this look is among them."""

        def work(connection: sa.Connection) -> Seen:
            alert = _known(connection, alert_id)
            noting.note(connection, who, LOOK, alert_id, address=address, now=self._now())
            looks = audit.doers(connection, LOOK, alert_id)
            return Seen(alert, alerts.acts_of(connection, alert_id), looks)

        return await self._store.write(work)

    async def act(
        self, who: Person, alert_id: str, act: str, *, note: str, outcome: str | None, address: str
    ) -> Alert:
        """Acknowledge, escalate, close (with an outcome) or reopen."""
        if (outcome is not None) != (act == "close"):
            raise Refused("invalid", "outcome: said when an alert is closed, and only then.")

        def change(alert: Alert) -> dict[str, Any]:
            state = after(alert.state, act)
            if state is None:
                raise Refused("alert_moment", f"It is {alert.state}.")
            over = state == "closed"
            return {
                "state": state,
                "owner": alert.owner or who.user.id,
                "outcome": outcome,
                "closed_at": self._now() if over else None,
                "open_for": None if over else alert.about,
            }

        return await self._change(who, alert_id, act, (change, note), address)

    async def assign(self, who: Person, alert_id: str, owner: str | None, address: str) -> Alert:
        """Make an operator look after it, or nobody."""
        return await self._change(
            who, alert_id, "assign", (lambda _: {"owner": owner}, owner or ""), address
        )

    async def comment(self, who: Person, alert_id: str, note: str, address: str) -> Alert:
        return await self._change(who, alert_id, "note", (lambda _: {}, note), address)

    async def _change(
        self,
        who: Person,
        alert_id: str,
        act: str,
        how: tuple[Callable[[Alert], dict[str, Any]], str],
        address: str,
    ) -> Alert:
        change, note = how

        def work(connection: sa.Connection) -> Alert:
            now = self._now()
            alert = _known(connection, alert_id)
            values = change(alert)
            _refuse_who_is_no_operator(connection, values.get("owner"))
            if values.get("open_for") and alert.state == "closed":
                _refuse_second(connection, alert)
            if values:
                alerts.change(connection, alert_id, **values)
            kept = AlertAct(new_id(now), alert_id, now, who.user.id, act, note)
            alerts.note(connection, kept)
            noting.note(connection, who, f"alert.{act}", alert_id, address=address, now=self._now())
            return _known(connection, alert_id)

        alert = await self._store.write(work)
        self._tell(alert, act)
        return alert

    def _tell(self, alert: Alert, act: str) -> None:
        news = AlertNews(act=act, alert=shown(alert))
        for client in self._attendance.everybody():
            if client.watches_risk:
                client.tell(news)
        for listener in self._listeners:
            listener(alert, act)


def shown(alert: Alert) -> AlertShown:
    """As the protocol and the API say it."""
    return AlertShown(
        id=alert.id,
        room=alert.room_id,
        call=alert.call_id,
        identity=alert.identity,
        severity=alert.severity,
        state=alert.state,
        outcome=alert.outcome,
        owner=alert.owner,
        times=alert.times,
        risk=round(alert.risk, 3),
        confidence=round(alert.confidence, 3),
        score=alert.score_id,
        raised_at=alert.raised_at,
        last_at=alert.last_at,
        closed_at=alert.closed_at,
    )


def _merged(known: Alert, again: Alert) -> Alert:
    """The open alert after it was raised once more; what it shows is the highest risk."""
    merged = replace(
        known,
        severity=graver(known.severity, again.severity),
        times=known.times + 1,
        last_at=again.last_at,
    )
    if again.risk < known.risk:
        return merged
    return replace(merged, risk=again.risk, confidence=again.confidence, score_id=again.score_id)


def _changes(before: Alert, now: Alert) -> dict[str, Any]:
    names = ("severity", "times", "last_at", "risk", "confidence", "score_id")
    return {
        name: getattr(now, name) for name in names if getattr(before, name) != getattr(now, name)
    }


def _known(connection: sa.Connection, alert_id: str) -> Alert:
    alert = alerts.by_id(connection, alert_id, locked=True)
    if alert is None:
        raise Refused("not_found")
    return alert


def _refuse_who_is_no_operator(connection: sa.Connection, owner: str | None) -> None:
    if owner is None:
        return
    user = users.by_id(connection, owner)
    if user is None or user.role not in {"operator", "administrator"}:
        raise Refused("invalid", "user: an operator looks after alerts.")


def _refuse_second(connection: sa.Connection, alert: Alert) -> None:
    if alerts.open_about(connection, alert.about) is not None:
        raise Refused("alert_moment", "The same person has another alert by now.")
