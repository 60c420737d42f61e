"""Two headless callers in one room over `/ws`, with a real media process between them."""

import asyncio
import math
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiortc import MediaStreamTrack

from signaling import protocol
from signaling.auth.grants import OWNER, Grants
from signaling.client import Caller, Refusal, connect
from signaling.client.visit import Plan, visit
from signaling.config import Config
from signaling.media import Participant
from tests.client import Client
from tests.interop.candor import Running, running
from tests.interop.media import MovingBar, Tone, bar_position
from tests.interop.test_whip import token

WITHIN_S = 30.0


@pytest.fixture
async def house(config: Config) -> AsyncIterator[Running]:
    async with running(config) as house:
        ada = await house.client.register("ada")
        assert (await ada.post("/api/v1/rooms", {"id": "tea"})).status == 201
        yield house


class Screen:
    """Where a caller's tracks end: the newest video of each person."""

    def __init__(self) -> None:
        self.tracks: dict[str, MediaStreamTrack] = {}

    def take(self, section: protocol.Section, track: MediaStreamTrack) -> None:
        if section.source == "camera":
            self.tracks[section.identity] = track

    async def moves(self, identity: str) -> bool:
        """Pictures of somebody arrive, and the bar in them goes on."""
        places: list[float] = []
        async with asyncio.timeout(WITHIN_S):
            while len(places) < 15:
                track = self.tracks.get(identity)
                if track is None or track.readyState == "ended":
                    await asyncio.sleep(0.05)
                    continue
                try:
                    frame = await asyncio.wait_for(track.recv(), 1.0)
                except Exception:
                    continue
                place = bar_position(frame)  # type: ignore[arg-type]
                if not math.isnan(place):
                    places.append(place)
        return max(places) - min(places) > 40


def pattern() -> Sequence[MediaStreamTrack]:
    return (Tone(), MovingBar())


async def join(caller: Caller) -> None:
    await caller.enter("tea")
    await caller.watch()
    await caller.publish(pattern)


@asynccontextmanager
async def both(
    house: Running,
) -> AsyncIterator[tuple[tuple[Caller, Caller], tuple[Screen, Screen]]]:
    """Ada and Bob, each sending and watching, and what they see."""
    screens = Screen(), Screen()
    async with (
        connect(house.address, token("ada", OWNER), screens[0].take) as ada,
        connect(house.address, token("bob", OWNER), screens[1].take) as bob,
    ):
        await join(ada)
        await join(bob)
        yield ada, bob, screens


async def test_two_callers_see_each_other(house: Running) -> None:
    async with both(house) as (ada, _, screens):
        assert await screens[1].moves("ada")
        assert await screens[0].moves("bob")
        arrived = [one.body["name"] for one in ada.events if one.kind == "person.arrived"]
        await house.candor.media.view(Participant("coffee", "eve"), None)
        people = await house.candor.media.statistics("tea")
    assert arrived == ["ada", "bob"]
    assert people.keys() == {"ada", "bob"}
    sending = next(one for one in people["ada"] if one.sends)
    watching = next(one for one in people["bob"] if one.receives)
    assert sending.state == watching.state == "connected"
    camera = next(one for one in sending.sends if one.source == "camera")
    assert (camera.codec, camera.width > 0, camera.packets > 0) == ("VP8", True, True)
    seen = next(one for one in watching.receives if one.source == "camera")
    assert (seen.user, seen.reason) == ("ada", "complete")
    assert seen.packets > 0
    assert screens[0].tracks.keys() == {"bob"}


async def test_media_comes_back_by_itself_when_its_process_dies(house: Running) -> None:
    async with both(house) as (ada, bob, screens):
        assert await screens[1].moves("ada")
        worker = next(iter(house.sfu._workers.values()))
        before = dict(screens[1].tracks)
        os.kill(worker.ready.process_id, signal.SIGKILL)
        async with asyncio.timeout(WITHIN_S):
            while ada.lost < 2 or bob.lost < 2 or screens[1].tracks["ada"] is before["ada"]:
                await asyncio.sleep(0.1)
        assert await screens[1].moves("ada")
        assert await screens[0].moves("bob")


async def test_a_visit_says_what_arrived(house: Running, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    plan = Plan(house.address, token("ada", OWNER), "tea", "pattern", True, 4.0)
    other = replace(plan, token=token("bob", OWNER), publish="silence", folder=kept)
    reports = await asyncio.gather(visit(plan), visit(other))
    seen = {(one.identity, one.source): one for one in reports[1].tracks}
    assert seen["ada", "camera"].frames > 20
    assert seen["ada", "microphone"].frames > 20
    assert {one.identity for one in reports[0].tracks} == {"bob"}
    assert all(report.packets and report.opinion for report in reports)
    assert sorted(one.name.split("-")[1] for one in kept.iterdir()) == ["camera", "microphone"]
    assert all(one.stat().st_size > 1000 for one in kept.iterdir())


async def test_a_logout_ends_media(house: Running) -> None:
    async with Client(house.address) as client:
        login = await client.login("ada")
        ada = client.as_(login.body["access_token"])
        assert ada.token
        async with connect(house.address, ada.token) as caller:
            await join(caller)
            assert len(house.candor.media._held) == 2
            assert (await ada.post("/api/v1/auth/logout")).status < 300
            async with asyncio.timeout(WITHIN_S):
                while house.candor.media._held or house.sfu._sessions:
                    await asyncio.sleep(0.05)


NO_CAMERA = Grants(publish=("microphone",), subscribe=True)
NO_VIEW = Grants(publish=("camera",))


@pytest.mark.parametrize(("grants", "act"), [(NO_CAMERA, "publish"), (NO_VIEW, "watch")])
async def test_nobody_does_what_they_have_no_right_to(
    grants: Grants, act: str, house: Running
) -> None:
    async with connect(house.address, token("eve", grants)) as eve:
        await eve.enter("tea")
        with pytest.raises(Refusal) as refusal:
            await (eve.publish(pattern) if act == "publish" else eve.watch())
    assert refusal.value.code == "forbidden"


async def test_a_hidden_caller_is_not_announced(house: Running) -> None:
    hidden = Grants(subscribe=True, hidden=True)
    async with (
        connect(house.address, token("ada", Grants(subscribe=True))) as ada,
        connect(house.address, token("olga", hidden)) as olga,
    ):
        await ada.enter("tea")
        snapshot = await olga.enter("tea")
        await ada.ask(protocol.MediaState(id=1000, microphone=True))
        async with asyncio.timeout(WITHIN_S):
            while all(one.kind != "media.state" for one in ada.events):
                await asyncio.sleep(0.05)
    assert [one.identity for one in snapshot.present] == ["ada"]
    assert [one.actor for one in ada.events] == ["ada", "ada"]


def cut(caller: Caller) -> None:
    """As when a cable is pulled: no close frame, and nothing is said."""
    connection = caller._socket._response.connection
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()


async def test_a_socket_that_is_cut_costs_no_picture_and_no_event(house: Running) -> None:
    async with both(house) as (ada, bob, screens):
        assert await screens[1].moves("ada")
        before = dict(screens[1].tracks), ada.publishing, ada.watching
        for number in range(3):
            cut(ada)
            await house.candor.streams.write(
                lambda h, n=number: h.append("tea", "test", "bob", {"number": n})
            )
            async with asyncio.timeout(WITHIN_S):
                while len(ada.back_after_s) <= number:
                    await asyncio.sleep(0.02)
        assert await screens[1].moves("ada")
        assert await screens[0].moves("bob")
        assert (screens[1].tracks, ada.publishing, ada.watching) == before
        async with asyncio.timeout(WITHIN_S):
            while sum(one.kind == "test" for one in ada.events) < 3:
                await asyncio.sleep(0.02)
        assert [one.devices for one in house.candor.attendance.present("tea")] == [1, 1]
    assert ada.lost == 0
    sequences = [one.sequence for one in ada.events]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    assert [one.kind for one in bob.events].count("person.left") == 0
