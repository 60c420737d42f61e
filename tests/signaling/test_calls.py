"""Calls through HTTP: rung, answered, refused, missed, and told in the room's stream."""

import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.app import Candor, open_candor
from signaling.call_rules import ABSENT, OPEN, STEPS, outcome, step
from signaling.config import Config
from signaling.http.server import listen
from signaling.media import Participant
from signaling.store import events
from signaling.store.schema import call_members, calls
from tests.client import Client, Reply
from tests.clock import Clock

START, END = "/api/v1/calls/start", "/api/v1/calls/end"


class Everybody(frozenset[Participant]):
    """Connected, wherever they are."""

    def __contains__(self, _: object) -> bool:
        return True


@dataclass
class Stage:
    """A Candor whose time stands still unless it is moved, and people who call each other."""

    candor: Candor
    client: Client
    clock: Clock
    people: dict[str, Client] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    async def add(self, *names: str) -> None:
        for name in names:
            self.people[name] = await self.client.register(name)
            self.ids[name] = (await self.people[name].get("/api/v1/me")).body["id"]

    async def open_room(self, *names: str, kind: str = "group", id_: str = "tea") -> str:
        """A room that belongs to the first, with all of them in it."""
        await self.add(*(name for name in names if name not in self.people))
        owner, *others = (self.people[name] for name in names)
        made = await owner.post("/api/v1/rooms", {"id": id_, "kind": kind})
        assert made.status == 201, made
        path = f"/api/v1/rooms/{id_}/invitations"
        code = (await owner.post(path, {"uses": 100})).body["code"]
        for other in others:
            assert (await other.post(f"/api/v1/invitations/{code}/accept")).status == 200
        return id_

    async def start(self, name: str, **body: Any) -> dict[str, Any]:
        reply = await self.people[name].post(START, body)
        assert reply.status == 200, reply
        started: dict[str, Any] = reply.body
        return started

    async def call_room(self, name: str, room: str = "tea", **more: Any) -> dict[str, Any]:
        return await self.start(name, room=room, **more)

    async def act(self, name: str, act: str, call: dict[str, Any], body: Any = None) -> Reply:
        return await self.people[name].post(f"/api/v1/calls/{call['id']}/{act}", body)

    async def end(self, name: str, call: dict[str, Any]) -> Reply:
        return await self.people[name].post(END, {"call": call["id"]})

    async def seen(self, name: str, call: dict[str, Any]) -> dict[str, Any]:
        reply = await self.people[name].get(f"/api/v1/calls/{call['id']}")
        assert reply.status == 200, reply
        shown: dict[str, Any] = reply.body
        return shown

    def states(self, shown: dict[str, Any]) -> dict[str, str]:
        names = {user: name for name, user in self.ids.items()}
        return {names[each["user"]]: each["state"] for each in shown["members"]}

    async def story(self, room: str = "tea") -> list[str]:
        """The kinds of the room's events of calls."""
        found = await self.candor.store.read(lambda c: events.after(c, room, 0, 1000))
        return [event.kind for event in found if event.kind.startswith("call.")]

    async def time_passes(self, seconds: float) -> None:
        self.clock.forward(seconds)
        await self.candor.calls.sweep()


@pytest.fixture
async def stage(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    clock = Clock()
    monkeypatch.setattr("signaling.app.utc_now", clock)
    async with (
        open_candor(config) as candor,
        listen(candor, None) as listening,
        Client(listening.http) as client,
    ):
        monkeypatch.setattr(candor.media, "participants", Everybody)
        yield Stage(candor, client, clock)


# --- the rules ---

STATES = (ABSENT, "ringing", "joined", "left", "declined", "missed", "busy")


@pytest.mark.parametrize(("act", "state"), list(itertools.product(STEPS, STATES)))
def test_what_is_done_twice_is_done_once(act: str, state: str) -> None:
    once = step(act, state)
    if once is not None and act != "expire":
        assert step(act, once) == once


@pytest.mark.parametrize(
    ("people", "state"),
    [
        ({"a": "joined", "b": "ringing"}, "ringing"),
        ({"a": "joined", "b": "joined"}, "active"),
        ({"a": "joined", "b": "joined", "c": "ringing"}, "active"),
        ({"a": "left", "b": "ringing"}, "cancelled"),
        ({"a": "left", "b": "joined"}, "active"),
        ({"a": "joined", "b": "declined"}, "declined"),
        ({"a": "joined", "b": "declined", "c": "ringing"}, "ringing"),
        ({"a": "joined", "b": "declined", "c": "missed"}, "missed"),
        ({"a": "joined", "b": "declined", "c": "busy"}, "declined"),
        ({"a": "joined", "b": "missed"}, "missed"),
        ({"a": "joined", "b": "busy"}, "missed"),
    ],
)
def test_a_ringing_call_is_what_its_people_make_of_it(people: dict[str, str], state: str) -> None:
    assert outcome("ringing", people, "a").state == state


@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.sampled_from("abcd")), max_size=30))
def test_whatever_is_done_a_call_goes_on_only_while_somebody_is_there(
    acts: list[tuple[str, str]],
) -> None:
    state, people = "ringing", {"a": "joined", "b": "ringing", "c": "ringing"}
    for act, who in acts:
        after = step(act, people.get(who, ABSENT))
        if after is None:
            continue
        people[who] = after
        result = outcome(state, people, "a")
        if result.over:
            assert result.reason
            break
        assert result.state in OPEN
        # What was answered never rings again.
        assert (state, result.state) != ("active", "ringing")
        assert "joined" in people.values()
        state = result.state


# --- one call of two ---


async def test_a_direct_call_rings_is_answered_and_lasts_as_long_as_it_lasted(
    stage: Stage,
) -> None:
    await stage.add("ann", "bob")
    call = await stage.start("ann", user=stage.ids["bob"], medium="audio")
    assert (call["state"], call["medium"]) == ("ringing", "audio")
    assert stage.states(call) == {"ann": "joined", "bob": "ringing"}
    listed = (await stage.people["bob"].get("/api/v1/calls/active")).body["calls"]
    assert [each["id"] for each in listed] == [call["id"]]

    stage.clock.forward(5)
    answered = await stage.act("bob", "accept", call)
    assert (answered.status, answered.body["state"]) == (200, "active")
    stage.clock.forward(62.5)
    assert (await stage.seen("ann", call))["duration_s"] == 62.5
    await stage.act("ann", "leave", call)
    last = (await stage.act("bob", "leave", call)).body

    assert (last["state"], last["end_reason"], last["duration_s"]) == ("ended", "left", 62.5)
    stage.clock.forward(100)
    assert (await stage.seen("ann", call))["duration_s"] == 62.5
    assert await stage.story(call["room"]) == [
        "call.started",
        "call.ringing",
        "call.accepted",
        "call.active",
        "call.left",
        "call.left",
        "call.ended",
    ]
    assert (await stage.people["bob"].get("/api/v1/calls/active")).body["calls"] == []


async def test_two_people_always_meet_in_the_same_room(stage: Stage) -> None:
    await stage.add("ann", "bob", "cyd")
    call = await stage.start("ann", user=stage.ids["bob"])
    await stage.end("ann", call)
    again = await stage.start("bob", user=stage.ids["ann"])
    other = await stage.start("cyd", user=stage.ids["ann"])

    assert again["room"] == call["room"] != other["room"]
    room = (await stage.people["ann"].get(f"/api/v1/rooms/{call['room']}")).body
    assert (room["kind"], room["capacity"], room["role"]) == ("direct", 2, "member")
    taken = await stage.people["cyd"].post("/api/v1/rooms", {"id": "direct-to-me"})
    assert taken.code == "room_taken"


async def test_who_calls_back_while_it_rings_has_answered(stage: Stage) -> None:
    await stage.add("ann", "bob")
    call = await stage.start("ann", user=stage.ids["bob"])
    back = await stage.start("bob", user=stage.ids["ann"])

    assert (back["id"], back["state"]) == (call["id"], "active")


async def test_answering_on_a_second_device_changes_nothing(stage: Stage) -> None:
    await stage.open_room("ann", "bob")
    call = await stage.call_room("ann")
    first = await stage.act("bob", "accept", call)
    second = await stage.act("bob", "accept", call)

    assert (first.status, second.status) == (200, 200)
    assert (await stage.story()).count("call.accepted") == 1


# act of whom after ann called bob -> (state, reason) of the call, and bob's place in it
REFUSALS: list[tuple[str, str, tuple[str, str], str]] = [
    ("bob", "decline", ("declined", "declined"), "declined"),
    ("ann", "leave", ("cancelled", "cancelled"), "missed"),
]


@pytest.mark.parametrize(("who", "act", "ended", "bob"), REFUSALS)
async def test_a_call_that_nobody_answers_says_why(
    stage: Stage, who: str, act: str, ended: tuple[str, str], bob: str
) -> None:
    await stage.open_room("ann", "bob")
    call = await stage.call_room("ann")
    over = (await stage.act(who, act, call)).body

    assert (over["state"], over["end_reason"]) == ended
    assert stage.states(over) == {"ann": "left", "bob": bob}
    assert over["duration_s"] == 0.0
    assert (await stage.story())[-1] == "call.ended"
    for late in ("accept", "join", "decline"):
        assert (await stage.act("bob", late, call)).code == "call_over"


async def test_a_call_is_missed_after_three_quarters_of_a_minute(stage: Stage) -> None:
    await stage.open_room("ann", "bob")
    call = await stage.call_room("ann")
    await stage.time_passes(44.9)
    assert (await stage.seen("bob", call))["state"] == "ringing"
    await stage.time_passes(0.2)

    missed = await stage.seen("bob", call)
    assert (missed["state"], missed["end_reason"]) == ("missed", "no_answer")
    assert await stage.story() == ["call.started", "call.ringing", "call.missed", "call.ended"]


async def test_who_is_in_another_call_is_busy(stage: Stage) -> None:
    await stage.add("ann", "bob", "cyd")
    first = await stage.start("ann", user=stage.ids["bob"])
    await stage.act("bob", "accept", first)
    second = await stage.start("cyd", user=stage.ids["bob"])

    assert (second["state"], second["end_reason"]) == ("missed", "busy")
    assert stage.states(second) == {"cyd": "left", "bob": "busy"}
    assert await stage.story(second["room"]) == ["call.started", "call.busy", "call.ended"]
    assert (await stage.seen("bob", first))["state"] == "active"


# --- calls of many ---


async def test_a_call_of_many_goes_on_until_the_last_has_left(stage: Stage) -> None:
    await stage.open_room("ann", "bob", "cyd", "dan")
    call = await stage.call_room("ann")
    await stage.act("bob", "decline", call)
    await stage.act("cyd", "accept", call)
    await stage.time_passes(50)
    shown = await stage.seen("ann", call)
    assert shown["state"] == "active"
    assert stage.states(shown) == {
        "ann": "joined",
        "bob": "declined",
        "cyd": "joined",
        "dan": "missed",
    }

    # Who declined, missed or left may still come.
    for name in ("bob", "dan"):
        assert (await stage.act(name, "join", call)).status == 200
    await stage.act("ann", "leave", call)
    assert (await stage.act("ann", "join", call)).body["state"] == "active"
    for name in ("ann", "bob", "cyd"):
        assert (await stage.act(name, "leave", call)).body["state"] == "active"
    assert (await stage.act("dan", "leave", call)).body["state"] == "ended"
    assert (await stage.act("dan", "leave", call)).status == 200


async def test_how_media_are_is_told_while_the_call_lasts(stage: Stage) -> None:
    await stage.open_room("ann", "bob")
    call = await stage.call_room("ann")
    path = f"/api/v1/calls/{call['id']}/stats"
    told = await stage.people["bob"].get(path)
    assert told.body == {"call": call["id"], "room": "tea", "people": {}}
    await stage.end("ann", call)
    assert (await stage.people["bob"].get(path)).code == "call_over"


async def test_all_have_to_decline(stage: Stage) -> None:
    await stage.open_room("ann", "bob", "cyd")
    call = await stage.call_room("ann")
    assert (await stage.act("bob", "decline", call)).body["state"] == "ringing"
    assert (await stage.act("cyd", "decline", call)).body["state"] == "declined"


async def test_to_a_meeting_people_come_by_themselves(stage: Stage) -> None:
    await stage.open_room("ann", "bob", kind="meeting")
    call = await stage.call_room("ann")
    assert (call["state"], stage.states(call)) == ("active", {"ann": "joined"})
    assert (await stage.act("bob", "decline", call)).code == "wrong_moment"

    joined = await stage.call_room("bob")
    assert (joined["id"], stage.states(joined)) == (call["id"], {"ann": "joined", "bob": "joined"})


async def test_who_ends_a_call_for_all(stage: Stage) -> None:
    await stage.open_room("ann", "bob", "cyd")
    call = await stage.call_room("bob")
    for name in ("ann", "cyd"):
        await stage.act(name, "accept", call)
    assert (await stage.end("cyd", call)).code == "forbidden"
    # Ann moderates the room.
    over = (await stage.end("ann", call)).body
    assert (over["state"], over["end_reason"]) == ("ended", "ended")
    assert set(stage.states(over).values()) == {"left"}
    assert (await stage.end("ann", call)).code == "call_over"

    await stage.add("dan")
    direct = await stage.start("ann", user=stage.ids["dan"])
    await stage.act("dan", "accept", direct)
    assert (await stage.end("dan", direct)).body["state"] == "ended"
    ringing = await stage.start("ann", user=stage.ids["dan"])
    assert (await stage.end("dan", ringing)).body["state"] == "declined"


async def test_a_voice_call_becomes_a_video_call(stage: Stage) -> None:
    await stage.open_room("ann", "bob", "cyd")
    call = await stage.call_room("ann", medium="audio")
    await stage.act("bob", "accept", call)

    assert (await stage.act("cyd", "medium", call, {"medium": "video"})).code == "wrong_moment"
    changed = await stage.act("bob", "medium", call, {"medium": "video"})

    assert changed.body["medium"] == "video"
    assert (await stage.story())[-1] == "call.medium"


async def test_a_third_is_called_into_a_room_of_its_own(stage: Stage) -> None:
    await stage.add("ann", "bob", "cyd")
    call = await stage.start("ann", user=stage.ids["bob"])
    await stage.act("bob", "accept", call)
    stage.clock.forward(10)
    wider = (await stage.act("bob", "invite", call, {"users": [stage.ids["cyd"]]})).body

    assert wider["id"] == call["id"]
    assert wider["room"] != call["room"]
    assert stage.states(wider) == {"ann": "joined", "bob": "joined", "cyd": "ringing"}
    assert (await stage.act("cyd", "accept", call)).body["state"] == "active"
    assert (await stage.seen("ann", call))["duration_s"] == 10.0
    # What the two said to each other stays theirs.
    assert (await stage.people["cyd"].get(f"/api/v1/rooms/{call['room']}")).status == 404
    assert (await stage.story(call["room"]))[-1] == "call.moved"
    assert (await stage.story(wider["room"]))[:2] == ["call.started", "call.ringing"]
    assert (await stage.people["bob"].get(f"/api/v1/rooms/{wider['room']}")).body["role"] == "owner"
    # And the two may call each other anew.
    await stage.start("ann", user=stage.ids["bob"])


async def test_more_members_of_a_room_are_rung_again(stage: Stage) -> None:
    await stage.open_room("ann", "bob", "cyd")
    call = await stage.call_room("ann")
    await stage.act("bob", "accept", call)
    await stage.act("cyd", "decline", call)
    again = await stage.act("ann", "invite", call, {"users": [stage.ids["cyd"]]})

    assert stage.states(again.body)["cyd"] == "ringing"
    await stage.time_passes(46)
    shown = await stage.seen("ann", call)
    assert (shown["state"], stage.states(shown)["cyd"]) == ("active", "missed")
    await stage.add("eve")
    stranger = await stage.act("ann", "invite", call, {"users": [stage.ids["eve"]]})
    assert stranger.code == "not_found"


# --- who sees what ---


async def test_a_call_is_nothing_to_somebody_outside_its_room(stage: Stage) -> None:
    await stage.open_room("ann", "bob")
    await stage.add("eve")
    call = await stage.call_room("ann")
    eve = stage.people["eve"]

    assert (await eve.post(START, {"room": "tea"})).code == "not_found"
    assert (await eve.get(f"/api/v1/calls/{call['id']}")).code == "not_found"
    for act in ("accept", "decline", "join", "leave"):
        assert (await stage.act("eve", act, call)).code == "not_found"
    assert (await stage.end("eve", call)).code == "not_found"
    assert (await eve.get("/api/v1/calls/active")).body["calls"] == []
    assert (await eve.get("/api/v1/calls/history")).body["calls"] == []


@pytest.mark.parametrize(
    "body",
    [{}, {"room": "tea", "user": "x"}, {"room": "tea", "medium": "smell"}, {"room": "../tea"}],
)
async def test_a_call_to_nowhere_is_refused(stage: Stage, body: dict[str, str]) -> None:
    await stage.add("ann")
    assert (await stage.people["ann"].post(START, body)).code == "invalid"


async def test_nobody_calls_themselves_nor_a_stranger_that_is_not_there(stage: Stage) -> None:
    await stage.add("ann")
    ann = stage.people["ann"]
    assert (await ann.post(START, {"user": stage.ids["ann"]})).code == "invalid"
    assert (await ann.post(START, {"user": "nobody"})).code == "not_found"


async def test_guests_call_within_their_room_only(stage: Stage) -> None:
    await stage.open_room("ann", "bob")
    code = (await stage.people["ann"].post("/api/v1/rooms/tea/invitations")).body["code"]
    body = {"name": "Gus", "invitation": code}
    entered = (await stage.client.post("/api/v1/auth/guest", body)).body
    gus = stage.client.as_(entered["access_token"])

    assert (await gus.post(START, {"user": stage.ids["ann"]})).code == "forbidden"
    assert (await gus.post(START, {"room": "tea"})).body["state"] == "ringing"
    guest_id = (await gus.get("/api/v1/me")).body["id"]
    assert (await stage.people["ann"].post(START, {"user": guest_id})).code == "not_found"


async def some_history(stage: Stage) -> list[dict[str, Any]]:
    """Four calls of ann's, a minute apart, oldest first."""
    await stage.open_room("ann", "bob", "cyd")
    made = []
    for medium in ("audio", "video"):
        call = await stage.call_room("ann", medium=medium)
        await stage.end("ann", call)
        made.append(call)
        stage.clock.forward(60)
    for name in ("bob", "cyd"):
        call = await stage.start("ann", user=stage.ids[name])
        await stage.act(name, "accept", call)
        await stage.end("ann", call)
        made.append(call)
        stage.clock.forward(60)
    return made


async def test_the_past_is_told_in_pages_newest_first(stage: Stage) -> None:
    made = await some_history(stage)
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        path = f"/api/v1/calls/history?limit=3&cursor={cursor}"
        page = (await stage.people["ann"].get(path)).body
        seen += [call["id"] for call in page["calls"]]
        cursor = page["next"]

    assert seen == [call["id"] for call in reversed(made)]


Query = Callable[[Stage, list[dict[str, Any]]], str]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (lambda stage, made: "room=tea", [1, 0]),
        (lambda stage, made: "medium=audio", [0]),
        (lambda stage, made: "state=ended", [3, 2]),
        (lambda stage, made: f"with={stage.ids['cyd']}", [3, 1, 0]),
        (lambda stage, made: f"since={made[2]['started_at']}", [3, 2]),
        (lambda stage, made: f"until={made[1]['started_at']}", [0]),
        (lambda stage, made: f"state=cancelled&with={stage.ids['bob']}&medium=video", [1]),
    ],
)
async def test_the_past_is_searched(stage: Stage, query: Query, expected: list[int]) -> None:
    made = await some_history(stage)
    path = f"/api/v1/calls/history?{query(stage, made)}"
    page = (await stage.people["ann"].get(path)).body

    assert [call["id"] for call in page["calls"]] == [made[i]["id"] for i in expected]


@pytest.mark.parametrize(
    "query", ["since=yesterday", "since=2026-01-01T00:00:00", "state=asleep", "limit=0", "user=x"]
)
async def test_a_search_that_makes_no_sense_is_refused(stage: Stage, query: str) -> None:
    await stage.add("ann")
    reply = await stage.people["ann"].get(f"/api/v1/calls/history?{query}")
    assert reply.code == "invalid"


def test_the_states_of_the_rules_are_those_of_the_store() -> None:
    def named(table: Any) -> set[str]:
        texts = [str(each.sqltext) for each in table.constraints if hasattr(each, "sqltext")]
        found = next(text for text in texts if text.startswith("state IN"))
        return {part.strip(" '") for part in found.partition("(")[2].rstrip(")").split(",")}

    reached = {state for steps in STEPS.values() for state in steps.values()}
    assert reached == named(call_members)
    assert set(OPEN) <= named(calls)
