"""What operators look over: found by words, for them alone, and never without a trace."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from detection import Detection, Load
from signaling.http.call import Call
from signaling.http.load import DetectionLoad, LoadRoutes, LoadShown
from signaling.store import audit
from tests.client import PASSWORD, Client
from tests.signaling.test_calls import Stage, some_history, stage

__all__ = ["stage"]


async def operator(stage: Stage) -> Client:
    """Somebody who belongs to no room."""
    await stage.candor.accounts.create("otto", PASSWORD, "operator")
    return stage.client.as_((await stage.client.login("otto")).body["access_token"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [3, 2, 1, 0]),
        ("words=TE", [1, 0]),
        ("words=Bob", [2, 1, 0]),
        ("words=cyd&state=ended", [3]),
        ("words=%25", []),
        ("room=tea&medium=audio", [0]),
    ],
)
async def test_operators_find_calls_of_others(
    stage: Stage, query: str, expected: list[int]
) -> None:
    made = await some_history(stage)
    otto = await operator(stage)
    page = (await otto.get(f"/api/v1/operators/calls?{query}")).body
    assert [call["id"] for call in page["calls"]] == [made[i]["id"] for i in expected]
    assert (await otto.get("/api/v1/calls/history")).body["calls"] == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["milk", "tea"]),
        ("words=TE", ["tea"]),
        ("words=cyd", ["tea"]),
        ("words=ann", ["milk", "tea"]),
        ("kind=meeting", ["milk"]),
        ("limit=1&cursor=milk", ["tea"]),
    ],
)
async def test_operators_find_rooms_of_others(
    stage: Stage, query: str, expected: list[str]
) -> None:
    await stage.open_room("ann", "bob", "cyd")
    await stage.open_room("ann", kind="meeting", id_="milk")
    page = (await (await operator(stage)).get(f"/api/v1/operators/rooms?{query}")).body
    assert [room["id"] for room in page["rooms"]] == expected


async def test_a_room_is_listed_with_those_who_are_in_its_call(stage: Stage) -> None:
    await stage.open_room("ann", "bob", "cyd")
    call = await stage.call_room("ann")
    await stage.act("bob", "accept", call)
    otto = await operator(stage)

    async def listed() -> tuple[str | None, int]:
        (room,) = (await otto.get("/api/v1/operators/rooms")).body["rooms"]
        return room["call"], room["people_now"]

    assert await listed() == (call["id"], 2)
    await stage.end("ann", call)
    assert await listed() == (None, 0)


async def test_who_looked_for_whom_is_audited(stage: Stage) -> None:
    await stage.add("ann")
    otto = await operator(stage)
    await otto.get("/api/v1/operators/calls?words=ann")
    await otto.get("/api/v1/operators/rooms?words=tea")
    for what in ("calls", "rooms"):
        assert (await stage.people["ann"].get(f"/api/v1/operators/{what}")).code == "forbidden"
    log = [entry.act for entry in await stage.candor.store.read(lambda c: audit.page(c, None, 50))]
    looks = [(act.action, json.loads(act.detail)["words"]) for act in log if "words" in act.detail]
    assert looks == [("rooms.list", "tea"), ("calls.list", "ann")]


async def test_operators_learn_what_rooms_are_called(stage: Stage) -> None:
    await stage.open_room("ann", id_="milk")
    otto = await operator(stage)
    found = (await otto.get("/api/v1/operators/room-titles?rooms=milk,nowhere")).body
    assert list(found["titles"]) == ["milk"]
    assert (await stage.people["ann"].get("/api/v1/operators/room-titles")).code == "forbidden"


async def test_operators_see_how_fast_detection_is_where_there_is_one(stage: Stage) -> None:
    otto, candor = await operator(stage), stage.candor
    shown = (await otto.get("/api/v1/operators/load")).body
    assert (shown["detection"], shown["media"]) == (None, [])
    await stage.add("ann")
    assert (await stage.people["ann"].get("/api/v1/operators/load")).code == "forbidden"
    said = Load(10, 3, 4000, 7.5, 0.42, {"late": 5}, {}, {"no_sign": 400}, {"faces": 5.0})
    watching = replace(candor.watching, detection=cast("Detection", SimpleNamespace(load=said)))
    routes = LoadRoutes(candor.health, candor.media, watching)
    answer = await routes.show(cast("Call", None))
    assert isinstance(answer.body, LoadShown)
    assert answer.body.detection == DetectionLoad(
        10, 3, 4000, 7.5, 0.42, {"late": 5}, {"no_sign": 400}, {"faces": 5.0}
    )
