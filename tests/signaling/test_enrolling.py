"""Faces and voices that are remembered from call to call: whose, from when on, and until when."""

from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from detection import Enrolled, Evidence, Learned, Left, Template
from detection.evidence import evidence
from signaling.app import Candor
from signaling.auth.confirming import Confirming
from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.risk.enrolling import VERSION, Enrolling
from signaling.store import audit
from signaling.store.enrolment_schema import templates
from tests.client import PASSWORD, Client
from tests.conftest import SECRET
from tests.signaling.owner import HERE, owner_of
from tests.signaling.test_challenges import score

MINE = "/api/v1/me/enrolment"
FACE = Template("face", ("net 1 0",), bytes(range(256)))
VOICE = Template("voice", ("net 2 0",), bytes(range(255, -1, -1)))


@dataclass
class Eyes:
    """What detection was told."""

    told: list[tuple[str, str, Enrolled]] = field(default_factory=list)

    def tell(self, room: str, identity: str, note: Enrolled) -> None:
        self.told.append((room, identity, note))

    @property
    def last(self) -> Enrolled:
        return self.told[-1][-1]


@dataclass
class Stage:
    """Ada, who has an account, and whoever looks at her."""

    ada: Person
    eyes: Eyes
    service: Enrolling

    async def agree(self) -> None:
        await self.service.agree(self.ada, VERSION, PASSWORD, HERE)

    async def is_seen(self, *pieces: Evidence, room: str = "tea") -> None:
        await self.service.hear(score(*pieces, identity=self.ada.user.id, room=room))

    async def learns(self, template: Template) -> None:
        await self.service.keep(Learned("tea", self.ada.user.id, template))


@pytest.fixture
async def stage(candor: Candor) -> Stage:
    ada, eyes = (await owner_of(candor, "ada")).who, Eyes()
    confirming = Confirming(candor.door, candor.passwords)
    return Stage(ada, eyes, service_of(candor, eyes, confirming))


def service_of(
    candor: Candor, eyes: Eyes, confirming: Confirming, secret: str = SECRET
) -> Enrolling:
    return Enrolling(candor.store, eyes, confirming, secret=secret, now=candor.now)


async def test_of_whoever_did_not_agree_nothing_is_told_and_nothing_kept(stage: Stage) -> None:
    await stage.is_seen()
    await stage.learns(FACE)
    assert stage.eyes.told == []
    assert (await stage.service.standing(stage.ada)).learned == {}


async def test_what_was_learned_in_one_call_is_compared_in_the_next(stage: Stage) -> None:
    await stage.agree()
    await stage.is_seen()
    await stage.is_seen()
    assert [(room, set(note.learns)) for room, _, note in stage.eyes.told] == [
        ("tea", {"face", "voice"})
    ]
    await stage.learns(FACE)
    await stage.service.hear(Left("tea", stage.ada.user.id))
    await stage.is_seen()
    assert (stage.eyes.last.templates, stage.eyes.last.learns) == ((FACE,), ("voice",))
    await stage.learns(VOICE)
    await stage.is_seen(room="work")
    assert set(stage.eyes.last.templates) == {FACE, VOICE}
    assert stage.eyes.last.learns == ()


async def test_a_process_that_is_new_is_told_again(stage: Stage) -> None:
    await stage.agree()
    await stage.is_seen()
    seen = score(identity=stage.ada.user.id)
    down = replace(seen, record=replace(seen.record, blind="scorer_down"))
    await stage.service.hear(down)
    await stage.is_seen()
    assert len(stage.eyes.told) == 2


async def test_of_a_suspect_nothing_is_learned(stage: Stage) -> None:
    await stage.agree()
    suspected = [
        evidence(name, "1", 100.0, reason="x", words="", log_likelihood_ratio=9, quality=1)
        for name in ("voice", "learned", "loop")
    ]
    await stage.is_seen(*suspected)
    await stage.learns(FACE)
    await stage.service.keep(Learned("elsewhere", stage.ada.user.id, FACE))
    assert (await stage.service.standing(stage.ada)).learned == {}


async def test_what_is_taken_back_is_gone_from_the_store_and_from_calls(stage: Stage) -> None:
    await stage.agree()
    await stage.is_seen()
    await stage.learns(FACE)
    await stage.service.forget(stage.ada, HERE)
    assert (stage.eyes.last.templates, stage.eyes.last.learns) == ((), ())
    await stage.learns(VOICE)
    found = await stage.service.standing(stage.ada)
    assert (found.agreed_at, found.learned) == (None, {})


async def test_whoever_agrees_anew_in_a_call_is_learned_anew(stage: Stage) -> None:
    await stage.agree()
    await stage.is_seen()
    await stage.learns(FACE)
    await stage.agree()
    assert (stage.eyes.last.templates, set(stage.eyes.last.learns)) == ((), {"face", "voice"})


@pytest.mark.parametrize(
    ("version", "password", "refusal"),
    [(VERSION, "not it", "wrong_credentials"), ("0", PASSWORD, "invalid")],
)
async def test_a_session_alone_agrees_to_nothing(
    stage: Stage, version: str, password: str, refusal: str
) -> None:
    with pytest.raises(Refused, match=refusal):
        await stage.service.agree(stage.ada, version, password, HERE)
    assert (await stage.service.standing(stage.ada)).agreed_at is None


async def test_what_is_kept_is_sealed_and_of_no_use_under_another_secret(
    stage: Stage, candor: Candor
) -> None:
    await stage.agree()
    await stage.is_seen()
    await stage.learns(FACE)
    query = sa.select(templates.c.content)
    (kept,) = await candor.store.read(lambda c: list(c.execute(query).scalars()))
    assert FACE.numbers[:16] not in kept
    eyes = Eyes()
    confirming = Confirming(candor.door, candor.passwords)
    other = service_of(candor, eyes, confirming, secret=SECRET[::-1])
    await other.hear(score(identity=stage.ada.user.id))
    assert (eyes.last.templates, set(eyes.last.learns)) == ((), {"face", "voice"})


async def test_agreeing_learning_and_forgetting_are_on_record(stage: Stage, candor: Candor) -> None:
    await stage.agree()
    await stage.is_seen()
    await stage.learns(FACE)
    await stage.service.forget(stage.ada, HERE)
    await stage.service.forget(stage.ada, HERE)
    entries = await candor.store.read(lambda c: audit.page(c, None, 3))
    assert [one.act.action for one in entries] == [
        "enrolment.forget",
        "enrolment.learn",
        "enrolment.agree",
    ]


async def test_it_is_agreed_to_shown_and_taken_back_by_http(client: Client) -> None:
    ada = await client.register("ada")
    asked = (await ada.get(MINE)).body
    assert (asked["agreed_at"], asked["learned"], asked["version"]) == (None, {}, VERSION)
    assert "encrypted" in asked["text"]
    body = {"version": asked["version"], "password": PASSWORD}
    assert (await ada.call("PUT", MINE, body)).body["agreed_at"]
    assert (await ada.call("DELETE", MINE)).status == 204
    assert (await ada.get(MINE)).body["agreed_at"] is None
