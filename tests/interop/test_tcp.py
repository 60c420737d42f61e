"""Media over connections and over IPv6, for whom datagrams of IPv4 do not get through."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import asdict
from functools import partial

import msgspec
import pytest
from playwright.async_api import async_playwright

from bench.load_client import PAYLOAD_TYPE, LoadClient
from bench.load_media import BURST_PACKETS, frame_packets
from sfu import Session, Sfu, SfuConfig
from sfu.nomination import HOLDS_S
from sfu.streams import MAX_UNPROVED
from signaling.supervisor import ChildSpec, Supervisor
from tests.builders import binding_request
from tests.interop.test_browsers import FLAGS, _serve, until
from tests.interop.test_hostile_datagrams import Flow, credentials, publisher_and_viewer
from tests.interop.ways import Datagrams, Stream, Way, client_over, publish, watch
from tests.sfu.test_port import has_ipv6

FRAMES = 30
WAYS: dict[str, Way] = {"udp": Datagrams, "tcp": Stream}


async def running(stack: AsyncExitStack, config: SfuConfig) -> Sfu:
    sfu = await stack.enter_async_context(Sfu(config))
    children = [ChildSpec(**asdict(spec)) for spec in sfu.worker_specs()]
    await stack.enter_async_context(Supervisor(children))
    await sfu.wait_ready(10.0)
    return sfu


@pytest.fixture
async def sfu6() -> AsyncIterator[Sfu]:
    """A process on the loopback of IPv6."""
    if not has_ipv6():
        pytest.skip("no IPv6 here")
    async with AsyncExitStack() as stack:
        yield await running(stack, SfuConfig(bind_hosts=("::1",), advertised_hosts=("::1",)))


def numbers(client: LoadClient) -> set[int]:
    """Which packets of the media have arrived."""
    return {
        int.from_bytes(data[2:4], "big")
        for data in client.waiting()
        if data[0] >> 6 == 2 and data[1] & 0x7F == PAYLOAD_TYPE
    }


async def send(client: LoadClient, frames: int = FRAMES, first: int = 0) -> None:
    """Frames in a row, and time for them to arrive."""
    for frame in range(first, first + frames):
        for packet in frame_packets(client.ssrc, frame, frame * BURST_PACKETS, frame * 3000):
            client.send_rtp(packet)
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)


async def flows(sfu: Sfu, publishing: Way, watching: Way) -> str:
    """Media gets from one to the other; the answer that the viewer got."""
    publisher, viewer = client_over(publishing, sfu), client_over(watching, sfu)
    await publish(publisher, sfu)
    answer = await watch(viewer, sfu)
    await send(publisher)
    received: set[int] = set()
    async with asyncio.timeout(10.0):
        while len(received) < FRAMES * BURST_PACKETS:
            received |= numbers(viewer)
            await asyncio.sleep(0.05)
    await viewer.stop()
    await publisher.stop()
    return answer


@pytest.mark.parametrize("publishing", WAYS)
@pytest.mark.parametrize("watching", WAYS)
async def test_media_flow_between_datagrams_and_connections(
    publishing: str, watching: str, sfu: Sfu
) -> None:
    answer = await flows(sfu, WAYS[publishing], WAYS[watching])
    (address,) = sfu.media_addresses()
    assert f" {address.host} {address.port} typ host tcptype passive" in answer


@pytest.mark.parametrize("way", WAYS)
async def test_media_flow_over_ipv6(way: str, sfu6: Sfu) -> None:
    answer = await flows(sfu6, WAYS[way], WAYS[way])
    assert " ::1 " in answer


async def test_a_session_that_ends_closes_its_connection_after_its_goodbye(sfu: Sfu) -> None:
    client = client_over(Stream, sfu)
    session = await sfu.publish("room", "ada", client.description("sendonly"))
    await client.connect(session.answer)
    await sfu.close(session.id)
    received: list[bytes] = []
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(read(client, received), 5.0)
    assert [data for data in received if 20 <= data[0] <= 63]
    client.socket.close()


async def read(client: LoadClient, into: list[bytes]) -> None:
    while True:
        into.append(await asyncio.get_running_loop().sock_recv(client.socket, 2000))


async def test_a_worse_way_has_to_wait_until_the_better_one_is_not_nominated(sfu: Sfu) -> None:
    """Some agents nominate whatever answers, so that the last one would win."""
    (address,) = sfu.media_addresses()
    publisher, viewer = client_over(Datagrams, sfu), client_over(Datagrams, sfu)
    await publish(publisher, sfu)
    ufrag, password = credentials(await watch(viewer, sfu))
    worse = Stream(address.host, address.port)
    low = (1 << 24).to_bytes(4, "big")
    check = binding_request(ufrag + b":peer", password, priority=low, nominate=True)

    viewer.send_check()
    worse.send(check)
    await send(publisher, 3)
    assert len(numbers(viewer)) == 3 * BURST_PACKETS

    await asyncio.sleep(HOLDS_S + 0.2)
    worse.send(check)
    await asyncio.sleep(0.1)
    await send(publisher, 3, first=3)
    assert not numbers(viewer)
    viewer.socket.close()
    viewer.socket = worse  # type: ignore[assignment]
    assert len(numbers(viewer)) == 3 * BURST_PACKETS
    await viewer.stop()
    await publisher.stop()


HOSTILE = {
    "silence": b"",
    "half a length": b"\x00",
    "half a frame": b"\x00\x50" + binding_request()[:40],
    "garbage": os.urandom(3000),
    "another protocol": b"GET / HTTP/1.1\r\nHost: candor\r\n\r\n",
    "an unknown user": b"\x00\x4c" + binding_request()[:76],
    "empty frames": bytes(2000),
    "a frame beyond all": b"\xff\xff" + bytes(4000),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_strangers_with_connections_cost_nobody_a_frame(name: str, sfu: Sfu) -> None:
    (address,) = sfu.media_addresses()
    async with publisher_and_viewer(sfu) as flow:
        running = asyncio.create_task(flow.run())
        strangers = []
        for _ in range(200):
            stranger = socket.create_connection((address.host, address.port))
            strangers.append(stranger)
            stranger.sendall(HOSTILE[name])
            await asyncio.sleep(0.002)
        await running
        drops = (await sfu.statistics())["sfu-0"].drops
        for stranger in strangers:
            stranger.close()
        assert flow.loss < 0.01
    assert sum(drops.values()) >= 200 - MAX_UNPROVED
    await flows(sfu, Stream, Stream)


async def test_who_does_not_read_holds_up_nobody(sfu: Sfu) -> None:
    small = partial(Stream, receive_buffer_bytes=4096)
    async with publisher_and_viewer(sfu) as flow:
        stuck = client_over(small, sfu)
        await watch(stuck, sfu, identity="eve")
        await run_long(flow)
        statistics = (await sfu.statistics())["sfu-0"]
        assert flow.received >= 0.99 * flow.sent
        assert statistics.drops["send_buffer_full"] > 100
        await stuck.stop()


async def run_long(flow: Flow) -> None:
    """More than a connection's buffers hold."""
    for _ in range(3):
        await flow.run()


# --- Chromium ---


class OnlyTcp:
    """Looks like an `Sfu`, and names no way for datagrams."""

    def __init__(self, sfu: Sfu) -> None:
        self._sfu = sfu

    async def publish(self, room: str, identity: str, offer: str) -> Session:
        return without_udp(await self._sfu.publish(room, identity, offer))

    async def subscribe(self, room: str, identity: str, offer: str) -> Session:
        return without_udp(await self._sfu.subscribe(room, identity, offer))


def without_udp(session: Session) -> Session:
    lines = [
        line
        for line in session.answer.split("\r\n")
        if not (line.startswith("a=candidate:") and " udp " in line)
    ]
    assert any("tcptype passive" in line for line in lines)
    return msgspec.structs.replace(session, answer="\r\n".join(lines))


PROTOCOL = """async () => {
  const reports = [...(await window.peer.getStats()).values()]
  const pair = reports.find((one) => one.type === 'candidate-pair' && one.nominated)
  return reports.find((one) => one.id === pair.localCandidateId).protocol
}"""


@pytest.mark.browser
async def test_chromium_plays_over_tcp_what_chromium_publishes_over_tcp() -> None:
    async with AsyncExitStack() as stack:
        sfu = await running(stack, SfuConfig(bind_hosts=("0.0.0.0",)))
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        stack.push_async_callback(browser.close)
        async for address in _serve(OnlyTcp(sfu)):  # type: ignore[arg-type]
            publisher, viewer = await browser.new_page(), await browser.new_page()
            await publisher.goto(address)
            await viewer.goto(address)
            await publisher.evaluate("publish('VP8')")
            await until(publisher, "framesSent", 30)
            await viewer.evaluate("play()")
            await until(viewer, "framesDecoded", 60)
            protocols = [await page.evaluate(PROTOCOL) for page in (publisher, viewer)]
    assert protocols == ["tcp", "tcp"]
