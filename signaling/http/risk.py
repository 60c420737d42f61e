"""How people in calls stand, now and before; for those who may see it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.http import fields
from signaling.http.call import NOTHING, Allow, Answer, Call, Route
from signaling.protocol import PersonRisk
from signaling.risk.board import Standing
from signaling.risk.looks import Looks
from signaling.store.risk_scores import StoredScore, Wanted


class CallRisk(msgspec.Struct, frozen=True):
    """Everybody who sends in a room whom one may see, the riskiest first; `call` is empty where
    people meet without one."""

    room: str
    call: str
    people: list[PersonRisk]


class EveryRisk(msgspec.Struct, frozen=True):
    """Every room where somebody sends."""

    rooms: list[CallRisk]


class PastScore(msgspec.Struct, frozen=True):
    """What was said about somebody at a moment."""

    id: str
    user: str
    at: datetime
    state: str
    why: str
    risk: float
    confidence: float


class PastScores(msgspec.Struct, frozen=True):
    """A page of what was said in a call, the newest first; `next` is the next page's cursor."""

    scores: list[PastScore]
    next: str | None


class ScoresWanted(fields.Page, frozen=True, forbid_unknown_fields=True):
    """Which scores; what is left out does not matter."""

    user: fields.Id = ""
    since: fields.UtcMoment | None = None
    until: fields.UtcMoment | None = None


class Judgement(fields.Body, frozen=True):
    """How somebody stands in an operator's eyes, and why."""

    state: Literal["verified", "no_sign", "suspicious", "likely_synthetic", "unknown"]
    note: Annotated[str, Meta(min_length=1, max_length=2000)]


class RiskRoutes:
    """Thin over Looks."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_RISK,
                self.show_all,
                "How everybody stands who sends anywhere, room by room",
                Allow.OPERATOR,
                answer=EveryRisk,
            ),
            Route(
                "GET",
                addresses.API_CALL_RISK,
                self.show,
                "How the people of a call stand now, as far as one may see it",
                Allow.GUEST,
                answer=CallRisk,
                refusals=("not_found",),
            ),
            Route(
                "GET",
                addresses.API_CALL_RISK_HISTORY,
                self.list_past,
                "What was said about the people of a call",
                Allow.GUEST,
                query=ScoresWanted,
                answer=PastScores,
                refusals=("not_found",),
            ),
            Route(
                "PUT",
                addresses.API_CALL_RISK_OVERRIDE,
                self.judge,
                "Say otherwise of somebody in a call; shown beside the score",
                Allow.OPERATOR,
                body=Judgement,
                status=204,
                refusals=("not_found",),
            ),
            Route(
                "DELETE",
                addresses.API_CALL_RISK_OVERRIDE,
                self.unjudge,
                "Let the score of somebody in a call count alone again",
                Allow.OPERATOR,
                status=204,
                refusals=("not_found",),
            ),
        )

    async def show_all(self, call: Call) -> Answer:
        found = await self._looks.everywhere(call.person, call.device.address)
        rooms: dict[tuple[str, str], list[Standing]] = {}
        for one in found:
            rooms.setdefault((one.who.room, one.call_id), []).append(one)
        return Answer(EveryRisk([_call(*where, people) for where, people in rooms.items()]))

    async def show(self, call: Call) -> Answer:
        where = call.path["call"]
        room, found = await self._looks.now(call.person, where, call.device.address)
        return Answer(_call(room, where, found))

    async def list_past(self, call: Call) -> Answer:
        query: ScoresWanted = call.query
        wanted = Wanted(call.path["call"], query.user, query.since, query.until)
        found = await self._looks.past(
            call.person, wanted, query.cursor, query.limit + 1, call.device.address
        )
        shown = [_past(one) for one in found[: query.limit]]
        return Answer(PastScores(shown, shown[-1].id if len(found) > query.limit else None))

    async def judge(self, call: Call) -> Answer:
        said = (call.body.state, call.body.note)
        where, user = call.path["call"], call.path["user"]
        await self._looks.judge(call.person, where, user, said, call.device.address)
        return NOTHING

    async def unjudge(self, call: Call) -> Answer:
        where, user = call.path["call"], call.path["user"]
        await self._looks.unjudge(call.person, where, user, call.device.address)
        return NOTHING


def _call(room: str, call_id: str, people: list[Standing]) -> CallRisk:
    return CallRisk(room, call_id, [one.shown for one in people])


def _past(score: StoredScore) -> PastScore:
    return PastScore(
        score.id,
        score.identity,
        score.at,
        score.state,
        score.why,
        score.risk,
        score.confidence,
    )
