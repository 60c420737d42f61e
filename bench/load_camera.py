"""Cameras and microphones that cost nothing: RTP with the shape of the real thing.

Knows what VP8 and Opus look like on the wire, how large frames of a bitrate are, and what was
sent before (for whoever asks again).  It refuses to know sockets and servers; the clock is an
argument, and the number that goes through all packets of a transport is asked for.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench.load_description import (
    AUDIO_TYPE,
    LEVEL_ID,
    MID_ID,
    RESENT_TYPE,
    RID_ID,
    SEQUENCE_ID,
    VIDEO_TYPE,
    Section,
)
from sfu.rtcp import SenderReport
from sfu.rtp import encode_elements, pack_header, wrap_retransmission

PAYLOAD_BYTES = 1100
# A key frame is so many times larger than the frames after it.
KEY_FRAME_FACTOR = 4
REMEMBERED_PACKETS = 1024

_INTERVAL_AUDIO_S = 0.020
_AUDIO_BYTES = 80
_VIDEO_CLOCK_HZ, _AUDIO_CLOCK_HZ = 90_000, 48_000
_FILLING = secrets.token_bytes(2 * PAYLOAD_BYTES)
# Hybrid, 20 ms, one frame (RFC 6716, 3.1); -20 dBov with a voice in it (RFC 6464).
_OPUS_HEAD = b"\x78"
_LEVEL = bytes((0x80 | 20,))
_NTP_EPOCH_S = 2_208_988_800
_KEY_HEAD = b"\x10\x02\x00\x9d\x01\x2a"
_INTER_HEAD = b"\x11\x02\x00"

TakeNumber = Callable[[], int]


def new_ssrc() -> int:
    return secrets.randbits(31) | 1


@dataclass(frozen=True, slots=True)
class Shape:
    """What a camera makes."""

    bitrate_bps: int
    frame_rate: float = 30.0
    width: int = 640
    height: int = 480


class _Source:
    """One RTP stream: its numbers, its reports, its names."""

    clock_rate_hz: int
    interval_s: float

    def __init__(self, mid: str, rid: str, take_number: TakeNumber) -> None:
        self.ssrc = new_ssrc()
        self.packets = self.octets = 0
        self._names = [(MID_ID, mid.encode())]
        if rid:
            self._names.append((RID_ID, rid.encode()))
        self._take_number = take_number
        self._sequence = secrets.randbits(15)
        self._timestamp = 0

    def report(self, wall_clock_s: float) -> bytes:
        """A sender report; it fits the packets of this moment."""
        ntp = int((wall_clock_s + _NTP_EPOCH_S) * (1 << 32))
        return bytes(SenderReport(self.ssrc, ntp, self._timestamp, self.packets, self.octets))

    def _stamp(self, now: float) -> int:
        self._timestamp = int(now * self.clock_rate_hz) & 0xFFFF_FFFF
        return self._timestamp

    def _header(self, payload_type: int, marker: bool, ssrc: int, sequence: int, ts: int) -> bytes:
        number = SEQUENCE_ID, self._take_number().to_bytes(2, "big")
        elements = encode_elements([number, *self._names])
        return pack_header(marker, payload_type, sequence, ts, ssrc=ssrc, elements=elements)

    def _take_sequence(self) -> int:
        self._sequence = self._sequence + 1 & 0xFFFF
        return self._sequence


class Camera(_Source):
    """VP8 at a constant bitrate; `key_frame_wanted` makes the next frame a key frame."""

    clock_rate_hz = _VIDEO_CLOCK_HZ

    def __init__(self, mid: str, shape: Shape, take_number: TakeNumber, rid: str = "") -> None:
        super().__init__(mid, rid, take_number)
        self.resent_ssrc = new_ssrc()
        self.interval_s = 1 / shape.frame_rate
        self.key_frame_wanted = True
        self.frames = self.key_frames = self.resent = 0
        self._shape = shape
        self._resent_sequence = secrets.randbits(15)
        self._history: dict[int, tuple[bool, int, bytes]] = {}

    def section(self, mid: str) -> Section:
        return Section("video", "sendonly", mid, self.ssrc, self.resent_ssrc)

    def packets_at(self, now: float) -> list[bytes]:
        """The next frame."""
        key_frame, self.key_frame_wanted = self.key_frame_wanted, False
        self.frames += 1
        self.key_frames += key_frame
        timestamp = self._stamp(now)
        bodies = self._bodies(key_frame)
        packets = []
        for index, body in enumerate(bodies):
            marker = index == len(bodies) - 1
            sequence = self._take_sequence()
            self._remember(sequence, marker, timestamp, body)
            head = self._header(VIDEO_TYPE, marker, self.ssrc, sequence, timestamp)
            packets.append(head + body)
        self.packets += len(packets)
        self.octets += sum(map(len, bodies))
        return packets

    def resend(self, lost: Iterable[int]) -> list[bytes]:
        """Retransmissions of what is remembered (RFC 4588)."""
        packets = []
        for number in lost:
            if number in self._history:
                marker, timestamp, body = self._history[number]
                self._resent_sequence = self._resent_sequence + 1 & 0xFFFF
                numbers = self.resent_ssrc, self._resent_sequence, timestamp
                head = self._header(RESENT_TYPE, marker, *numbers)
                packets.append(head + wrap_retransmission(number, body))
        self.resent += len(packets)
        return packets

    def _bodies(self, key_frame: bool) -> list[bytes]:
        """The payloads of a frame: a descriptor with a picture id of 15 bits, then the data."""
        size = int(self._shape.bitrate_bps * self.interval_s / 8)
        head = _INTER_HEAD
        if key_frame:
            size *= KEY_FRAME_FACTOR
            dimensions = self._shape.width, self._shape.height
            head = _KEY_HEAD + b"".join(one.to_bytes(2, "little") for one in dimensions)
        count = -(-size // PAYLOAD_BYTES)
        picture = (0x8000 | self.frames & 0x7FFF).to_bytes(2, "big")
        bodies = []
        for index in range(count):
            beginning = bytes((0x80 if index else 0x90, 0x80)) + picture + (b"" if index else head)
            bodies.append((beginning + _FILLING)[: max(size // count, len(beginning) + 1)])
        return bodies

    def _remember(self, sequence: int, marker: bool, timestamp: int, body: bytes) -> None:
        self._history[sequence] = marker, timestamp, body
        if len(self._history) > REMEMBERED_PACKETS:
            del self._history[next(iter(self._history))]


class Microphone(_Source):
    """Opus, fifty packets a second, 32 kb/s."""

    clock_rate_hz = _AUDIO_CLOCK_HZ
    interval_s = _INTERVAL_AUDIO_S

    def __init__(self, mid: str, take_number: TakeNumber) -> None:
        super().__init__(mid, "", take_number)
        self._names.append((LEVEL_ID, _LEVEL))

    def section(self, mid: str) -> Section:
        return Section("audio", "sendonly", mid, self.ssrc)

    def packets_at(self, now: float) -> list[bytes]:
        head = self._header(AUDIO_TYPE, False, self.ssrc, self._take_sequence(), self._stamp(now))
        self.packets += 1
        self.octets += _AUDIO_BYTES
        return [head + _OPUS_HEAD + _FILLING[: _AUDIO_BYTES - 1]]
