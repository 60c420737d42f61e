"""Challenges: asked for by moderators and operators, and what rooms ask by themselves."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.challenges.ordering import Challenging
from signaling.challenges.rules import Policy
from signaling.http import fields
from signaling.http.call import NOTHING, Allow, Answer, Call, Route
from signaling.store.challenges import Asked

Kind = Literal["light", "motion", "code"]
KindOrNone = Literal["", "light", "motion", "code"]


class ChallengeWanted(fields.Body, frozen=True):
    """Who is to be asked what."""

    user: fields.Id
    kind: Kind = "light"


class ChallengeShown(msgspec.Struct, frozen=True):
    """A challenge, and what came of it; `outcome` is empty until it is over."""

    id: str
    user: str
    kind: str
    why: str
    asked_by: str
    asked_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    outcome: str
    reason: str
    strength: float
    chance: float | None


class ChallengeMade(msgspec.Struct, frozen=True):
    """A challenge that was offered just now; what comes of it is told on the WebSocket."""

    id: str
    user: str
    kind: str
    why: str


class ChallengePage(msgspec.Struct, frozen=True):
    """Challenges, the newest first; `next` is the cursor of the following page."""

    challenges: list[ChallengeShown]
    next: str | None


class PageWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which page."""

    cursor: fields.Cursor = ""
    limit: fields.Limit = 50


class PolicyShown(fields.Body, frozen=True):
    """What a room asks by itself, as kinds of challenge; an empty one asks nothing."""

    at_join: KindOrNone = ""
    on_suspicion: KindOrNone = "light"
    at_random: KindOrNone = ""
    every_minutes: Annotated[int, Meta(ge=1, le=1440)] = 15
    """On the average, where it asks at random."""


class ChallengeRoutes:
    """Thin over Challenging."""

    def __init__(self, challenging: Challenging) -> None:
        self._challenging = challenging

    def routes(self) -> list[Route]:
        return [
            Route(
                "POST",
                addresses.API_CALL_CHALLENGES,
                self.ask,
                "Ask somebody in a call to show that a camera sees them",
                Allow.GUEST,
                body=ChallengeWanted,
                answer=ChallengeMade,
                status=201,
                refusals=("not_found", "call_over", "not_checked", "challenge_open"),
            ),
            Route(
                "GET",
                addresses.API_CALL_CHALLENGES,
                self.list,
                "Who was asked in a call's room, and what came of it",
                Allow.GUEST,
                query=PageWanted,
                answer=ChallengePage,
                refusals=("not_found",),
            ),
            Route(
                "GET",
                addresses.API_ROOM_CHALLENGES,
                self.policy,
                "What a room asks of people by itself",
                Allow.GUEST,
                answer=PolicyShown,
                refusals=("not_found",),
            ),
            Route(
                "PUT",
                addresses.API_ROOM_CHALLENGES,
                self.set_policy,
                "Decide what a room asks of people by itself",
                Allow.GUEST,
                body=PolicyShown,
                status=204,
                refusals=("not_found",),
            ),
        ]

    async def ask(self, call: Call) -> Answer:
        made = await self._challenging.ask(
            call.person, call.path["call"], call.body.user, call.body.kind, call.device.address
        )
        return Answer(ChallengeMade(made.id, made.identity, made.kind, made.why), status=201)

    async def list(self, call: Call) -> Answer:
        query: PageWanted = call.query
        found = await self._challenging.history(
            call.person, call.path["call"], query.cursor, query.limit + 1
        )
        shown = [_shown(each) for each in found[: query.limit]]
        return Answer(ChallengePage(shown, shown[-1].id if len(found) > query.limit else None))

    async def policy(self, call: Call) -> Answer:
        found = await self._challenging.policy(call.person, call.path["room"])
        return Answer(PolicyShown(**asdict(found)))

    async def set_policy(self, call: Call) -> Answer:
        policy = Policy(**msgspec.structs.asdict(call.body))
        await self._challenging.set_policy(
            call.person, call.path["room"], policy, call.device.address
        )
        return NOTHING


def _shown(asked: Asked) -> ChallengeShown:
    return ChallengeShown(
        id=asked.id,
        user=asked.identity,
        kind=asked.kind,
        why=asked.why,
        asked_by=asked.asked_by,
        asked_at=asked.asked_at,
        begun_at=asked.begun_at,
        ended_at=asked.ended_at,
        outcome=asked.outcome,
        reason=asked.reason,
        strength=asked.strength,
        chance=asked.chance,
    )
