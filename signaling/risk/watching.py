"""Puts together whatever looks at people in calls, and what follows from it.

Knows each of these services and how they hear of one another: consent decides what is tapped, what
detection says goes to the board and to challenges, what the board shows raises alerts, and alerts
bring evidence and webhooks.  It refuses to know what any of them does.
"""

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from detection import Detection, DetectionConfig, Left, Scored
from sfu import Sfu
from signaling.attendance import Attendance
from signaling.auth.confirming import Confirming
from signaling.chores import over_and_over
from signaling.config import Config
from signaling.errors import Unavailable
from signaling.http.posting import Poster
from signaling.risk.alerts import Alerts
from signaling.risk.board import Board
from signaling.risk.cases import Cases
from signaling.risk.consent import Consents, why_not
from signaling.risk.deciding import Deciding
from signaling.risk.enrolling import Enrolling
from signaling.risk.evidence import EvidenceStore, Lifetimes
from signaling.risk.looking import Looking
from signaling.risk.looks import Looks
from signaling.risk.maps import Maps
from signaling.risk.records import Records
from signaling.store import Store
from signaling.store.consents import DetectionRules
from signaling.streams import Streams
from signaling.webhooks import Webhooks

log = structlog.get_logger()

SWEEP_EVERY_S = 3600.0

Hear = Callable[[Scored | Left], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Watching:
    """Every service of it."""

    looking: Looking
    consents: Consents
    board: Board
    looks: Looks
    alerts: Alerts
    evidence: EvidenceStore
    cases: Cases
    maps: Maps
    webhooks: Webhooks
    deciding: Deciding
    enrolling: Enrolling
    detection: Detection | None

    def signals_off(self) -> Mapping[str, str]:
        """Which signals are off, and why."""
        ready = None if self.detection is None else self.detection.ready
        return {} if ready is None else ready.off

    def chores(self, hear: Hear) -> Iterator[Coroutine[Any, Any, None]]:
        """What has to run all the time; `hear` is somebody else who is told what detection says."""
        yield self.board.watch()
        yield self.alerts.watch()
        yield self.webhooks.watch()
        yield _sweep(self.evidence)
        if self.detection is not None:
            yield _hear(self.detection, self.board, (self.enrolling.hear, hear))
            yield _keep_captures(self.detection, self.evidence)
            yield _keep_templates(self.detection, self.enrolling)


def detection_config(config: Config) -> DetectionConfig:
    """What the detection process is told of the configuration."""
    return DetectionConfig(config.detection.models, memory_bytes=config.detection.memory_mib << 20)


def compose(
    config: Config,
    store: Store,
    streams: Streams,
    attendance: Attendance,
    confirming: Confirming,
    *,
    sfu: Sfu | None,
    detection: Detection | None,
    now: Callable[[], datetime],
) -> Watching:
    """Without `detection` nobody is looked at, and everybody is shown as not looked at."""
    rules, secret = _rules(config), config.auth.secret
    looking = Looking(sfu, detection, partial(why_not, store, rules))
    board = Board(
        store, looking, attendance, detection, records=Records(secret), defaults=rules, now=now
    )
    lifetimes = Lifetimes(
        scores=timedelta(days=config.detection.keep_days),
        closed_alerts=timedelta(days=config.detection.keep_alerts_days),
    )
    evidence = EvidenceStore(store, detection, secret=secret, lifetimes=lifetimes, now=now)
    alerts = Alerts(store, attendance, now)
    webhooks = Webhooks(store, Poster(config.http.webhook_networks), secret, now)
    board.listen(alerts.hear)
    alerts.listen(evidence.hear)
    alerts.listen(webhooks.hear)
    return Watching(
        looking=looking,
        consents=Consents(store, streams, looking, rules, now),
        board=board,
        looks=Looks(store, board, rules, now),
        alerts=alerts,
        evidence=evidence,
        cases=Cases(store, evidence, secret, now),
        maps=Maps(config.detection.models, config.detection.memory_mib << 20),
        webhooks=webhooks,
        deciding=Deciding(store, alerts, now),
        enrolling=Enrolling(store, detection, confirming, secret=secret, now=now),
        detection=detection,
    )


def _rules(config: Config) -> DetectionRules:
    """Of a room that decided nothing itself."""
    given = config.detection
    return DetectionRules(
        runs=given.enabled,
        seen_by=given.seen_by,
        own_seen=given.own_seen,
        consent_required=given.consent_required,
    )


async def _hear(detection: Detection, board: Board, hearers: Sequence[Hear]) -> None:
    """Hand on what detection says, to whoever acts upon it."""
    async for said in detection.scores():
        board.hear(said)
        for hear in hearers:
            try:
                await hear(said)
            except Unavailable as unavailable:
                log.warning("detection.not_heard", reason=unavailable.reason)


async def _keep_captures(detection: Detection, evidence: EvidenceStore) -> None:
    """Keep what detection hands on for alerts."""
    async for captured in detection.captures():
        try:
            await evidence.keep(captured)
        except Unavailable as unavailable:
            log.warning("evidence.not_kept", reason=unavailable.reason)


async def _keep_templates(detection: Detection, enrolling: Enrolling) -> None:
    """Keep what people are to be remembered by."""
    async for learned in detection.learned():
        try:
            await enrolling.keep(learned)
        except Unavailable as unavailable:
            log.warning("template.not_kept", reason=unavailable.reason)


async def _sweep(evidence: EvidenceStore) -> None:
    """Forget, now and then, evidence that has been kept for long enough."""
    await over_and_over(SWEEP_EVERY_S, evidence.forget_old, "evidence.not_swept")
