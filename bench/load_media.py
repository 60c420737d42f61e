"""One publisher at an even pace, and how parts of a load run in processes of their own.

Each is forked when the handshakes are done, so that what a load client costs is nobody else's.
"""

import os
import secrets
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from bench.load_client import PAYLOAD_TYPE, LoadClient
from bench.load_description import SEQUENCE_ID

PAYLOAD_BYTES = 1088
BURST_PACKETS = 8
KEY_FRAME_EVERY_FRAMES = 100

Result = TypeVar("Result")

_header = struct.Struct("!BBHII")
_extension = struct.Struct("!HHBHx")
# S bit, then no extension of the descriptor; the last bit of the next byte says "inter frame".
_KEY_FRAME = b"\x10\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00"
_INTER_FRAME = b"\x10\x11"
_CONTINUED = b"\x00\x11"
_FILLING = secrets.token_bytes(PAYLOAD_BYTES)


def frame_packets(ssrc: int, frame: int, sequence: int, timestamp: int) -> Iterator[bytes]:
    """The RTP of one frame, beginning with this sequence number; every hundredth is a key frame."""
    key_frame = frame % KEY_FRAME_EVERY_FRAMES == 0
    for index in range(BURST_PACKETS):
        beginning = _CONTINUED
        if index == 0:
            beginning = _KEY_FRAME if key_frame else _INTER_FRAME
        marker = 0x80 if index == BURST_PACKETS - 1 else 0
        number = (sequence + index) & 0xFFFF
        head = _header.pack(0x90, marker | PAYLOAD_TYPE, number, timestamp, ssrc)
        head += _extension.pack(0xBEDE, 1, SEQUENCE_ID << 4 | 1, number)
        yield head + (beginning + _FILLING)[:PAYLOAD_BYTES]


class SentFrames(msgspec.Struct, frozen=True):
    """What was sent, and how long the slowest hundredth of the bursts took to leave us."""

    packets: int
    burst_p99_us: int


def send_frames(client: LoadClient, packets_per_second: int, duration_s: float) -> SentFrames:
    """Send bursts at an even pace; the RTP timestamp tells the microsecond of sending.

    That is of the clock that the kernel stamps arrivals with.
    """
    interval_s = BURST_PACKETS / packets_per_second
    began_s = time.monotonic()
    sent = 0
    bursts_us = []
    for frame in range(int(duration_s / interval_s)):
        time.sleep(max(0.0, began_s + frame * interval_s - time.monotonic()))
        now_us = time.time_ns() // 1000
        for packet in frame_packets(client.ssrc, frame, sent, now_us & 0xFFFF_FFFF):
            client.send_rtp(packet)
            sent += 1
        bursts_us.append(time.time_ns() // 1000 - now_us)
    return SentFrames(sent, sorted(bursts_us)[len(bursts_us) * 99 // 100])


def in_a_process(work: Callable[[], object]) -> Callable[[], bytes]:
    """Start it forked; the returned function waits for its result, as JSON."""
    reading, writing = os.pipe()
    process_id = os.fork()
    if process_id == 0:
        code = 1
        try:
            os.close(reading)
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(msgspec.json.encode(work()))
            code = 0
        finally:
            os._exit(code)
    os.close(writing)

    def result() -> bytes:
        with os.fdopen(reading, "rb") as pipe:
            data = pipe.read()
        os.waitpid(process_id, 0)
        return data

    return result


@contextmanager
def in_the_background(
    work: Callable[[int], object], kind: type[Result]
) -> Iterator[Callable[[], Result]]:
    """Run it forked as long as the block lasts; the function ends that and gives the result.

    The work is handed a descriptor, and has to return when that becomes readable.
    """
    stop_reading, stop_writing = os.pipe()
    result = in_a_process(lambda: work(stop_reading))
    ended: list[Result] = []

    def stop() -> Result:
        if not ended:
            os.write(stop_writing, b"x")
            ended.append(msgspec.json.decode(result(), type=kind))
            os.close(stop_reading)
            os.close(stop_writing)
        return ended[0]

    try:
        yield stop
    finally:
        stop()
