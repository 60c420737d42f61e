"""Somebody is asked in a call to prove their account: who may ask, how it ends, what it counts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from signaling import protocol
from signaling.app import Candor
from signaling.auth import totp
from signaling.auth.webauthn import bytes_of, text_of
from signaling.errors import Refused
from signaling.media import Participant
from signaling.proving.rules import ASKED_FOR_S, MOST_WRONG
from signaling.proving.under_way import Order, Proving
from signaling.store import audit, proofs
from tests.client import PASSWORD, Client
from tests.signaling.owner import HERE, Owner, owner_of, shown_by_app
from tests.signaling.security_key import SecurityKey
from tests.signaling.test_challenges import ClientStandIn, score
from tests.signaling.test_risk import CAMERA
from tests.signaling.test_risk import Stage as RiskStage
from tests.signaling.test_websocket import signed_in


class Stage:
    """Ada, who has an app, and Bob, who moderates; Olga looks on, Eve does not see scores."""

    def __init__(self, candor: Candor, owner: Owner) -> None:
        self.store, self.owner, self.attendance = candor.store, owner, candor.attendance
        self.now_s = 100.0
        self.service = Proving(
            candor.store,
            candor.attendance,
            lambda client, _room: client.watches_risk,
            owner.clock,
            monotonic=lambda: self.now_s,
        )
        self.ada = self.comes(owner.who.user.id, stay_id="stay-1")
        self.bob = self.comes("bob", moderates=True)
        self.olga = self.comes("olga", room="elsewhere", watches_risk=True)
        self.eve = self.comes("eve")
        self.order = Order(
            room="tea",
            call="c1",
            identity=self.ada.identity,
            account="ada",
            ways=("authenticator",),
            why="host",
            asker="bob",
            asker_name="Bob",
            address=HERE,
        )

    def comes(self, identity: str, **more: Any) -> ClientStandIn:
        client = ClientStandIn(identity, **more)
        self.attendance.add(client)
        return client

    async def answer(self, proof: str, code: str, stay: str = "stay-1") -> None:
        await self.service.answer(stay, proof, lambda: self.owner.check(code))

    async def proved(self) -> str:
        asked = await self.service.ask(self.order)
        await self.answer(asked.id, self.owner.code())
        return asked.id

    def states(self, client: ClientStandIn) -> list[str]:
        return [one.state for one in client.told if isinstance(one, protocol.ProofNews)]

    async def kept(self) -> proofs.Proof:
        return (await self.store.read(lambda c: proofs.of_call(c, "c1", "", 10)))[0]


@pytest.fixture
async def stage(candor: Candor) -> Stage:
    owner = await owner_of(candor, "ada")
    await owner.set_up()
    return Stage(candor, owner)


async def test_an_account_is_proved_told_kept_and_audited(stage: Stage) -> None:
    proof = await stage.proved()
    asked, ended = stage.ada.told
    assert isinstance(asked, protocol.ProofAsked)
    assert (asked.why, asked.by, asked.ways) == ("host", "Bob", ("authenticator",))
    assert ended == protocol.ProofEnded(proof=proof, outcome="proved", reason="")
    for client, states in ((stage.bob, ["asked", "proved"]), (stage.olga, ["asked", "proved"])):
        assert stage.states(client) == states
    assert stage.eve.told == []
    told = stage.bob.told[-1]
    assert isinstance(told, protocol.ProofNews)
    assert (told.account, told.way, told.at) == ("ada", "authenticator", stage.owner.clock())
    kept = await stage.kept()
    assert (kept.outcome, kept.way, kept.over_at) == ("proved", "authenticator", None)
    entries = await stage.store.read(lambda c: audit.page(c, None, 2))
    acts = [(one.act.actor, one.act.action) for one in reversed(entries)]
    assert acts == [("bob", "proof.ask"), (stage.ada.identity, "proof.end")]


async def test_wrong_codes_fail_it_and_then_no_code_is_asked_for(stage: Stage) -> None:
    proof = (await stage.service.ask(stage.order)).id
    for _ in range(MOST_WRONG):
        with pytest.raises(Refused, match="wrong_code"):
            await stage.answer(proof, "no code")
    with pytest.raises(Refused, match="proof_over"):
        await stage.answer(proof, stage.owner.code())
    assert stage.states(stage.bob) == ["asked", "failed"]
    assert (await stage.kept()).reason == "wrong_code"


async def test_it_may_be_refused_and_is_over_when_nobody_answers(stage: Stage) -> None:
    await stage.service.refuse("stay-1", (await stage.service.ask(stage.order)).id)
    await stage.service.ask(stage.order)
    stage.now_s += ASKED_FOR_S + 1
    await stage.service.look()
    assert stage.states(stage.bob) == ["asked", "refused", "asked", "expired"]
    assert stage.states(stage.eve) == []


async def test_an_app_that_was_set_up_after_asking_proves_nothing(stage: Stage) -> None:
    proof = (await stage.service.ask(stage.order)).id
    await stage.owner.service.remove_by_password(stage.owner.who, PASSWORD, HERE)
    stage.owner.clock.forward(totp.STEP)
    await stage.owner.set_up()
    await stage.answer(proof, stage.owner.code())
    assert stage.states(stage.bob) == ["asked", "failed"]


async def test_it_counts_for_the_device_that_answered_until_it_leaves(stage: Stage) -> None:
    await stage.proved()
    late = stage.comes("late", moderates=True)
    stage.service.greet(late)
    assert stage.states(late) == ["proved"]
    await stage.service.leave("stay-1")
    assert stage.states(late) == ["proved", "over"]
    after = stage.comes("after", moderates=True)
    stage.service.greet(after)
    assert stage.states(after) == []
    assert (await stage.kept()).over_at is not None


async def test_it_is_over_when_another_device_comes_or_asking_begins_anew(stage: Stage) -> None:
    await stage.proved()
    await stage.service.ask(stage.order)
    assert stage.states(stage.bob) == ["asked", "proved", "asked"]
    stage.comes(stage.ada.identity, stay_id="stay-2")
    await stage.service.arrive("tea", stage.ada.identity)
    assert stage.states(stage.bob)[-1] == "over"
    assert stage.ada.told[-1].outcome == "expired"  # type: ignore[union-attr]
    with pytest.raises(Refused, match="several_devices"):
        await stage.service.ask(stage.order)


async def test_nobody_answers_for_another_device_and_nobody_is_asked_twice_at_once(
    stage: Stage,
) -> None:
    proof = (await stage.service.ask(stage.order)).id
    with pytest.raises(Refused, match="proof_over"):
        await stage.answer(proof, stage.owner.code(), stay="stay-2")
    with pytest.raises(Refused, match="proof_open"):
        await stage.service.ask(stage.order)
    again = stage.comes(stage.ada.identity, stay_id="stay-1")
    stage.service.greet(again)
    assert [one.proof for one in again.told if isinstance(one, protocol.ProofAsked)] == [proof]


async def test_what_a_process_left_standing_is_over(stage: Stage) -> None:
    await stage.proved()
    await stage.store.write(lambda c: proofs.end_forgotten(c, stage.owner.clock()))
    assert (await stage.kept()).over_at == stage.owner.clock()


@pytest.mark.parametrize("answer", ["proved", "failed", "refused"])
async def test_no_answer_changes_risk_or_confidence(
    stage: Stage, candor: Candor, answer: str
) -> None:
    who = Participant("tea", stage.ada.identity)
    risk = RiskStage(candor, agreed={who.identity})
    await risk.looking.published("s1", who, CAMERA)
    await risk.look()
    risk.board.hear(score(identity=who.identity))
    before = risk.board.now()
    proof = (await stage.service.ask(stage.order)).id
    if answer == "proved":
        await stage.answer(proof, stage.owner.code())
    elif answer == "refused":
        await stage.service.refuse("stay-1", proof)
    else:
        for _ in range(MOST_WRONG):
            with pytest.raises(Refused):
                await stage.answer(proof, "no code")
    assert stage.states(stage.bob)[-1] == answer
    await risk.look()
    assert [(one.score, one.record) for one in risk.board.now()] == [
        (one.score, one.record) for one in before
    ]


@dataclass(frozen=True)
class Meeting:
    """Ada has called the room `tea`; Bob, who has an app, is a member of it."""

    ada: Client
    bob: Client
    guest: Client
    bob_id: str
    guest_id: str
    secret: str
    call: str

    async def asks(self, user: str) -> Any:
        return await self.ada.post(f"/api/v1/calls/{self.call}/proofs", {"user": user})


@pytest.fixture
async def meeting(client: Client) -> Meeting:
    ada, bob = await client.register("ada"), await client.register("bob")
    await ada.post("/api/v1/rooms", {"id": "tea"})
    invitation = (await ada.post("/api/v1/rooms/tea/invitations", {"uses": 2})).body["code"]
    await bob.post(f"/api/v1/invitations/{invitation}/accept")
    entered = await client.post("/api/v1/auth/guest", {"name": "Gus", "invitation": invitation})
    guest = client.as_(entered.body["access_token"])
    app = "/api/v1/me/authenticator"
    secret = (await bob.post(app, {"password": PASSWORD})).body["secret"]
    code = shown_by_app(secret, datetime.now(UTC))
    assert (await bob.post(f"{app}/confirm", {"code": code})).status == 200
    call = (await ada.post("/api/v1/calls/start", {"room": "tea"})).body["id"]
    me = (await bob.get("/api/v1/me")).body["id"]
    return Meeting(ada, bob, guest, me, entered.body["user_id"], secret, call)


@asynccontextmanager
async def in_room(client: Client) -> AsyncIterator[Any]:
    async with signed_in(client) as caller:
        snapshot = await caller.ask("enter", room="tea")
        assert snapshot["type"] == "snapshot", snapshot
        yield caller


async def test_a_host_asks_over_http_and_the_answer_comes_over_the_socket(
    meeting: Meeting,
) -> None:
    async with in_room(meeting.ada) as ada, in_room(meeting.bob) as bob:
        made = await meeting.asks(meeting.bob_id)
        assert (made.status, made.body["ways"]) == (201, ["authenticator"])
        asked = await bob.told(type="proof_asked")
        assert (asked["why"], asked["by"]) == ("host", "ada")
        wrong = await bob.ask("answer_proof", proof=asked["proof"], code="nothing")
        assert wrong["error"]["code"] == "wrong_code"
        code = shown_by_app(meeting.secret, datetime.now(UTC) + totp.STEP)
        right = await bob.ask("answer_proof", proof=asked["proof"], code=code)
        assert right["type"] == "ack", right
        news = await ada.told(type="proof_news", state="proved")
        assert (news["identity"], news["account"]) == (meeting.bob_id, "bob")
        async with in_room(meeting.bob):
            await ada.told(type="proof_news", state="over")
    listed = (await meeting.ada.get(f"/api/v1/calls/{meeting.call}/proofs")).body["proofs"]
    assert [(one["outcome"], one["over_at"] is None) for one in listed] == [("proved", False)]


async def test_a_passkey_answers_over_the_socket(meeting: Meeting) -> None:
    key, keys = SecurityKey(), "/api/v1/me/passkeys"
    begun = (await meeting.bob.post(f"{keys}/begin", {"password": PASSWORD})).body
    client_data = key.client_data("webauthn.create", bytes_of(begun["challenge"]))
    made = {"attestation": text_of(key.attestation()), "client_data": text_of(client_data)}
    assert (await meeting.bob.post(keys, made | {"name": "laptop"})).status == 201
    async with in_room(meeting.ada) as ada, in_room(meeting.bob) as bob:
        made = (await meeting.asks(meeting.bob_id)).body
        assert made["ways"] == ["passkey", "authenticator"]
        asked = await bob.ask("ask_passkey", proof=made["id"])
        assert asked["credentials"] == [text_of(key.id)]
        signed = key.signed(bytes_of(asked["challenge"]))
        answer = {
            "proof": made["id"],
            "credential": text_of(key.id),
            "client_data": text_of(signed.client_data),
            "authenticator_data": text_of(signed.authenticator_data),
        }
        wrong = await bob.ask("answer_passkey", **answer, signature="AAAA")
        assert wrong["error"]["code"] == "passkey_refused"
        right = answer | {"signature": text_of(signed.signature)}
        again = await bob.ask("answer_passkey", **right)
        assert again["error"]["code"] == "passkey_refused", "a challenge is good once"
        challenge = (await bob.ask("ask_passkey", proof=made["id"]))["challenge"]
        signed = key.signed(bytes_of(challenge))
        right |= {"client_data": text_of(signed.client_data)}
        right |= {"signature": text_of(signed.signature)}
        assert (await bob.ask("answer_passkey", **right))["type"] == "ack"
        assert (await ada.told(type="proof_news", state="proved"))["way"] == "passkey"
        assert (await bob.ask("ask_passkey", proof=made["id"]))["error"]["code"] == "proof_over"


async def test_who_may_ask_and_who_can_be_asked(meeting: Meeting) -> None:
    path = f"/api/v1/calls/{meeting.call}/proofs"
    for client in (meeting.bob, meeting.guest):
        assert (await client.post(path, {"user": meeting.bob_id})).code == "forbidden"
        assert (await client.get(path)).code == "forbidden"
    assert (await meeting.asks(meeting.bob_id)).code == "not_found"
    async with in_room(meeting.guest), in_room(meeting.ada):
        assert (await meeting.asks(meeting.guest_id)).code == "no_account"
        mine = (await meeting.ada.get("/api/v1/me")).body["id"]
        assert (await meeting.asks(mine)).code == "no_proof_set_up"
    await meeting.ada.post("/api/v1/calls/end", {"call": meeting.call})
    assert (await meeting.asks(meeting.bob_id)).code == "call_over"
