"""Packets to a viewer are numbered across tracks at the moment they leave."""

import asyncio

from bench.load_client import LoadClient
from bench.load_description import SEQUENCE_ID
from bench.load_media import frame_packets
from sfu import Sfu
from sfu.rtp import is_rtcp
from tests.interop.test_engine import join


def numbers(packets: list[bytes]) -> list[int]:
    """Transport-wide numbers; header extensions are authenticated, not encrypted."""
    found = []
    for data in packets:
        assert data[0] & 0x10, "no header extension"
        assert data[12:14] == b"\xbe\xde"
        assert data[16] == SEQUENCE_ID << 4 | 1
        found.append(int.from_bytes(data[17:19], "big"))
    return found


async def received(viewer: LoadClient, count: int) -> list[bytes]:
    packets: list[bytes] = []
    async with asyncio.timeout(5.0):
        while len(packets) < count:
            packets += [one for one in viewer.waiting() if one[0] >> 6 == 2 and not is_rtcp(one)]
            await asyncio.sleep(0.02)
    return packets


async def test_every_packet_has_the_next_number_of_its_viewer(sfu: Sfu) -> None:
    publisher, _ = await join(sfu)
    viewers = [LoadClient() for _ in range(2)]
    for viewer in viewers:
        session = await sfu.subscribe("room", "bob", viewer.description("recvonly"))
        await viewer.connect(session.answer)
        await asyncio.sleep(0.1)
    for frame in range(4):
        for packet in frame_packets(publisher.ssrc, frame, frame * 8, frame * 3000):
            publisher.send_rtp(packet)
        await asyncio.sleep(0.05)
    for viewer in viewers:
        got = numbers(await received(viewer, 32))
        assert got == list(range(len(got)))
        await viewer.stop()
    await publisher.stop()
