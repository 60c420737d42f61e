"""What signaling holds, with a stand-in for the process on the other end of the socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from detection import Asked, Detection, DetectionConfig, Enrolled, Template
from detection.control import (
    Capture,
    Captured,
    Channel,
    Command,
    Described,
    Learned,
    Ready,
    Told,
    commands,
)
from detection.service import MAX_WAITING_CAPTURES

WITHIN_S = 10.0


@pytest.fixture
async def detection(tmp_path: Path) -> AsyncIterator[Detection]:
    async with Detection(DetectionConfig(tmp_path)) as opened:
        yield opened


@asynccontextmanager
async def process(detection: Detection) -> AsyncIterator[Channel[Command]]:
    """One that is there, and has said so."""
    path = detection.tap_socket.with_name("detection.sock")
    channel = Channel(await asyncio.open_unix_connection(path), commands)
    channel.send(Ready("detection-0", {}))
    try:
        yield channel
    finally:
        await channel.close()


async def heard(channel: Channel[Command], count: int) -> list[Command]:
    found: list[Command] = []
    async with asyncio.timeout(WITHIN_S):
        while len(found) < count:
            found += await channel.receive() or []
    return found


async def test_a_process_that_starts_learns_what_is_shown(detection: Detection) -> None:
    detection.describe("s1", {"0": "camera"})
    detection.describe("s2", {"0": "screen"})
    detection.forget("s1")
    for _ in range(2):
        async with process(detection) as channel:
            assert await heard(channel, 1) == [Described("s2", {"0": "screen"})]


async def test_a_session_that_ended_is_not_spoken_of_any_more(detection: Detection) -> None:
    async with process(detection) as channel:
        async with asyncio.timeout(WITHIN_S):
            while detection.ready is None:
                await asyncio.sleep(0)
        detection.describe("s1", {"0": "camera"})
        detection.forget("s1")
        detection.forget("s1")
        detection.describe("s2", {"0": "camera"})
        told = await heard(channel, 3)
    assert told == [
        Described("s1", {"0": "camera"}),
        Described("s1", {}),
        Described("s2", {"0": "camera"}),
    ]


async def test_what_somebody_is_remembered_by_crosses_both_ways(detection: Detection) -> None:
    template = Template("face", ("net 1 0",), bytes(4096))
    note = Enrolled(1.0, (template,), ("voice",))
    async with process(detection) as channel:
        async with asyncio.timeout(WITHIN_S):
            while detection.ready is None:
                await asyncio.sleep(0)
            detection.tell("tea", "ada", note)
            assert await heard(channel, 1) == [Told("tea", "ada", note)]
            channel.send(Learned("tea", "ada", template))
            assert await anext(detection.learned()) == Learned("tea", "ada", template)


async def test_what_is_asked_of_somebody_arrives_with_its_plan(detection: Detection) -> None:
    asked = Asked(1.0, "c1", "code", 2.0, 11.0, '{"type":"code","digits":"481516"}', 0.1)
    async with process(detection) as channel:
        async with asyncio.timeout(WITHIN_S):
            while detection.ready is None:
                await asyncio.sleep(0)
        detection.tell("tea", "ada", asked)
        assert await heard(channel, 1) == [Told("tea", "ada", asked)]


async def test_what_somebody_looks_like_is_asked_for_and_comes(detection: Detection) -> None:
    async with process(detection) as channel:
        async with asyncio.timeout(WITHIN_S):
            while detection.ready is None:
                await asyncio.sleep(0)
        detection.capture("tea", "ada", "alert-1")
        assert await heard(channel, 1) == [Capture("tea", "ada", "alert-1")]
        for number in range(MAX_WAITING_CAPTURES + 1):
            channel.send(Captured(f"alert-{number}", b"jpeg", b""))
        channel.send(Ready("detection-1", {}))
        async with asyncio.timeout(WITHIN_S):
            while detection.ready.worker == "detection-0":
                await asyncio.sleep(0)
            kept = await anext(detection.captures())
    # The oldest went, for nobody took any.
    assert kept == Captured("alert-1", b"jpeg", b"")
