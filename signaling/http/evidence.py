"""What scores and alerts stand on, for operators."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from detection import MappedPicture
from signaling import addresses
from signaling.errors import Refused
from signaling.http.call import Allow, Answer, Call, Content, Route
from signaling.risk.cases import Cases
from signaling.risk.evidence import EvidenceStore
from signaling.risk.explaining import explained
from signaling.risk.maps import Maps

ZIP = "application/zip"
PICTURE = "image/jpeg"


class EvidenceShown(msgspec.Struct, frozen=True):
    """One statement of one signal, as it was; see the page on detection."""

    signal: str
    version: str
    age_s: float
    outcome: str
    log_likelihood_ratio: float
    quality: float
    reason: str
    words: str
    measured: Mapping[str, float]
    models: tuple[str, ...]
    challenge: str


class ScoreShown(msgspec.Struct, frozen=True):
    """A score, made again from its record: `same` says whether the same came out as was stored,
    `lines` how, for people."""

    id: str
    room: str
    call: str
    user: str
    at: datetime
    state: str
    why: str
    risk: float
    confidence: float
    same: bool
    lines: tuple[str, ...]
    evidence: list[EvidenceShown]


class CaptureShown(msgspec.Struct, frozen=True):
    """A picture or some sound of when an alert was raised."""

    id: str
    at: datetime
    media_type: str


class CaptureList(msgspec.Struct, frozen=True):
    """Oldest first."""

    captures: list[CaptureShown]


class ForgottenShown(msgspec.Struct, frozen=True):
    """How much went, and how many open alerts kept what they stand on."""

    scores: int
    alerts: int
    held: int


class EvidenceRoutes:
    """Thin over EvidenceStore, Cases and Maps."""

    def __init__(self, evidence: EvidenceStore, cases: Cases, maps: Maps) -> None:
        self._evidence = evidence
        self._cases = cases
        self._maps = maps

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_SCORE,
                self.show_score,
                "What a score stands on, line by line",
                Allow.OPERATOR,
                answer=ScoreShown,
                refusals=("not_found", "evidence_unreadable"),
            ),
            Route(
                "GET",
                addresses.API_ALERT_CAPTURES,
                self.list_captures,
                "Pictures and sound of when an alert was raised",
                Allow.OPERATOR,
                answer=CaptureList,
                refusals=("not_found",),
            ),
            Route(
                "GET",
                addresses.API_CAPTURE,
                self.show_capture,
                "One picture (JPEG), or one piece of sound (WAV)",
                Allow.OPERATOR,
                answer=Content,
                returns=PICTURE,
                refusals=("not_found", "evidence_unreadable"),
            ),
            Route(
                "GET",
                addresses.API_CAPTURE_MAP,
                self.map_capture,
                "Which places of a picture moved the learned detectors, found by covering them",
                Allow.OPERATOR,
                answer=MappedPicture,
                refusals=("not_found", "evidence_unreadable", "busy"),
            ),
            Route(
                "GET",
                addresses.API_ALERT_CASE,
                self.export,
                "Everything about an alert as a signed archive, which `candor verify` checks",
                Allow.OPERATOR,
                answer=Content,
                returns=ZIP,
                refusals=("not_found", "evidence_unreadable"),
            ),
            Route(
                "DELETE",
                addresses.API_USER_EVIDENCE,
                self.forget,
                "Forget what was found out about somebody, on their request",
                Allow.OPERATOR,
                answer=ForgottenShown,
            ),
        )

    async def show_score(self, call: Call) -> Answer:
        stored, record = await self._evidence.score(
            call.person, call.path["score"], call.device.address
        )
        again = explained(stored, record)
        shown = ScoreShown(
            id=stored.id,
            room=stored.room_id,
            call=stored.call_id,
            user=stored.identity,
            at=stored.at,
            state=stored.state,
            why=stored.why,
            risk=stored.risk,
            confidence=stored.confidence,
            same=again.same,
            lines=again.lines,
            evidence=[
                EvidenceShown(
                    one.signal,
                    one.version,
                    record.at_s - one.at_s,
                    one.outcome.value,
                    one.log_likelihood_ratio,
                    one.quality,
                    one.reason,
                    one.words,
                    one.measured,
                    one.models,
                    one.challenge,
                )
                for one in record.evidence
            ],
        )
        return Answer(shown)

    async def list_captures(self, call: Call) -> Answer:
        found = await self._evidence.captures(call.person, call.path["alert"], call.device.address)
        return Answer(CaptureList([CaptureShown(o.id, o.at, o.media_type) for o in found]))

    async def show_capture(self, call: Call) -> Answer:
        media_type, content = await self._evidence.capture(
            call.person, call.path["capture"], call.device.address
        )
        return Answer(Content(media_type, content), headers={"Cache-Control": "no-store"})

    async def map_capture(self, call: Call) -> Answer:
        media_type, content = await self._evidence.capture(
            call.person, call.path["capture"], call.device.address
        )
        if media_type != PICTURE:
            raise Refused("not_found", "Only pictures have maps.")
        return Answer(await self._maps.of(content))

    async def export(self, call: Call) -> Answer:
        alert = call.path["alert"]
        archive = await self._cases.export(call.person.user.id, alert, call.device.address)
        name = {"Content-Disposition": f'attachment; filename="case-{alert}.zip"'}
        return Answer(Content(ZIP, archive), headers=name)

    async def forget(self, call: Call) -> Answer:
        gone = await self._evidence.forget_person(
            call.person, call.path["user"], call.device.address
        )
        return Answer(ForgottenShown(gone.scores, gone.alerts, gone.held))
