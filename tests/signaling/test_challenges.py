"""Somebody is asked to show that a camera sees them: by whom, how it goes, how it may end."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from detection import (
    Asked,
    Evidence,
    Left,
    LightPlan,
    Outcome,
    Record,
    Scored,
    Withdrawn,
    judge,
)
from detection.evidence import evidence
from signaling import protocol
from signaling.app import Candor
from signaling.challenges.rules import (
    ANSWERED_WITHIN_S,
    LEAD_S,
    OFFERED_FOR_S,
    REST_AFTER_S,
    Challenge,
    Policy,
    Standing,
    due,
    overdue,
)
from signaling.challenges.under_way import Challenges, Order
from signaling.errors import Refused
from signaling.protocol import Told
from signaling.store import audit, challenges
from tests.client import PASSWORD, Client

LIGHT = Order("tea", "ada", "light", "host", "bob", "192.0.2.7")


@dataclass(eq=False)
class ClientStandIn:
    """A device in a room."""

    identity: str
    room: str = "tea"
    moderates: bool = False
    observes_risk: bool = False
    watches_risk: bool = False
    told: list[Told] = field(default_factory=list)
    name: str = ""
    session_id: str | None = None
    stay_id: str | None = None
    hidden: bool = False
    state: protocol.MediaState = field(default_factory=lambda: protocol.MediaState(id=1))

    def stop_watching_risk(self) -> None:
        self.watches_risk = False

    def tell(self, message: Told) -> None:
        self.told.append(message)

    def close(self, reason: str) -> None:
        self.told.clear()


@dataclass
class EyesStandIn:
    """Detection, as far as it is told anything."""

    notes: list[Asked | Withdrawn] = field(default_factory=list)
    attended_s: list[float] = field(default_factory=list)

    def tell(self, _room: str, _identity: str, note: Asked | Withdrawn) -> None:
        self.notes.append(note)

    def attend(self, _room: str, _identity: str, duration_s: float) -> None:
        self.attended_s.append(duration_s)


def score(
    *pieces: Evidence, identity: str = "ada", room: str = "tea", at_s: float = 100.0
) -> Scored:
    seen = evidence("quality", "1", at_s, reason="good", words="", quality=1.0)
    record = Record(at_s, (seen, *pieces))
    return Scored(room, identity, judge(record), record)


def answer(challenge: str, outcome: Outcome, reason: str = "light_followed") -> Evidence:
    return evidence(
        "light",
        "1",
        100.0,
        reason=reason,
        words="",
        log_likelihood_ratio=-2.0,
        quality=0.75,
        outcome=outcome,
        measured={"chance": 0.0005},
        challenge=challenge,
    )


class Stage:
    """Ada, who is looked at, and Bob, who moderates; time is moved by hand."""

    def __init__(self, candor: Candor) -> None:
        self.store = candor.store
        self.now_s = 100.0
        self.eyes = EyesStandIn()
        self.ada, self.bob = ClientStandIn("ada"), ClientStandIn("bob", moderates=True)
        for one in (self.ada, self.bob):
            candor.attendance.add(one)
        self.service = Challenges(
            candor.store, candor.attendance, self.eyes, candor.now, monotonic=lambda: self.now_s
        )
        self.service.hear(score())

    async def begun(self, order: Order = LIGHT) -> tuple[str, protocol.ChallengeBegun]:
        challenge = await self.service.ask(order)
        begun = await self.service.take("ada", challenge.id, 7)
        self.now_s += 0.2
        self.service.ready("ada", challenge.id)
        return challenge.id, begun

    async def kept(self) -> Sequence[challenges.Asked]:
        return await self.store.read(lambda c: challenges.of_room(c, "tea", "", 10))

    async def audited(self) -> list[tuple[str, str]]:
        entries = await self.store.read(lambda c: audit.page(c, None, 10))
        return [(one.act.actor, one.act.action) for one in reversed(entries)]


@pytest.fixture
def stage(candor: Candor) -> Stage:
    return Stage(candor)


async def test_one_that_is_passed_is_shown_judged_told_and_kept(stage: Stage) -> None:
    challenge, begun = await stage.begun()
    (asked,) = stage.eyes.notes
    assert isinstance(asked, Asked)
    assert (asked.kind, asked.begins_s, asked.round_trip_s) == ("light", 101.0, pytest.approx(0.2))
    assert isinstance(begun.show, protocol.LightShown)
    assert len(begun.show.colours) * begun.show.colour_s == pytest.approx(begun.lasts_s)
    assert stage.eyes.attended_s == [LEAD_S + ANSWERED_WITHIN_S]

    stage.service.hear(score(answer(challenge, Outcome.PASSED)))
    await stage.service.look()

    offered, ended = stage.ada.told
    assert isinstance(offered, protocol.ChallengeOffered)
    assert ended == protocol.ChallengeEnded(
        challenge=challenge, outcome="passed", reason="light_followed", strength=0.75, chance=0.0005
    )
    news = [one for one in stage.bob.told if isinstance(one, protocol.ChallengeNews)]
    assert [one.state for one in news] == ["offered", "begun", "passed"]
    (kept,) = await stage.kept()
    assert (kept.outcome, kept.strength, kept.asked_by) == ("passed", 0.75, "bob")
    assert '"chance":0.0005' in (kept.evidence or "")
    assert await stage.audited() == [("bob", "challenge.ask"), ("policy", "challenge.end")]
    assert stage.eyes.attended_s[1:] == [0.0]


async def test_an_unclear_light_is_asked_once_more_and_no_third_time(stage: Stage) -> None:
    first, shown = await stage.begun()
    stage.service.hear(score(answer(first, Outcome.INCONCLUSIVE, "light_too_weak")))
    await stage.service.look()
    ended, offered = stage.ada.told[-2:]
    assert isinstance(ended, protocol.ChallengeEnded)
    assert isinstance(offered, protocol.ChallengeOffered)
    assert (ended.reason, offered.why) == ("light_too_weak", "once_more")

    again = await stage.service.take("ada", offered.challenge, 8)
    stage.service.ready("ada", offered.challenge)
    assert again.show != shown.show
    asked = stage.eyes.notes[-1]
    assert isinstance(asked, Asked)
    assert msgspec.json.decode(asked.plan, type=LightPlan).continues == first
    stage.service.hear(score(answer(offered.challenge, Outcome.INCONCLUSIVE, "light_too_weak")))
    await stage.service.look()
    assert isinstance(stage.ada.told[-1], protocol.ChallengeEnded)
    assert [one.why for one in await stage.kept()] == ["once_more", "host"]


@pytest.mark.parametrize("reason", ["too_little_seen", "cut_short", "background_follows"])
async def test_what_more_light_does_not_help_is_not_asked_again(stage: Stage, reason: str) -> None:
    first, _ = await stage.begun()
    stage.service.hear(score(answer(first, Outcome.INCONCLUSIVE, reason)))
    await stage.service.look()
    assert isinstance(stage.ada.told[-1], protocol.ChallengeEnded)


async def test_nothing_of_what_will_be_shown_is_told_before_it_is_taken(stage: Stage) -> None:
    await stage.service.ask(LIGHT)
    told = b"".join(protocol.encode(one) for one in (*stage.ada.told, *stage.bob.told))
    assert b"colours" not in told
    assert stage.eyes.notes == []


@pytest.mark.parametrize("begun", [False, True])
async def test_a_refusal_is_told_and_counts_against_nobody(stage: Stage, begun: bool) -> None:
    challenge = (await stage.begun())[0] if begun else (await stage.service.ask(LIGHT)).id
    await stage.service.refuse("ada", challenge)
    last = stage.bob.told[-1]
    assert isinstance(last, protocol.ChallengeNews)
    assert last.state == "refused"
    assert isinstance(stage.eyes.notes[-1], Withdrawn)
    assert stage.eyes.attended_s[-1] == 0.0
    assert (await stage.kept())[0].evidence is None
    with pytest.raises(Refused, match="challenge_over"):
        await stage.service.refuse("ada", challenge)


@pytest.mark.parametrize(
    ("steps", "passed_s", "outcome"),
    [
        ("ask", OFFERED_FOR_S + 1, ("expired", "not_taken")),
        ("ask take", 4.0, ("inconclusive", "page_silent")),
        (
            "ask take ready",
            LEAD_S + ANSWERED_WITHIN_S + 1,
            ("inconclusive", "no_answer_seen"),
        ),
    ],
)
async def test_silence_ends_it_and_counts_against_nobody(
    stage: Stage, steps: str, passed_s: float, outcome: tuple[str, str]
) -> None:
    challenge = (await stage.service.ask(LIGHT)).id
    if "take" in steps:
        await stage.service.take("ada", challenge, 1)
    if "ready" in steps:
        stage.service.ready("ada", challenge)
    stage.now_s += passed_s
    await stage.service.look()
    (kept,) = await stage.kept()
    assert (kept.outcome, kept.reason, kept.strength) == (*outcome, 0.0)


async def test_one_at_a_time_for_somebody_who_is_there_and_looked_at(stage: Stage) -> None:
    await stage.service.ask(LIGHT)
    for order, code in [
        (LIGHT, "challenge_open"),
        (replace(LIGHT, identity="bob"), "not_checked"),
        (replace(LIGHT, identity="eve"), "not_found"),
    ]:
        with pytest.raises(Refused) as refused:
            await stage.service.ask(order)
        assert refused.value.code == code
    stage.service.hear(Left("tea", "ada"))
    assert len(await stage.kept()) == 1


async def test_nobody_takes_somebody_elses_and_nobody_takes_it_twice(stage: Stage) -> None:
    challenge = (await stage.service.ask(LIGHT)).id
    with pytest.raises(Refused, match="challenge_over"):
        await stage.service.take("bob", challenge, 1)
    await stage.service.take("ada", challenge, 1)
    with pytest.raises(Refused, match="another device"):
        await stage.service.take("ada", challenge, 2)


@pytest.mark.parametrize("kind", ["light", "motion", "code"])
async def test_each_kind_is_shown_with_all_that_a_page_needs(stage: Stage, kind: str) -> None:
    _, begun = await stage.begun(replace(LIGHT, kind=kind))
    again = protocol.parse_told(protocol.encode(begun))
    assert isinstance(again, protocol.ChallengeBegun)
    assert again.show.__struct_config__.tag == kind
    assert again.lasts_s < 15


async def test_what_a_process_left_open_has_expired(stage: Stage, candor: Candor) -> None:
    await stage.service.ask(LIGHT)
    now = candor.now()
    await stage.store.write(lambda c: challenges.end_forgotten(c, now))
    assert (await stage.kept())[0].reason == "restarted"


SEEN = Standing(considered_s=99.0, seen=True)
SUSPECT = replace(SEEN, suspected=True)
AT_JOIN = Policy(at_join="motion")
AT_RANDOM = Policy(at_random="code", every_minutes=1)


@pytest.mark.parametrize(
    ("policy", "person", "draw", "wanted"),
    [
        (AT_JOIN, SEEN, 0.5, ("motion", "join")),
        (AT_JOIN, replace(SEEN, seen=False), 0.5, None),
        (AT_JOIN, replace(SEEN, asked_s=-REST_AFTER_S), 0.5, None),
        (Policy(), SEEN, 0.0, None),
        (Policy(), SUSPECT, 0.5, ("light", "suspicion")),
        (Policy(), replace(SUSPECT, asked_s=99.0), 0.5, None),
        (Policy(), replace(SUSPECT, asked_s=100 - REST_AFTER_S), 0.5, ("light", "suspicion")),
        (Policy(on_suspicion=""), SUSPECT, 0.5, None),
        (AT_RANDOM, SEEN, 0.016, ("code", "random")),
        (AT_RANDOM, SEEN, 0.017, None),
    ],
)
def test_a_policy_asks_when_it_says(
    policy: Policy, person: Standing, draw: float, wanted: tuple[str, str] | None
) -> None:
    assert due(policy, person, 100.0, draw) == wanted


async def test_a_room_asks_whoever_joins_and_whoever_is_suspected(
    candor: Candor, client: Client
) -> None:
    owner = await client.register("ada")
    assert (await owner.post("/api/v1/rooms", {"id": "tea"})).status == 201
    path = "/api/v1/rooms/tea/challenges"
    assert (await owner.get(path)).body["on_suspicion"] == "light"
    assert (await owner.call("PUT", path, {"at_join": "motion"})).status == 204
    device = ClientStandIn("robot")
    candor.attendance.add(device)

    await candor.challenging.hear(score(identity="robot"))

    (offered,) = device.told
    assert isinstance(offered, protocol.ChallengeOffered)
    assert (offered.kind, offered.why) == ("motion", "join")


async def test_moderators_and_operators_ask_and_nobody_else(candor: Candor, client: Client) -> None:
    owner, other = await client.register("ada"), await client.register("eve")
    assert (await owner.post("/api/v1/rooms", {"id": "tea"})).status == 201
    code = (await owner.post("/api/v1/rooms/tea/invitations")).body["code"]
    assert (await other.post(f"/api/v1/invitations/{code}/accept")).status == 200
    call = (await owner.post("/api/v1/calls/start", {"room": "tea"})).body["id"]
    path, wanted = f"/api/v1/calls/{call}/challenges", {"user": "robot"}
    device = ClientStandIn("robot")
    candor.attendance.add(device)
    candor.challenges.hear(score(identity="robot"))

    assert (await other.post(path, wanted)).status == 403
    assert (await other.get(path)).status == 403
    assert (await owner.post(path, {"user": "nobody"})).code == "not_found"
    made = await owner.post(path, wanted)
    assert (made.status, made.body["why"]) == (201, "host")
    assert (await owner.post(path, wanted)).code == "challenge_open"
    (shown,) = (await owner.get(path)).body["challenges"]
    assert (shown["id"], shown["outcome"], shown["ended_at"]) == (made.body["id"], "", None)
    await candor.accounts.create("olga", PASSWORD, "operator")
    olga = client.as_((await client.login("olga")).body["access_token"])
    for room, status in (("tea", 204), ("nowhere", 404)):
        assert (await olga.call("PUT", f"/api/v1/rooms/{room}/challenges", {})).status == status


def test_a_challenge_that_is_answered_in_time_is_not_overdue() -> None:
    plan: Any = None
    offered = Challenge("c", "tea", "ada", "light", "host", plan, offered_s=0.0)
    shown = replace(offered, taken_s=10.0, round_trip_s=0.1)
    assert overdue(offered, OFFERED_FOR_S) is None
    assert overdue(shown, 10 + LEAD_S + ANSWERED_WITHIN_S) is None
