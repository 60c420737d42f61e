"""The life of media processes and sessions, as whoever holds `Sfu` sees it."""

import asyncio
import os
import signal
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bench.load_client import LoadClient
from bench.load_media import frame_packets
from sfu import (
    BadSdp,
    Full,
    NoWorker,
    PictureSize,
    PublisherCame,
    PublisherLeft,
    Ready,
    SessionChanged,
    SessionLost,
    Sfu,
    SfuConfig,
    SfuEvent,
)
from signaling.supervisor import ChildSpec, Supervisor
from tests.interop.conftest import LOOPBACK


async def next_event(sfu: Sfu, kind: type, timeout_s: float = 5.0) -> SfuEvent:
    """The next event of this kind; others are passed over."""
    async with asyncio.timeout(timeout_s):
        async for event in sfu.events():
            if isinstance(event, kind):
                return event
    raise AssertionError


async def join(sfu: Sfu, identity: str = "ada", room: str = "room") -> tuple[LoadClient, str]:
    client = LoadClient()
    session = await sfu.publish(room, identity, client.description("sendonly"))
    await client.connect(session.answer)
    return client, session.id


async def announce(sfu: Sfu, room: str) -> None:
    """A session whose client never comes."""
    client = LoadClient()
    try:
        await sfu.publish(room, "ada", client.description("sendonly"))
    finally:
        await client.stop()


async def test_a_publisher_comes_is_seen_and_leaves(sfu: Sfu) -> None:
    client, session = await join(sfu)
    came = await next_event(sfu, PublisherCame)
    assert came == PublisherCame("room", session, "ada")
    for packet in frame_packets(client.ssrc, 0, 0, 0):
        client.send_rtp(packet)
    assert await next_event(sfu, PictureSize) == PictureSize("room", session, "0", "", 320, 240)
    await sfu.close(session)
    assert await next_event(sfu, PublisherLeft) == PublisherLeft("room", session, "ada")
    await client.stop()


async def test_a_client_that_says_goodbye_ends_its_session(sfu: Sfu) -> None:
    client, session = await join(sfu)
    await client.stop()
    assert await next_event(sfu, PublisherLeft) == PublisherLeft("room", session, "ada")


async def test_connected_is_not_claimed_in_silence(sfu: Sfu) -> None:
    client, _ = await join(sfu)
    states = []
    async with asyncio.timeout(6.0):
        while "quiet" not in states:
            event = await next_event(sfu, SessionChanged)
            assert isinstance(event, SessionChanged)
            states.append(event.state)
    assert states == ["connecting", "connected", "quiet"]
    await client.stop()


async def test_media_follow_a_client_to_its_new_address(sfu: Sfu) -> None:
    publisher, _ = await join(sfu)
    viewer = LoadClient()
    watching = await sfu.subscribe("room", "bob", viewer.description("recvonly"))
    await viewer.connect(watching.answer)
    await viewer.move()
    for frame in range(3):
        for packet in frame_packets(publisher.ssrc, frame, frame * 8, frame * 3000):
            publisher.send_rtp(packet)
        await asyncio.sleep(0.05)
    received = [data for data in viewer.waiting() if data[0] >> 6 == 2]
    assert len(received) >= 24
    await viewer.stop()
    await publisher.stop()


async def test_sessions_of_a_killed_process_are_lost_and_rooms_come_back(sfu: Sfu) -> None:
    client, session = await join(sfu)
    ready = await next_event(sfu, Ready)
    assert isinstance(ready, Ready)
    os.kill(ready.process_id, signal.SIGKILL)
    lost = await next_event(sfu, SessionLost, 3.0)
    assert lost == SessionLost("room", session, "ada")
    again, _ = await asyncio.wait_for(join(sfu), 3.0)
    await next_event(sfu, PublisherCame)
    await again.stop()
    await client.stop()


async def test_a_process_told_to_leave_says_goodbye(sfu: Sfu) -> None:
    client, session = await join(sfu)
    ready = await next_event(sfu, Ready)
    assert isinstance(ready, Ready)
    os.kill(ready.process_id, signal.SIGTERM)
    changed = [await next_event(sfu, SessionChanged) for _ in range(3)]
    assert changed[-1] == SessionChanged("room", session, "ada", "closed")
    await client.stop()


async def test_what_is_no_offer_is_said_and_costs_nothing(sfu: Sfu) -> None:
    with pytest.raises(BadSdp, match="first line"):
        await sfu.publish("room", "ada", "nonsense")
    assert (await sfu.statistics())["sfu-0"].transports == {}


async def test_a_process_takes_so_many_sessions_and_no_more() -> None:
    config = SfuConfig(bind_hosts=LOOPBACK, advertised_hosts=LOOPBACK, max_sessions=2)
    async with Sfu(config) as sfu:
        children = [ChildSpec(**asdict(spec)) for spec in sfu.worker_specs()]
        async with Supervisor(children):
            for _ in range(2):
                await announce(sfu, "room")
            with pytest.raises(Full):
                await announce(sfu, "room")


async def test_rooms_are_spread_over_processes_and_stay_in_theirs() -> None:
    config = SfuConfig(workers=2, bind_hosts=LOOPBACK, advertised_hosts=LOOPBACK)
    async with Sfu(config) as sfu:
        children = [ChildSpec(**asdict(spec)) for spec in sfu.worker_specs()]
        async with Supervisor(children):
            await sfu.wait_ready(10.0)
            for room in ("one", "two", "one", "two"):
                await announce(sfu, room)
            statistics = await sfu.statistics()
            ports = {address.port for address in sfu.media_addresses()}
    rooms = [sorted({t.room for t in one.transports.values()}) for one in statistics.values()]
    assert sorted(rooms) == [["one"], ["two"]]
    assert len(ports) == 2


async def test_without_a_process_a_join_is_refused_in_time() -> None:
    async with Sfu(SfuConfig(worker_patience_s=0.1)) as sfu:
        with pytest.raises(NoWorker):
            await sfu.publish("room", "ada", "v=0")


async def test_a_stranger_on_the_control_socket_is_hung_up_on(sfu: Sfu) -> None:
    path = sfu.worker_specs()[0].argv[-1].split('"control":"')[1].split('"')[0]
    assert os.stat(path).st_mode & 0o777 == 0o600
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"\x00\x00\x00\x03abc")
    assert await asyncio.wait_for(reader.read(), 2.0) == b""
    writer.close()


async def test_many_joins_and_leaves_leave_nothing_behind(sfu: Sfu) -> None:
    ready = await next_event(sfu, Ready)
    assert isinstance(ready, Ready)

    async def come_and_go(count: int) -> None:
        for _ in range(count):
            client, session = await join(sfu)
            await sfu.close(session)
            await client.stop()

    await come_and_go(20)
    before = descriptors(ready.process_id), threads(ready.process_id)
    await come_and_go(40)
    await asyncio.sleep(0.2)
    assert (descriptors(ready.process_id), threads(ready.process_id)) == before
    statistics = (await sfu.statistics())["sfu-0"]
    assert (statistics.transports, statistics.rooms) == ({}, {})


def descriptors(process_id: int) -> int:
    return len(os.listdir(f"/proc/{process_id}/fd"))


def threads(process_id: int) -> int:
    return len(os.listdir(f"/proc/{process_id}/task"))


def test_the_supervisor_takes_the_spec_of_a_process() -> None:
    """The two types know nothing of each other, and must have the same fields."""
    (spec,) = Sfu(SfuConfig(runtime_directory=Path("nowhere"))).worker_specs()
    assert ChildSpec(**asdict(replace(spec, memory_bytes=1 << 30))).memory_bytes == 1 << 30
