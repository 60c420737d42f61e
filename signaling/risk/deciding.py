"""Where alerts begin: decided by operators, tried on the past first.

It refuses to know how scores come about, and HTTP.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.risk.alert_rules import AlertThresholds, Episode, episodes, is_raised
from signaling.risk.alerts import Alerts
from signaling.store import Store, audit, thresholds

# Of scores; what is more is said to be left out.
MOST_TRIED = 200_000
MOST_SHOWN = 100


class Tried(msgspec.Struct, frozen=True):
    """What some thresholds would have raised in the past."""

    by_severity: dict[str, int]
    episodes: list[Episode]
    """The first of them, at most a hundred."""
    judged: dict[str, int]
    """Of the alerts that were closed, those that would be raised, by outcome."""


class Preview(msgspec.Struct, frozen=True):
    """The same past under the thresholds that count, and under others."""

    scores: int
    complete: bool
    """False if there were more scores than are looked at."""
    now: Tried
    then: Tried


class Deciding:
    """The service."""

    def __init__(self, store: Store, alerts: Alerts, now: Callable[[], datetime]) -> None:
        self._store = store
        self._alerts = alerts
        self._now = now

    async def restore(self) -> None:
        """Let count what was decided before this process was there."""
        decided = await self._store.read(thresholds.decided)
        if decided is not None:
            self._alerts.thresholds = msgspec.convert(decided, AlertThresholds)

    def current(self) -> AlertThresholds:
        return self._alerts.thresholds

    async def decide(self, who: Person, wanted: AlertThresholds, address: str) -> None:
        """They count from now on; what is raised already follows with the next score."""
        _refuse_faulty(wanted)
        values: dict[str, Any] = msgspec.to_builtins(wanted)
        before = msgspec.json.encode(self.current()).decode()
        after = msgspec.json.encode(wanted).decode()

        def work(connection: sa.Connection) -> None:
            now = self._now()
            thresholds.decide(connection, values, who.user.id, now)
            more = detail(before=before, after=after)
            audit.record(connection, Act(who.user.id, "thresholds.set", "", address, more), now)

        await self._store.write(work)
        self._alerts.thresholds = wanted

    async def preview(
        self, who: Person, wanted: AlertThresholds, between: tuple[datetime, datetime], address: str
    ) -> Preview:
        """What these thresholds would have raised, beside what those that count would have."""
        _refuse_faulty(wanted)
        current = self.current()

        def work(connection: sa.Connection) -> Preview:
            act = Act(who.user.id, "thresholds.preview", "", address)
            audit.record(connection, act, self._now())
            said = list(thresholds.said_between(connection, *between, MOST_TRIED + 1))
            judged = thresholds.judged_between(connection, *between)
            tried = said[:MOST_TRIED]
            now, then = (_tried(tried, judged, each) for each in (current, wanted))
            return Preview(len(tried), len(said) <= MOST_TRIED, now, then)

        return await self._store.write(work)


def _tried(
    said: list[thresholds.Said], judged: list[tuple[str, float, float]], limits: AlertThresholds
) -> Tried:
    found = list(episodes(said, limits))
    raised = Counter(
        outcome for outcome, risk, sure in judged if is_raised(False, risk, sure, limits)
    )
    by_severity = Counter(one.severity for one in found)
    return Tried(dict(by_severity), found[:MOST_SHOWN], dict(raised))


def _refuse_faulty(wanted: AlertThresholds) -> None:
    fault = wanted.fault()
    if fault:
        raise Refused("invalid", f"{fault}.")
