"""Consent: nobody is looked at before they agreed, nor after they took it back."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from signaling.app import Candor
from signaling.errors import Refused
from signaling.media import Participant
from signaling.risk import consent
from signaling.risk.consent import VERSION, Consents
from signaling.risk.looking import Looking, Sending
from signaling.store import audit, consents
from signaling.store.consents import Consent, DetectionRules
from tests.client import PASSWORD, Client

ADA = Participant("tea", "ada")
PAGE = {"0": "microphone", "1": "camera", "2": "screen", "3": "screen_audio"}
NOW = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass
class Engine:
    """Media processes and detection; `tapped` is what is looked at, by session."""

    tapped: dict[str, set[str]] = field(default_factory=dict)
    described: dict[str, Mapping[str, str]] = field(default_factory=dict)

    async def tap(self, session: str, mids: Collection[str]) -> None:
        self.tapped[session] = set(mids)

    def describe(self, session: str, sources: Mapping[str, str]) -> None:
        self.described[session] = sources

    def forget(self, session: str) -> None:
        del self.described[session]


@pytest.fixture
def engine() -> Engine:
    return Engine()


@asynccontextmanager
async def watched(candor: Candor, engine: Engine) -> AsyncIterator[tuple[Consents, Looking]]:
    """Consents of a running Candor, and somebody who looks."""
    rules = DetectionRules()

    async def asked(who: Participant) -> str:
        return await consent.why_not(candor.store, rules, who)

    looking = Looking(engine, engine, asked)
    yield Consents(candor.store, candor.streams, looking, rules, candor.now), looking


async def test_a_face_and_a_voice_are_looked_at_once_they_agreed(
    candor: Candor, engine: Engine
) -> None:
    async with watched(candor, engine) as (said, looking):
        await looking.published("s1", ADA, PAGE)
        await looking.published("s2", Participant("tea", "bob"), PAGE)
        assert engine.tapped == {"s1": set(), "s2": set()}
        assert (await said.enter(ADA, VERSION)).given
        assert engine.tapped == {"s1": {"0", "1"}, "s2": set()}
        assert (await said.enter(ADA, None)).given
        assert not (await said.say(ADA, "")).given
        assert engine.tapped == {"s1": set(), "s2": set()}
        looking.ended("s1")
        looking.ended("s1")
    assert engine.described == {"s2": PAGE}


@pytest.mark.parametrize("version", ["0", "1", "yes"])
async def test_nobody_agrees_to_a_text_that_is_not_asked_about(
    version: str, candor: Candor, engine: Engine
) -> None:
    async with watched(candor, engine) as (said, _):
        with pytest.raises(Refused) as refused:
            await said.enter(ADA, version)
        assert refused.value.code == "invalid"
        old = Consent("k1", "tea", "ada", "0", NOW)
        await candor.store.write(lambda connection: consents.give(connection, old))
        assert not (await said.enter(ADA, None)).given


async def test_what_is_off_or_silenced_is_not_looked_at(candor: Candor, engine: Engine) -> None:
    camera, microphone = frozenset({"camera"}), frozenset({"microphone"})
    async with watched(candor, engine) as (said, looking):
        await said.enter(ADA, VERSION)
        await looking.silence(ADA, microphone)
        await looking.published("s1", ADA, PAGE)
        assert engine.tapped == {"s1": {"1"}}
        await looking.switch_off("s1", camera)
        assert engine.tapped == {"s1": set()}
        everything = frozenset(PAGE.values())
        assert looking.sending() == {ADA: Sending(everything, camera, microphone, "")}
        await looking.silence(ADA, frozenset())
        await looking.switch_off("s1", frozenset())
        assert engine.tapped == {"s1": {"0", "1"}}


@pytest.mark.parametrize(
    ("rules", "why_not"),
    [
        ({"runs": False}, "not_checked"),
        ({"encrypted": True}, "end_to_end_encrypted"),
        ({"consent_required": True}, ""),
        ({}, ""),
    ],
)
async def test_a_room_decides_for_its_people(
    rules: dict[str, bool], why_not: str, candor: Candor, client: Client, engine: Engine
) -> None:
    ada = await client.register("ada")
    await ada.post("/api/v1/rooms", {"id": "tea"})
    async with watched(candor, engine) as (said, looking):
        await said.enter(ADA, VERSION)
        await looking.published("s1", ADA, PAGE)
        reply = await ada.call("PUT", "/api/v1/rooms/tea/detection", rules)
        assert reply.status == 200
        assert rules.items() <= reply.body["detection"].items()
        await looking.ask_again("tea")
        assert looking.sending()[ADA].why_not == why_not
        assert engine.tapped == {"s1": set() if why_not else {"0", "1"}}
        if "consent_required" in rules:
            with pytest.raises(Refused) as refused:
                await said.enter(Participant("tea", "bob"), "")
            assert refused.value.code == "consent_required"
    log = await candor.store.read(lambda connection: audit.page(connection, None, 1))
    assert (log[0].act.action, log[0].act.subject) == ("room.detection", "tea")


async def test_members_see_what_a_room_decided_and_moderators_and_operators_decide(
    candor: Candor, client: Client
) -> None:
    ada, bob = await client.register("ada"), await client.register("bob")
    await ada.post("/api/v1/rooms", {"id": "tea"})
    made = (await ada.post("/api/v1/rooms/tea/invitations")).body["code"]
    await bob.post(f"/api/v1/invitations/{made}/accept")
    await candor.accounts.create("olga", PASSWORD, "operator")
    olga = client.as_((await client.login("olga")).body["access_token"])
    shown = (await bob.get("/api/v1/rooms/tea/detection")).body
    assert shown["detection"]["version"] == VERSION
    assert "synthetic" in shown["text"]
    assert "face and your voice are compared" in shown["text"]
    wanted = {"seen_by": "hosts", "runs": False}
    for who, status in ((bob, 403), (olga, 200), (ada, 200)):
        reply = await who.call("PUT", "/api/v1/rooms/tea/detection", wanted)
        assert reply.status == status
    assert (await olga.call("PUT", "/api/v1/rooms/none/detection", wanted)).status == 404
