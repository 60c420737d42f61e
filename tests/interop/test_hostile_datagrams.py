"""Foreign and malformed datagrams against a running process while media flows through it."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from struct import pack

import pytest

from bench.load_client import PAYLOAD_TYPE, LoadClient
from bench.load_media import BURST_PACKETS, frame_packets
from sfu import Sfu
from sfu.consumer import ConsumerStatistics
from tests.builders import binding_request, rtcp, rtp, stun, stun_attribute

FRAMES = 60
FRAME_INTERVAL_S = 0.020


class Flow:
    """One publisher and one viewer; both are bare, so that every packet can be counted."""

    def __init__(self, sfu: Sfu, publisher: LoadClient, viewer: LoadClient, answer: str) -> None:
        self.sfu = sfu
        self.publisher = publisher
        self.viewer = viewer
        self.answer = answer
        self.received = 0
        self.sent = 0
        self.newest = 0

    async def run(self) -> None:
        """Send for more than a second, and count at the other end what arrives."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self.viewer.socket, self._count)
        for frame in range(FRAMES):
            for packet in frame_packets(self.publisher.ssrc, frame, self.sent, 0):
                self.publisher.send_rtp(packet)
                self.sent += 1
            await asyncio.sleep(FRAME_INTERVAL_S)
        await asyncio.sleep(0.2)
        loop.remove_reader(self.viewer.socket)

    def _count(self) -> None:
        while True:
            try:
                data = self.viewer.socket.recv(2048)
            except BlockingIOError:
                return
            if data[0] >> 6 == 2 and data[1] & 0x7F == PAYLOAD_TYPE:
                self.received += 1
                self.newest = int.from_bytes(data[2:4], "big")

    @property
    def loss(self) -> float:
        assert self.sent == FRAMES * BURST_PACKETS
        return 1 - self.received / self.sent

    async def consumer(self) -> ConsumerStatistics:
        statistics = (await self.sfu.statistics())["sfu-0"].rooms["room"]
        (one,) = (one for ones in statistics.consumers.values() for one in ones)
        return one

    async def drops(self) -> dict[str, int]:
        statistics = (await self.sfu.statistics())["sfu-0"]
        counts = [statistics.drops, *(one.drops for one in statistics.transports.values())]
        for room in statistics.rooms.values():
            counts += [
                *room.drops.values(),
                *(p.drops for ps in room.producers.values() for p in ps),
            ]
        return {name: sum(one.get(name, 0) for one in counts) for one in counts for name in one}


@pytest.fixture
async def flow(sfu: Sfu) -> AsyncIterator[Flow]:
    async with publisher_and_viewer(sfu) as opened:
        yield opened


@asynccontextmanager
async def publisher_and_viewer(sfu: Sfu, room: str = "room") -> AsyncIterator[Flow]:
    publisher, viewer = LoadClient(), LoadClient()
    session = await sfu.publish(room, "ada", publisher.description("sendonly"))
    await publisher.connect(session.answer)
    watching = await sfu.subscribe(room, "bob", viewer.description("recvonly"))
    await viewer.connect(watching.answer)
    await asyncio.sleep(0.1)
    try:
        yield Flow(sfu, publisher, viewer, session.answer)
    finally:
        await publisher.stop()
        await viewer.stop()


@contextmanager
def stranger(sfu: Sfu) -> Iterator[socket.socket]:
    """Somebody whom nobody knows, before the media port."""
    (address,) = sfu.media_addresses()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.setblocking(False)
        opened.connect((address.host, address.port))
        yield opened


async def flood(send, datagrams: list[bytes], rounds: int) -> None:  # type: ignore[no-untyped-def]
    for _ in range(rounds):
        for datagram in datagrams:
            try:
                send(datagram)
            except BlockingIOError:
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.002)


FIELDS = stun_attribute(0x0006, b"nobody:nobody")
FOREIGN = {
    "I1 empty": [b""],
    "I2 bad user and integrity": [binding_request(), binding_request(b"a:b", b"wrong")],
    "I3 malformed checks": [
        stun(FIELDS + stun_attribute(0x0024, b"abc")),
        stun(stun_attribute(0x0006, b"\xff\xfe")),
        stun(FIELDS + stun_attribute(0x8029, b"abcd")),
        stun(FIELDS + b"\x00\x24\xff\xff"),
        stun(stun_attribute(0x8030, b"") * 300),
        stun()[:19],
        b"\x00\x01" + bytes(18),
    ],
    "R1 hello and alert": [
        b"\x16\xfe\xff" + bytes(8) + b"\x00\x20" + bytes(32),
        b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28",
    ],
    "R3 short, long and random": [
        b"\x80",
        b"\x80" * 12,
        b"\x80\xc8\x00\x00",
        b"\x90" * 9000,
        secrets.token_bytes(400),
    ],
}


@pytest.mark.parametrize("name", FOREIGN)
async def test_what_strangers_send_costs_nobody_a_frame(name: str, sfu: Sfu, flow: Flow) -> None:
    with stranger(sfu) as unknown:
        flooding = asyncio.create_task(flood(unknown.send, FOREIGN[name], 200))
        await flow.run()
        await flooding
        with pytest.raises(BlockingIOError):
            unknown.recv(2048)
    assert flow.loss < 0.01
    assert sum((await flow.drops()).values()) >= 200


async def test_a_signed_check_without_priority_is_answered_with_an_error(
    sfu: Sfu, flow: Flow
) -> None:
    """I4."""
    ufrag, password = credentials(flow.answer)
    with stranger(sfu) as known:
        known.send(binding_request(ufrag + b":peer", password, priority=None))
        await asyncio.sleep(0.1)
        response = known.recv(2048)
    assert response[:2] == b"\x01\x11"
    await flow.run()
    assert flow.loss < 0.01


# Whatever is longer than its packet cannot even be encrypted; `test_rtp` has those.
PROTECTED_RTP = {
    "R5 padding of nothing": rtp(b"x", padding=b"\x00"),
    "R5 padding beyond the beginning": rtp(b"x", padding=b"\xff"),
    "R5 short extension": rtp(b"x", block=(0xBEDE, b"\x30\x00")),
    "F3 empty after its descriptor": rtp(b"\x10", payload_type=PAYLOAD_TYPE),
}
PROTECTED_RTCP = {
    "R6 length zero": bytes((0x80, 201, 0, 0)) * 3,
    "R6 empty chunks": bytes((0x80 | 31, 202, 0, 0)) + bytes(4),
    "R6 estimate of 255, short": rtcp(206, 15, bytes(8) + b"REMB\xff\x00\x00\x00"),
    "R6 cut off": bytes((0x81, 200, 0, 40)) + bytes(24),
}


@pytest.mark.parametrize("name", [*PROTECTED_RTP, *PROTECTED_RTCP])
async def test_what_a_known_peer_malforms_is_dropped(name: str, sfu: Sfu, flow: Flow) -> None:
    async with publisher_and_viewer(sfu, "other") as other:
        for number in range(100):
            if name in PROTECTED_RTP:
                packet = PROTECTED_RTP[name]
                stamped = packet[:2] + number.to_bytes(2, "big") + packet[4:]
                other.publisher.send_rtp(stamped)
            else:
                other.publisher.send_rtcp(PROTECTED_RTCP[name])
                other.viewer.send_rtcp(PROTECTED_RTCP[name])
        await flow.run()
    assert flow.loss < 0.01


async def test_a_hail_of_nacks_gets_no_more_than_twice_the_media(flow: Flow) -> None:
    """R6."""
    await flow.run()
    consumer = await flow.consumer()
    pairs = b"".join(pack("!HH", (flow.newest - 17 * i) & 0xFFFF, 0xFFFF) for i in range(1, 20))
    nack = rtcp(205, 1, pack("!II", 1, consumer.ssrc) + pairs)
    for _ in range(200):
        flow.viewer.send_rtcp(nack)
        await asyncio.sleep(0)
    await asyncio.sleep(0.3)
    consumer = await flow.consumer()
    assert 0 < consumer.bytes_resent <= 2 * consumer.bytes


async def test_key_frames_asked_for_a_thousand_times_are_asked_once(flow: Flow) -> None:
    """R7."""
    await flow.run()
    consumer = await flow.consumer()
    request = rtcp(206, 1, pack("!II", 1, consumer.ssrc))
    for _ in range(500):
        flow.viewer.send_rtcp(request)
    await asyncio.sleep(1.0)
    statistics = (await flow.sfu.statistics())["sfu-0"].rooms["room"]
    (producer,) = (one for ones in statistics.producers.values() for one in ones)
    assert 1 <= producer.key_frame_requests <= 3


async def test_five_thousand_sources_leave_eight(flow: Flow) -> None:
    """F5, R8."""
    for number in range(1000):
        flow.publisher.send_rtp(rtp(b"\x10x", payload_type=PAYLOAD_TYPE, ssrc=70_000 + number))
        if number % 50 == 0:
            await asyncio.sleep(0.005)
    await flow.run()
    assert flow.loss < 0.01
    assert (await flow.drops())["too_many_sources"] >= 900


async def test_another_certificate_gets_no_media(sfu: Sfu) -> None:
    """R2."""
    publisher = LoadClient()
    offer = publisher.description("sendonly")
    fingerprint = next(line for line in offer.split("\r\n") if line.startswith("a=fingerprint"))
    forged = offer.replace(fingerprint, "a=fingerprint:sha-256 " + ":".join(["AB"] * 32))
    session = await sfu.publish("room", "mallory", forged)
    await publisher.connect(session.answer)
    await asyncio.sleep(0.2)
    statistics = (await sfu.statistics())["sfu-0"]
    assert session.id not in statistics.transports
    await publisher.stop()


def credentials(answer: str) -> tuple[bytes, bytes]:
    lines = dict(line.partition(":")[::2] for line in answer.split("\r\n"))
    return lines["a=ice-ufrag"].encode(), lines["a=ice-pwd"].encode()
