"""What load clients do once they are connected: one sends frames, the others count.

Each part runs in a process of its own, forked when the handshakes are done, so that what a load
client costs is nobody else's.
"""

import os
import secrets
import select
import struct
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from bench.load_client import PAYLOAD_TYPE, SEQUENCE_ID, LoadClient

PAYLOAD_BYTES = 1088
BURST_PACKETS = 8
KEY_FRAME_EVERY_FRAMES = 100
_RTCP_TYPES = range(192, 224)

_header = struct.Struct("!BBHII")
_extension = struct.Struct("!HHBHx")
# S bit, then no extension of the descriptor; the last bit of the next byte says "inter frame".
_KEY_FRAME = b"\x10\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00"
_INTER_FRAME = b"\x10\x11"
_CONTINUED = b"\x00\x11"
_FILLING = secrets.token_bytes(PAYLOAD_BYTES)


class Counted(msgspec.Struct, frozen=True):
    """What viewers saw; delays are beyond the quickest packet of each viewer."""

    packets: int
    bytes: int
    delays_us: list[int]


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


def send_frames(client: LoadClient, packets_per_second: int, duration_s: float) -> int:
    """Send bursts at an even pace; the RTP timestamp tells the microsecond of sending."""
    interval_s = BURST_PACKETS / packets_per_second
    began_s = time.monotonic()
    sent = 0
    for frame in range(int(duration_s / interval_s)):
        time.sleep(max(0.0, began_s + frame * interval_s - time.monotonic()))
        now_us = int(time.monotonic() * 1_000_000) & 0xFFFF_FFFF
        for packet in frame_packets(client.ssrc, frame, sent, now_us):
            client.send_rtp(packet)
            sent += 1
    return sent


def count_packets(clients: Sequence[LoadClient], duration_s: float) -> Counted:
    """Read and count until the time is over."""
    poller = select.epoll()
    readers = {}
    for client in clients:
        poller.register(client.socket.fileno(), select.EPOLLIN)
        readers[client.socket.fileno()] = client.socket.recv
    packets = size = 0
    delays: dict[int, list[int]] = {number: [] for number in readers}
    end_s = time.monotonic() + duration_s
    while time.monotonic() < end_s:
        for number, _ in poller.poll(0.1):
            try:
                while True:
                    data = readers[number](2048)
                    if len(data) < 20 or data[0] < 128 or data[1] in _RTCP_TYPES:
                        continue
                    packets += 1
                    size += len(data)
                    sent_us = int.from_bytes(data[4:8], "big")
                    now_us = int(time.monotonic() * 1_000_000)
                    delays[number].append((now_us - sent_us) & 0xFFFF_FFFF)
            except BlockingIOError:
                continue
    return Counted(packets, size, [one for group in delays.values() for one in _beyond(group)])


def _beyond(delays: list[int]) -> list[int]:
    # The server moved each viewer's timestamps by a number of its own.
    return [one - min(delays) for one in delays] if delays else []


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
