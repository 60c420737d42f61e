"""One client's state and its outbox, without a socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu import (
    EncodingsWanted,
    PublisherCame,
    SessionChanged,
    SessionLost,
    SpeakerChanged,
    TrackChanged,
)
from signaling import offered, protocol
from signaling.attendance import Attendance
from signaling.auth.grants import OWNER, Grants
from signaling.auth.identity import Anonymous, Holder, Identity
from signaling.auth.tokens import RoomClaims
from signaling.errors import Refused
from signaling.media import Participant
from signaling.outbox import Outbox
from signaling.returning import Returning
from signaling.risk.consent import VERSION, Standing
from signaling.risk.looking import Looking
from signaling.session import MESSAGES, Services, Session
from signaling.store.consents import DetectionRules
from signaling.store.events import Event
from tests.signaling.media_stand_in import MediaStandIn

WITHIN_S = 10.0


@dataclass
class StreamStandIn:
    """A room's events in a list."""

    events: list[Event] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def last_sequence(self, _: str) -> int:
        return len(self.events)

    async def write(self, work: Any) -> Any:
        return work(self)

    def append(self, room: str, kind: str, actor: str, body: dict[str, Any]) -> Event:
        at = datetime(2030, 1, 1, tzinfo=UTC)
        event = Event(room, len(self.events) + 1, kind, actor, at, body)
        self.events.append(event)
        self.changed.set()
        return event

    @asynccontextmanager
    async def following(self, _: str, sequence: int) -> AsyncIterator[Any]:
        stand_in = self

        class Following:
            at = sequence

            async def next(self) -> Event:
                while self.at >= len(stand_in.events):
                    stand_in.changed.clear()
                    await stand_in.changed.wait()
                self.at += 1
                return stand_in.events[self.at - 1]

        yield Following()


@dataclass
class ProofsStandIn:
    """Nobody was asked for one; which devices came and left."""

    noted: list[str] = field(default_factory=list)

    def greet(self, _: Any) -> None: ...

    async def arrive(self, room: str, identity: str) -> None:
        self.noted.append(f"{room}/{identity} came")

    async def leave(self, _: str) -> None:
        self.noted.append("left")


@dataclass
class House:
    grants: Grants = OWNER
    streams: StreamStandIn = field(default_factory=StreamStandIn)
    media: MediaStandIn = field(default_factory=MediaStandIn)
    attendance: Attendance = field(default_factory=Attendance)
    returning: Returning = field(default_factory=Returning)
    proofs: ProofsStandIn = field(default_factory=ProofsStandIn)
    banned: bool = False
    required: bool = False
    agreed: set[str] = field(default_factory=set)
    looking: Looking = field(init=False)

    def __post_init__(self) -> None:
        self.looking = Looking(None, None, self._why_not)

    def services(self) -> Services:
        return Services(
            streams=cast(Any, self.streams),
            media=cast(Any, self.media),
            attendance=self.attendance,
            returning=self.returning,
            chat=cast(Any, None),
            challenges=cast(Any, None),
            authenticate=self._authenticate,
            grants=self._grants,
            presence=cast(Any, None),  # holders of tokens have none
            members=self._members,
            call=self._call,
            calls=self._calls,
            record=cast(Any, None),  # nor are they administrators
            consents=cast(Any, self),
            looking=self.looking,
            board=cast(Any, self),
            proving=cast(Any, self.proofs),
            authenticators=cast(Any, None),
            passkeys=cast(Any, None),
        )

    def greet(self, client: Any) -> None:
        client.tell(protocol.RiskNews(room="tea", call="", people=()))

    async def _why_not(self, who: Participant) -> str:
        return "" if who.identity in self.agreed else "not_consented"

    async def enter(self, who: Participant, said: str | None) -> Standing:
        standing = await self.say(who, said or "")
        if self.required and not standing.given:
            raise Refused("consent_required")
        return standing

    async def say(self, who: Participant, version: str) -> Standing:
        (self.agreed.add if version else self.agreed.discard)(who.identity)
        return Standing(DetectionRules(consent_required=self.required), bool(version))

    async def _authenticate(self, token: str) -> Identity:
        if token == "bad":
            raise Refused("unauthenticated")
        return Holder(RoomClaims("t", "tea", token, token.title(), self.grants))

    async def _grants(self, _: Identity, room: str) -> Grants:
        if room != "tea":
            raise Refused("not_found")
        return self.grants

    async def _members(self, _: str) -> Sequence[protocol.MemberShown]:
        return ()

    async def _calls(self, _: str) -> Sequence[protocol.CallStanding]:
        return (protocol.CallStanding("c2", "direct-1", "video", "bob", "ringing"),)

    async def _call(self, _: str) -> dict[str, Any] | None:
        return {"id": "c1"}


class Talk:
    """A session, asked in its own language."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._number = 0

    async def ask(self, type_: str, **content: Any) -> dict[str, Any]:
        self._number += 1
        told = {"type": type_, "id": self._number, **content}
        await self.session.receive(json.dumps(told))
        return await self.told(re=self._number)

    async def told(self, **wanted: Any) -> dict[str, Any]:
        async with asyncio.timeout(WITHIN_S):
            while (data := await self.session.outbox.take()) is not None:
                message: dict[str, Any] = json.loads(data)
                if wanted.items() <= message.items():
                    return message
        raise AssertionError(self.session.outbox.reason)


@asynccontextmanager
async def talking(house: House, name: str = "ada", **options: Any) -> AsyncIterator[Talk]:
    """Somebody who has said hello."""
    async with Session(house.services(), Outbox(), Anonymous(), **options) as session:
        talk = Talk(session)
        if name:
            assert (await talk.ask("hello", version=1, token=name))["type"] == "welcome"
        yield talk


async def test_another_version_is_refused() -> None:
    async with talking(House(), "") as talk:
        reply = await talk.ask("hello", version=2, token="ada")
    assert reply["error"]["code"] == "invalid"


async def test_hello_is_said_once() -> None:
    async with talking(House()) as talk:
        assert (await talk.ask("hello", version=1, token="eve"))["type"] == "error"
        assert talk.session.identity == "ada"


async def test_whoever_says_nothing_is_closed() -> None:
    async with talking(House(), "", sign_in_within_s=0.0) as talk:
        await asyncio.wait_for(talk.session.outbox.wait_closed(), WITHIN_S)
        assert talk.session.outbox.reason == "unauthenticated"


async def test_a_flood_is_closed_and_a_pause_forgives() -> None:
    now = 0.0
    async with talking(House(), monotonic=lambda: now) as talk:
        for _ in range(MESSAGES.count - 2):
            await talk.session.receive('{"type":"ping","id":1}')
        assert talk.session.outbox.reason is None
        now += 1.0
        await talk.session.receive('{"type":"ping","id":1}')
        assert talk.session.outbox.reason is None
        for _ in range(MESSAGES.count):
            await talk.session.receive('{"type":"ping","id":1}')
        assert talk.session.outbox.reason == "too_often"


async def test_leaving_ends_media_and_is_told() -> None:
    house = House()
    async with talking(house) as talk, talking(house, "bob") as other:
        await talk.ask("enter", room="tea")
        await other.ask("enter", room="tea")
        sent = await other.ask("publish", offer=CAMERA)
        await other.ask("leave")
        left = await talk.told(kind="person.left")
        assert left["actor"] == "bob"
    assert house.media.closed == [sent["media"]]


async def test_whoever_is_removed_leaves_without_asking() -> None:
    house = House()
    async with talking(house) as talk:
        await talk.ask("enter", room="tea")
        await talk.ask("publish", offer=CAMERA)
        house.streams.append("tea", "member.left", "olga", {"user": "ada", "reason": "removed"})
        await talk.told(kind="member.left")
        async with asyncio.timeout(WITHIN_S):
            while talk.session.room is not None:
                await asyncio.sleep(0)
        assert len(house.media.closed) == 1
        assert (await talk.ask("publish", offer=CAMERA))["error"]["code"] == "not_found"


async def test_rights_change_with_the_role() -> None:
    house = House(ONLY_VOICE)
    async with talking(house) as talk:
        await talk.ask("enter", room="tea")
        assert (await talk.ask("publish", offer=CAMERA))["type"] == "error"
        house.grants = OWNER
        for user in ("bob", "ada"):
            house.streams.append("tea", "member.role", "olga", {"user": user, "role": "owner"})
        await talk.told(kind="member.role", body={"user": "ada", "role": "owner"})
        async with asyncio.timeout(WITHIN_S):
            while (await talk.ask("publish", offer=CAMERA))["type"] == "error":
                await asyncio.sleep(0)


async def test_the_next_offer_waits_for_an_answer_to_the_last() -> None:
    house = House()
    async with talking(house) as talk:
        await talk.ask("enter", room="tea")
        await talk.session.receive('{"type":"watch","id":50}')
        first = await talk.told(type="offer")
        for _ in range(3):
            house.media.happens(PublisherCame("tea", "s2", "bob"))
        await asyncio.sleep(0)
        assert house.media.renewed == 0
        assert (await talk.ask("answer", media=first["media"], sdp=CAMERA))["type"] == "answered"
        await talk.told(type="offer")
        assert house.media.renewed == 1


async def test_what_happens_to_ones_own_media_is_told() -> None:
    house = House()
    async with talking(house) as talk:
        await talk.ask("enter", room="tea")
        sent = (await talk.ask("publish", offer=CAMERA))["media"]
        await talk.session.receive('{"type":"watch","id":50}')
        seen = (await talk.told(type="offer"))["media"]
        for event in (
            SpeakerChanged("tea", "s2", "bob"),
            EncodingsWanted("tea", "other", "bob", "0", ("low",)),
            EncodingsWanted("tea", sent, "ada", "0", ("low",)),
            TrackChanged("tea", seen, "ada", "1", "no_key_frame", 0),
            SessionChanged("tea", sent, "ada", "connected"),
            SessionLost("tea", sent, "ada"),
        ):
            house.media.happens(event)
        assert (await talk.told(type="speaker_news"))["identity"] == "bob"
        assert (await talk.told(type="encodings_wanted"))["media"] == sent
        assert (await talk.told(type="track_news"))["reason"] == "no_key_frame"
        assert (await talk.told(type="quality"))["state"] == "connected"
        assert (await talk.told(type="media_lost"))["media"] == sent


# --- coming back ---


async def test_a_client_that_was_cut_takes_over_what_goes_on() -> None:
    house = House()
    async with talking(house) as talk, talking(house, "bob") as other:
        await other.ask("enter", room="tea")
        first = await other.ask("hello", version=1, token="bob")
        assert first["type"] == "error"
        await talk.ask("enter", room="tea")
        kept = (await talk.ask("publish", offer=CAMERA))["media"]
        dropped = (await talk.ask("publish", offer=CAMERA))["media"]
        await talk.ask("media_state", camera=True)
        house.media.happens(SessionChanged("tea", kept, "ada", "connected"))
        house.streams.append("tea", "test", "bob", {})
        async with talking(house, "") as back:
            welcome = await back.ask("hello", version=1, token="ada", resume=talk.session.secret)
            assert set(welcome["resumed"]) == {kept, dropped}
            # Whether the cut was noticed or not: the old socket has nothing left.
            assert talk.session.outbox.reason == "replaced"
            house.streams.append("tea", "test", "bob", {})
            snapshot = await back.ask("enter", room="tea", after=2, keep=[kept])
            assert [one["identity"] for one in snapshot["present"]] == ["ada", "bob"]
            assert snapshot["present"][0]["camera"]
            assert (await back.told(type="quality"))["state"] == "connected"
            assert (await back.told(kind="media.state"))["sequence"] == 3
            assert house.media.closed == [dropped]
            assert "left" not in house.proofs.noted
            assert (await back.ask("unpublish", media=kept))["type"] == "ack"
    kinds = [event.kind for event in house.streams.events]
    assert kinds.count("person.arrived") == 2


async def test_an_offer_that_was_lost_is_made_again() -> None:
    house = House()
    async with talking(house) as talk:
        await talk.ask("enter", room="tea")
        await talk.session.receive('{"type":"watch","id":50}')
        seen = (await talk.told(type="offer"))["media"]
        async with talking(house, "") as back:
            await back.ask("hello", version=1, token="ada", resume=talk.session.secret)
            await back.ask("enter", room="tea", keep=[seen])
            assert (await back.told(type="offer"))["media"] == seen
            assert (await back.ask("answer", media=seen, sdp=CAMERA))["type"] == "answered"


@pytest.mark.parametrize(
    ("reason", "goodbye", "goes_on"),
    [
        (None, False, True),
        ("slow", False, True),
        ("internal", False, True),
        (None, True, False),
        ("unauthenticated", False, False),
        ("going_away", False, False),
    ],
)
async def test_only_a_cut_is_waited_for(reason: str | None, goodbye: bool, goes_on: bool) -> None:
    house = House()
    async with talking(house) as talk:
        await talk.ask("enter", room="tea")
        await talk.ask("publish", offer=CAMERA)
        if reason is not None:
            talk.session.close(reason)
        if goodbye:
            talk.session.say_goodbye()
    assert (not house.media.closed) == goes_on
    assert bool(house.attendance.present("tea")) == goes_on
    await house.returning.close()
    assert house.media.closed == ["m1"]
    assert house.streams.events[-1].kind == "person.left"


async def test_nobody_is_waited_for_for_ever() -> None:
    house = House(returning=Returning(grace_s=0.0))
    async with talking(house) as talk:
        await talk.ask("enter", room="tea")
    async with asyncio.timeout(WITHIN_S):
        while house.attendance.present("tea"):
            await asyncio.sleep(0)


async def test_whoever_is_back_without_the_secret_leaves_no_ghost() -> None:
    house = House()
    async with talking(house) as talk:
        await talk.ask("enter", room="tea")
        sent = (await talk.ask("publish", offer=CAMERA))["media"]
    async with talking(house) as back:
        snapshot = await back.ask("enter", room="tea")
        assert house.media.closed == [sent]
        assert [one["devices"] for one in snapshot["present"]] == [1]
        assert [event.kind for event in house.streams.events] == ["person.arrived"]


async def test_nobody_takes_over_from_somebody_else() -> None:
    house = House()
    async with talking(house) as talk, talking(house, "") as thief:
        await talk.ask("enter", room="tea")
        await talk.ask("publish", offer=CAMERA)
        welcome = await thief.ask("hello", version=1, token="eve", resume=talk.session.secret)
        assert welcome["resumed"] == []
        assert talk.session.outbox.reason is None


async def test_a_session_that_is_ended_while_it_is_cut_ends_at_once() -> None:
    house = House()
    async with talking(house) as talk:
        await talk.ask("enter", room="tea")
        await talk.ask("publish", offer=CAMERA)
    talk.session.close("unauthenticated")
    async with asyncio.timeout(WITHIN_S):
        while house.attendance.present("tea"):
            await asyncio.sleep(0)
    assert house.media.closed == ["m1"]


CAMERA = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=sendonly\r\n"
ONLY_VOICE = Grants(publish=("microphone",))


@pytest.mark.parametrize(
    ("type_", "content", "code"),
    [
        ("publish", {"offer": CAMERA}, "forbidden"),
        ("publish", {"offer": CAMERA, "sources": {"0": "screen"}}, "forbidden"),
        ("publish", {"offer": CAMERA, "sources": {"0": "microphone"}}, "invalid"),
        ("publish", {"offer": CAMERA, "sources": {"9": "camera"}}, "invalid"),
        ("watch", {}, "forbidden"),
        ("answer", {"media": "of another", "sdp": ""}, "not_found"),
        ("unpublish", {"media": "of another"}, "not_found"),
        ("wishes", {"media": "of another"}, "not_found"),
        ("send_system", {"text": "I am root"}, "forbidden"),
        ("send_command", {"to": "bob", "command": "reload"}, "forbidden"),
    ],
)
async def test_what_one_may_not_is_refused(type_: str, content: dict[str, Any], code: str) -> None:
    async with talking(House(ONLY_VOICE)) as talk:
        await talk.ask("enter", room="tea")
        assert (await talk.ask(type_, **content))["error"]["code"] == code


async def test_a_snapshot_is_told_before_any_event() -> None:
    house = House()
    for number in range(3):
        house.streams.append("tea", "test", "bob", {"number": number})
    async with talking(house) as talk:
        snapshot = await talk.ask("enter", room="tea", after=1)
        events = [(await talk.told(type="event"))["sequence"] for _ in range(3)]
    assert (snapshot["sequence"], snapshot["after"], snapshot["call"]) == (3, 1, {"id": "c1"})
    assert events == [2, 3, 4]


# --- outbox ---


async def test_a_full_outbox_closes_and_keeps_nothing() -> None:
    outbox = Outbox(limit_bytes=100)
    for _ in range(10):
        outbox.put(protocol.System(text="x" * 20))
        assert outbox.waiting_bytes <= 100
    assert outbox.reason == "slow"
    assert await outbox.take() is None


async def test_a_close_lets_out_what_waits() -> None:
    outbox = Outbox()
    outbox.put(protocol.Pong(re=1))
    outbox.close("going_away")
    outbox.close("slow")
    outbox.put(protocol.Pong(re=2))
    assert json.loads(await outbox.take() or b"") == {"type": "pong", "re": 1}
    assert await outbox.take() is None
    assert outbox.reason == "going_away"


async def test_catching_up_waits_for_the_reader() -> None:
    outbox = Outbox(limit_bytes=100, patience_s=60.0)

    async def catch_up() -> None:
        for number in range(50):
            await outbox.put_when_roomy(protocol.Pong(re=number))

    catching_up = asyncio.create_task(catch_up())
    taken = [json.loads(await outbox.take() or b"")["re"] for _ in range(50)]
    await catching_up
    assert taken == list(range(50))
    assert outbox.reason is None


async def test_catching_up_has_an_end() -> None:
    outbox = Outbox(limit_bytes=100, patience_s=0.0)
    for number in range(10):
        await outbox.put_when_roomy(protocol.Pong(re=number))
    assert outbox.reason == "slow"


# --- offers ---


@pytest.mark.parametrize(
    ("directions", "found"),
    [
        (["a=sendrecv"], {"0": "camera"}),
        (["a=recvonly"], {}),
        (["a=inactive"], {}),
        ([], {"0": "camera"}),
    ],
)
def test_only_what_is_sent_counts(directions: list[str], found: dict[str, str]) -> None:
    lines = ["v=0", "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", *directions]
    assert offered.sources("\r\n".join(lines), {}) == found


@given(st.text())
def test_any_offer_has_sources_or_none(offer: str) -> None:
    assert isinstance(offered.sources(offer, {}), dict)


async def test_where_all_have_to_agree_taking_it_back_is_leaving() -> None:
    house = House(required=True)
    async with talking(house) as talk:
        refused = await talk.ask("enter", room="tea")
        assert refused["error"]["code"] == "consent_required"
        entered = await talk.ask("enter", room="tea", consent=VERSION)
        assert entered["detection"]["consented"] is True
        await talk.ask("publish", offer=CAMERA)
        said = await talk.ask("consent", version="")
        assert said["detection"]["consented"] is False
        assert talk.session.room is None
    assert len(house.media.closed) == 1
