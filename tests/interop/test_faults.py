"""Faults from outside and inside against a running process, as both ends of a call see them."""

import asyncio
import os
import secrets
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from itertools import pairwise
from struct import pack
from typing import NamedTuple

import pytest

from bench.load_client import PAYLOAD_TYPE, LoadClient
from bench.load_description import MID_ID
from bench.load_media import frame_packets
from sfu import BadSdp, Full, NothingToWatch, NoWorker, Ready, SessionLost, Sfu, SfuConfig
from sfu.producer import MAX_PUBLISHER_BPS
from sfu.rtcp import FullIntraRequest, PictureLoss, parse_rtcp
from sfu.rtp import RtpPacket, is_rtcp, parse_rtp
from signaling.supervisor import ChildSpec, Supervisor
from tests.builders import binding_request, rtcp, rtp, vp8, vp8_key_frame
from tests.interop.conftest import LOOPBACK
from tests.interop.test_hostile_datagrams import (
    Flow,
    credentials,
    flood,
    publisher_and_viewer,
    stranger,
)

FRAME_INTERVAL_S = 0.020


@pytest.fixture
async def flow(sfu: Sfu) -> AsyncIterator[Flow]:
    """The call that something is done to."""
    async with publisher_and_viewer(sfu) as opened:
        yield opened


@pytest.fixture
async def other(sfu: Sfu) -> AsyncIterator[Flow]:
    """Another call of the same process, to which nothing may happen."""
    async with publisher_and_viewer(sfu, "other") as opened:
        yield opened


def decrypted(client: LoadClient) -> Iterator[bytes]:
    """RTP and RTCP that a client was sent and nobody read."""
    session = client.dtls._rx_srtp
    for data in client.waiting():
        if data[0] >> 6 == 2:
            yield session.unprotect_rtcp(data) if is_rtcp(data) else session.unprotect(data)


# --- negotiation ---


def candidates(count: int, host: str, port: int) -> str:
    return "".join(
        f"a=candidate:{i} 1 udp {2130706431 - i} {host} {port} typ host\r\n" for i in range(count)
    )


@pytest.mark.parametrize(
    "host", ["5a3c0d9e-0000-4000-8000-000000000000.local", "127.0.0.1", "::ffff:10.0.0.1"]
)
async def test_a_flood_of_candidates_is_refused(host: str, sfu: Sfu) -> None:
    """I5, I6."""
    client = LoadClient()
    with pytest.raises(BadSdp, match="candidates"):
        await sfu.publish("room", "ada", client.description("sendonly") + candidates(500, host, 9))
    assert (await sfu.statistics())["sfu-0"].transports == {}
    await client.stop()


async def test_nothing_is_ever_sent_to_whom_an_offer_names(sfu: Sfu) -> None:
    """I5, I9: candidates that name a victim, and addresses that a server should not touch."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as victim:
        victim.setblocking(False)
        victim.bind(("127.0.0.1", 0))
        port = victim.getsockname()[1]
        client = LoadClient()
        named = candidates(15, "127.0.0.1", port) + candidates(1, "name.local", port)
        session = await sfu.publish("room", "ada", client.description("sendonly") + named)
        await client.connect(session.answer)
        await asyncio.sleep(1.2)
        with pytest.raises(BlockingIOError):
            victim.recv(2048)
        await client.stop()


def bombs(client: LoadClient) -> dict[str, str]:
    """Offers that would take long to read."""
    good = client.description("sendonly")
    section = good[good.index("m=") :]
    return {
        "125 kB of attributes": good + "a=fmtp:96 x=1\r\n" * 9000,
        "one endless line": good + "a=fmtp:96 " + "x;" * 32_000,
        "a thousand sections": good + section * 100,
        "sixty sections of one mid": good + section * 60,
        "ten thousand formats": good.replace("96 97", " ".join(["96"] * 10_000), 1),
        "sources": good + "".join(f"a=ssrc:{i} cname:x\r\n" for i in range(3000)),
        "a group of nothing": good + "a=ssrc-group:\r\n",
        "source groups": good + "a=ssrc-group:FID 1 2\r\n" * 3000,
        "extensions": good + "".join(f"a=extmap:{i} urn:x:{i}\r\n" for i in range(2500)),
        "feedback": good + "a=rtcp-fb:* nack\r\n" * 3400 + "m=video 9 X 1\r\n" * 70,
        "bundle of everything": good.replace("BUNDLE 0", "BUNDLE " + "0 " * 30_000 + "x"),
        "fingerprints": good + "a=fingerprint:sha-256 " + "AB:" * 20_000 + "\r\n",
        "surrogates": good + "a=x\ud800" * 100,
        "not text": "\x00" * 60_000,
    }


async def test_offers_that_take_long_to_read_hold_nobody_up(sfu: Sfu, flow: Flow) -> None:
    """S1: each is refused, or taken for what it is worth, while media flows past it."""
    client = LoadClient()
    kinds: Counter[str] = Counter()

    async def send_bombs() -> None:
        for name, offer in bombs(client).items():
            for _ in range(5):
                try:
                    session = await sfu.publish("bombs", "mallory", offer)
                    await sfu.close(session.id)
                    kinds[f"{name}: taken"] += 1
                except (BadSdp, UnicodeEncodeError):
                    kinds[f"{name}: refused"] += 1

    sending = asyncio.create_task(send_bombs())
    await flow.run()
    await asyncio.wait_for(sending, 30.0)
    assert flow.loss < 0.01
    assert sum(kinds.values()) == 5 * len(bombs(client))
    assert kinds["125 kB of attributes: refused"] == kinds["a thousand sections: refused"] == 5
    await client.stop()


# --- connectivity ---


async def test_a_role_conflict_settles(sfu: Sfu) -> None:
    """I7: whatever the tie-breaker, whoever insists is told 487, and whoever gives way gets in."""
    async with publisher_and_viewer(sfu) as flow:
        ufrag, password = credentials(flow.answer)
        user = ufrag + b":peer"
        with stranger(sfu) as insistent:
            for tie_breaker in (bytes(8), b"\xff" * 8, secrets.token_bytes(8)) * 20:
                check = binding_request(
                    user, password, controlling=None, controlled=tie_breaker, nominate=True
                )
                assert await answer_to(insistent, check) == (b"\x01\x11", 487)
            # A conflict nominates nobody: media goes where it went.
            await flow.run()
            assert flow.loss < 0.01
            assert await answer_to(insistent, binding_request(user, password)) == (b"\x01\x01", 0)


async def answer_to(client: socket.socket, request: bytes) -> tuple[bytes, int]:
    """Type and error code of what comes back."""
    client.send(request)
    loop = asyncio.get_running_loop()
    answer = await asyncio.wait_for(loop.sock_recv(client, 2048), 5.0)
    position = answer.find(b"\x00\x09\x00")
    code = answer[position + 6] * 100 + answer[position + 7] if position > 0 else 0
    return answer[:2], code


class NarrowClient(LoadClient):
    """Behind a path that carries no datagram longer than this while hands are shaken."""

    MAX_BYTES = 1200 - 28

    def __init__(self) -> None:
        super().__init__()
        self.lengths: list[int] = []

    async def _recv(self) -> bytes:
        while True:
            data = await super()._recv()
            self.lengths.append(len(data))
            if len(data) <= self.MAX_BYTES:
                return data

    async def _send(self, data: bytes) -> None:
        if len(data) <= self.MAX_BYTES:
            await super()._send(data)


async def test_hands_are_shaken_over_a_path_of_1200_bytes(sfu: Sfu) -> None:
    """N7."""
    client = NarrowClient()
    session = await sfu.publish("room", "ada", client.description("sendonly"))
    await client.connect(session.answer)
    assert client.lengths
    assert max(client.lengths) <= client.MAX_BYTES
    await client.stop()


# --- what an authenticated peer sends ---

PEER_SENDS: dict[str, Callable[[], bytes]] = {
    "R3 short and long": lambda: secrets.choice(
        (b"\x80", b"\x80" * 12, b"\x80\xc8\x00\x00", b"\x80" + bytes(8999))
    ),
    "R3 random media": lambda: b"\x80" + secrets.token_bytes(900),
    "R3 random reports": lambda: b"\x80\xc9" + secrets.token_bytes(60),
    "R3 random handshakes": lambda: bytes((20 + secrets.randbelow(44),)) + secrets.token_bytes(99),
    "R3 a foreign alert": lambda: b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28",
    "R3 random anything": lambda: secrets.token_bytes(1 + secrets.randbelow(1600)),
}


@pytest.mark.parametrize("name", PEER_SENDS)
async def test_noise_from_a_known_address_costs_no_packet(
    name: str, flow: Flow, other: Flow
) -> None:
    make = PEER_SENDS[name]
    noise = [make() for _ in range(50)]
    flooding = asyncio.gather(
        flood(flow.publisher.socket.send, noise, 60), flood(flow.viewer.socket.send, noise, 60)
    )
    await asyncio.gather(flow.run(), other.run())
    await flooding
    assert (flow.loss < 0.01, other.loss < 0.01) == (True, True)
    # Reasons are ours, however many kinds of noise there are; what looks like DTLS is dropped
    # by its library, which does not count.
    drops = await flow.drops()
    assert len(drops) < 30
    assert sum(drops.values()) >= 3000 or "handshakes" in name or "alert" in name
    statistics = (await flow.sfu.statistics())["sfu-0"]
    assert {one.state for one in statistics.transports.values()} == {"connected"}


async def test_a_hail_of_nacks_takes_no_more_than_twice_the_media_on_the_wire(
    flow: Flow, other: Flow
) -> None:
    """R6, as the viewer counts it."""
    consumer = await flow.consumer()
    pairs = b"".join(pack("!HH", number, 0xFFFF) for number in range(0, 0x10000, 17))
    hail = [
        rtcp(205, 1, pack("!II", 1, consumer.ssrc) + pairs[start : start + 1200])
        for start in range(0, len(pairs), 1200)
    ]
    # At once: what is older than a second or two is not sent again.
    await flow.run()
    media_bytes = flow.received * 1100
    hailing = asyncio.create_task(flood(flow.viewer.send_rtcp, hail, 30))
    await other.run()
    await hailing
    await asyncio.sleep(0.2)
    resent_bytes = sum(len(data) for data in flow.viewer.waiting() if not is_rtcp(data))
    assert 0 < resent_bytes <= 2.2 * media_bytes
    assert other.loss < 0.01


@pytest.mark.parametrize("kind", ["PLI", "FIR"])
async def test_a_viewer_who_asks_for_key_frames_all_the_time_gets_one_a_second(
    kind: str, flow: Flow
) -> None:
    """R7, as the publisher hears it."""
    await flow.run()
    ssrc = (await flow.consumer()).ssrc
    loop = asyncio.get_running_loop()
    began_s, asked = loop.time(), 0
    list(flow.publisher.waiting())
    for number in range(300):
        request = rtcp(206, 1, pack("!II", 1, ssrc))
        if kind == "FIR":
            request = rtcp(206, 4, pack("!IIIB3x", 1, 0, ssrc, number & 0xFF))
        for _ in range(5):
            flow.viewer.send_rtcp(request)
        # An encoder that never answers.
        flow.publisher.send_rtp(inter_frame(flow, number))
        await asyncio.sleep(0.008)
        asked += sum(requests_in(data) for data in decrypted(flow.publisher))
    assert 1 <= asked <= loop.time() - began_s + 1


def inter_frame(flow: Flow, number: int) -> bytes:
    return rtp(
        vp8(b"\x01inter"),
        payload_type=PAYLOAD_TYPE,
        sequence_number=flow.sent + number,
        timestamp=3000 * number,
        ssrc=flow.publisher.ssrc,
        marker=True,
    )


def requests_in(data: bytes) -> int:
    if not is_rtcp(data):
        return 0
    return sum(isinstance(one, PictureLoss | FullIntraRequest) for one in parse_rtcp(data))


# --- numbers ---


class Leap(NamedTuple):
    """Where the publisher's numbers begin, and what they do in the middle."""

    sequence: int = 1000
    timestamp: int = 0
    sequence_step: int = 0
    timestamp_step: int = 0
    new_source: bool = False


# Under one source SRTP itself drops a number that was there before, so a publisher that goes back
# is heard again where it left off; who begins anew does so under another source.
LEAPS = {
    "sequence passes 65535": Leap(sequence=65_400),
    "32767 ahead": Leap(sequence_step=32_767),
    "3001 ahead": Leap(sequence_step=3_001),
    "99 back": Leap(sequence_step=-99),
    "101 back": Leap(sequence_step=-101),
    "timestamp passes its end": Leap(timestamp=0xFFFF_FFFF - 70_000),
    "timestamp leaps an hour": Leap(timestamp_step=324_000_000),
    "sequence begins anew": Leap(sequence=50_000, sequence_step=-45_000),
    "another source, 99 back": Leap(sequence_step=-99, new_source=True),
    "another source, 30000 back": Leap(40_000, sequence_step=-30_000, new_source=True),
    "another source, all anew": Leap(9, 4_000_000_000, 60_000, -3_900_000_000, True),
}
FRAMES_BEFORE, FRAMES_AFTER, PACKETS_PER_FRAME = 40, 70, 8


@pytest.mark.parametrize("name", LEAPS)
async def test_whatever_the_publishers_numbers_do_the_viewers_go_on(name: str, flow: Flow) -> None:
    """R9: nothing missing, nothing twice, nothing backwards, and no picture stands for a second.

    What is dropped as doubtful is the publisher's loss, and no gap.
    """
    received: list[RtpPacket] = []
    for frame in range(FRAMES_BEFORE + FRAMES_AFTER):
        for packet in leaping(LEAPS[name], frame, flow.publisher.ssrc):
            flow.publisher.send_rtp(packet)
        await asyncio.sleep(FRAME_INTERVAL_S)
        received += media_of(flow.viewer)
    await asyncio.sleep(0.3)
    received += media_of(flow.viewer)

    counts = [int.from_bytes(packet.payload[-4:], "big") for packet in received if packet.payload]
    assert counts == sorted(set(counts))
    assert counts[0] == 0
    assert counts[-1] == (FRAMES_BEFORE + FRAMES_AFTER) * PACKETS_PER_FRAME - 1
    missing = max(later - sooner for sooner, later in pairwise(counts))
    assert missing / PACKETS_PER_FRAME * FRAME_INTERVAL_S < 1.0
    steps = [b.sequence_number - a.sequence_number & 0xFFFF for a, b in pairwise(received)]
    assert set(steps) == {1}
    times = [b.timestamp - a.timestamp & 0xFFFF_FFFF for a, b in pairwise(received)]
    assert max(times) < 1 << 31, "a timestamp went back"


def leaping(leap: Leap, frame: int, ssrc: int) -> Iterator[bytes]:
    """The packets of a frame, each tenth a key frame; each packet carries its count."""
    after = frame >= FRAMES_BEFORE
    timestamp = leap.timestamp + 1800 * frame + leap.timestamp_step * after
    for index in range(PACKETS_PER_FRAME):
        count = frame * PACKETS_PER_FRAME + index
        body = vp8_key_frame(320, 240) if frame % 10 == 0 else b"\x01inter"
        yield rtp(
            vp8(body + count.to_bytes(4, "big"), start=index == 0),
            payload_type=PAYLOAD_TYPE,
            sequence_number=leap.sequence + count + leap.sequence_step * after,
            timestamp=timestamp & 0xFFFF_FFFF,
            ssrc=ssrc + (after and leap.new_source),
            marker=index == PACKETS_PER_FRAME - 1,
            block=(0xBEDE, bytes((MID_ID << 4,)) + b"0"),
        )


def media_of(viewer: LoadClient) -> list[RtpPacket]:
    packets = [parse_rtp(data) for data in decrypted(viewer) if not is_rtcp(data)]
    return [packet for packet in packets if packet.payload_type == PAYLOAD_TYPE]


# --- capacity ---


async def test_who_sends_more_than_any_camera_pays_for_it_alone(flow: Flow, other: Flow) -> None:
    """R11: 50 Mbit/s from a known publisher."""
    loop = asyncio.get_running_loop()
    began_s, running = loop.time(), asyncio.create_task(other.run())
    offered_bytes = sent = 0
    while not running.done():
        due_bytes = 50_000_000 / 8 * (loop.time() - began_s)
        while offered_bytes < due_bytes:
            for packet in frame_packets(flow.publisher.ssrc, sent // 8, sent, 0):
                flow.publisher.send_rtp(packet)
                offered_bytes += len(packet)
                sent += 1
        await asyncio.sleep(0.005)
    elapsed_s = loop.time() - began_s
    await running
    assert other.loss < 0.01
    drops = await flow.drops()
    assert drops.get("over_rate", 0) > 0
    consumer = await flow.consumer()
    # The allowance, and the second of it that may come at once.
    assert consumer.bytes <= MAX_PUBLISHER_BPS / 8 * (elapsed_s + 1.5)


async def test_at_capacity_those_inside_go_on_and_a_place_that_is_free_is_given() -> None:
    """K1."""
    config = SfuConfig(bind_hosts=LOOPBACK, advertised_hosts=LOOPBACK, max_sessions=3)
    async with process(config) as sfu, publisher_and_viewer(sfu) as flow:
        waiting = LoadClient()
        offer = waiting.description("sendonly")
        taken = await sfu.publish("room", "eve", offer)
        running = asyncio.create_task(flow.run())
        for _ in range(50):
            with pytest.raises(Full):
                await sfu.publish("room", "mallory", offer)
            with pytest.raises(Full):
                await sfu.subscribe("room", "mallory", waiting.description("recvonly"))
        await running
        assert flow.loss < 0.01
        await sfu.close(taken.id)
        await sfu.publish("room", "eve", offer)
        await waiting.stop()


@asynccontextmanager
async def process(config: SfuConfig) -> AsyncIterator[Sfu]:
    async with Sfu(config) as sfu:
        children = [ChildSpec(**asdict(spec)) for spec in sfu.worker_specs()]
        async with Supervisor(children):
            await sfu.wait_ready(10.0)
            yield sfu


# --- the process dies ---


class Person:
    """Joins, and joins again whenever it is told that its session is lost; nobody clicks."""

    def __init__(self, sfu: Sfu, identity: str) -> None:
        self.sfu = sfu
        self.identity = identity
        self.sessions: list[str] = []
        self.packets: Counter[int] = Counter()
        """Sent or received, by how often the person had joined."""
        self.lost = asyncio.Event()

    async def live(self, act: Callable[[LoadClient], None], direction: str) -> None:
        while True:
            self.lost.clear()
            client = LoadClient()
            try:
                await self._join(client, direction)
                while not self.lost.is_set():
                    act(client)
                    await asyncio.sleep(FRAME_INTERVAL_S)
            except (NoWorker, NothingToWatch, TimeoutError, ConnectionError):
                await asyncio.sleep(0.05)
            finally:
                with suppress(ConnectionError):
                    await client.stop()

    async def _join(self, client: LoadClient, direction: str) -> None:
        join = self.sfu.publish if direction == "sendonly" else self.sfu.subscribe
        session = await join("room", self.identity, client.description(direction))
        await client.connect(session.answer)
        self.sessions.append(session.id)

    def send(self, client: LoadClient) -> None:
        """A frame of the camera, each tenth a key frame."""
        joined = len(self.sessions)
        number = self.packets[joined] // 8
        frame = number if number % 10 else 0
        with suppress(ConnectionError):
            for packet in frame_packets(client.ssrc, frame, number * 8, number * 1800):
                client.send_rtp(packet)
                self.packets[joined] += 1

    def receive(self, client: LoadClient) -> None:
        with suppress(ConnectionError):
            for data in client.waiting():
                if data[0] >> 6 == 2 and not is_rtcp(data):
                    self.packets[len(self.sessions)] += 1


class Household:
    """Ada sends, Bob watches, and both are told what a page would be told."""

    def __init__(self, sfu: Sfu) -> None:
        self.sfu = sfu
        self.ada, self.bob = Person(sfu, "ada"), Person(sfu, "bob")
        self.processes: list[int] = []

    async def live(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self.ada.live(self.ada.send, "sendonly"))
            group.create_task(self.bob.live(self.bob.receive, "recvonly"))

    async def _follow(self) -> None:
        async for event in self.sfu.events():
            if isinstance(event, Ready):
                self.processes.append(event.process_id)
            elif isinstance(event, SessionLost):
                for person in (self.ada, self.bob):
                    if event.session in person.sessions:
                        person.lost.set()


async def test_after_a_process_was_killed_both_ends_are_back_by_themselves(sfu: Sfu) -> None:
    """Twice; each time media flows again to a viewer who did nothing."""
    house = Household(sfu)
    living = asyncio.create_task(house.live())
    for life in (1, 2, 3):
        async with asyncio.timeout(20.0):
            while house.bob.packets[life] < 200:
                await asyncio.sleep(0.02)
                assert not living.done()
        if life < 3:
            os.kill(house.processes[-1], signal.SIGKILL)
    living.cancel()
    with suppress(asyncio.CancelledError):
        await living
    assert (len(house.ada.sessions), len(house.bob.sessions)) == (3, 3)
    assert len(set(house.processes)) == 3
