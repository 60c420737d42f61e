"""A viewer that decrypts, asks again for what is lost and knows when a picture is whole.

It decodes nothing.  What it does to its network is what a browser does: NACK, PLI when it gives
up, receiver reports, transport-wide feedback, checks.  It refuses to know servers; time comes from
the monotonic clock of the machine, so that other processes can compare.
"""

import re
import select
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress

import msgspec
import pylibsrtp

from bench.load_camera import new_ssrc
from bench.load_client import LoadClient
from bench.load_description import AUDIO_TYPE, RESENT_TYPE, SEQUENCE_ID, VIDEO_TYPE
from bench.load_media import in_the_background
from sfu.codecs.vp8 import Vp8, parse_vp8
from sfu.errors import RemoteError
from sfu.reception import ArrivalRecorder, LossTracker, ReceptionStatistics
from sfu.rtcp import (
    Nack,
    PictureLoss,
    ReceiverReport,
    SenderReport,
    parse_rtcp,
)
from sfu.rtp import (
    RtpPacket,
    is_rtcp,
    parse_rtp,
    read_transport_sequence,
    unwrap_retransmission,
)

POLL_INTERVAL_S = 0.010
REPORT_INTERVAL_S = 1.0
CHECK_INTERVAL_S = 2.0
# As browsers do: one request, then patience.
KEY_FRAME_REQUEST_INTERVAL_S = 0.3
# Before a report tells the round trip; the lines of these benches take 40 to 80 ms.
ASSUMED_ROUND_TRIP_S = 0.1

_FID = re.compile(r"a=ssrc-group:FID (\d+) (\d+)")


class Picture(msgspec.Struct, frozen=True):
    """A frame that could be decoded: when it was whole, and what its last key frame said."""

    at_s: float
    height: int
    key_frame: bool


class Seen(msgspec.Struct, frozen=True):
    """What one viewer saw; audio is (arrival, sequence number without wraps)."""

    pictures: list[Picture]
    audio: list[tuple[float, int]]
    packets: int
    repeated: int
    nacked: int
    key_frame_requests: int


class _Playback:
    """Packets of a video in order; tells of each frame that is whole and can be decoded."""

    def __init__(self) -> None:
        self.pictures: list[Picture] = []
        self._waiting: dict[int, tuple[RtpPacket, Vp8 | None]] = {}
        self._next: int | None = None
        self._in_key_frame = False
        self._height = 0

    def receive(self, extended: int, packet: RtpPacket, now: float) -> bool:
        """Take a packet; whether a frame became whole."""
        described = parse_vp8(packet.payload) if packet.payload else None
        if self._next is not None and extended < self._next:
            return False
        self._waiting[extended] = packet, described
        before = len(self.pictures)
        if self._next is None or self._next not in self._waiting:
            self._jump()
        while self._next in self._waiting:
            self._take(*self._waiting.pop(self._next), now)
            self._next += 1
        return len(self.pictures) > before

    def _jump(self) -> None:
        """Go on at a key frame that is whole, where there is one: nothing before it is needed."""
        for number in sorted(self._waiting):
            described = self._waiting[number][1]
            if described and described.key_frame and self._is_whole(number):
                self._waiting = {key: one for key, one in self._waiting.items() if key >= number}
                self._next = number
                return

    def _is_whole(self, number: int) -> bool:
        while number in self._waiting:
            if self._waiting[number][0].marker:
                return True
            number += 1
        return False

    def _take(self, packet: RtpPacket, described: Vp8 | None, now: float) -> None:
        if described is None:
            return
        if described.starts_frame:
            self._in_key_frame = described.key_frame
            self._height = described.height or self._height
        if packet.marker:
            self.pictures.append(Picture(now, self._height, self._in_key_frame))


class _Stream:
    """One incoming source."""

    def __init__(self, is_audio: bool) -> None:
        self.is_audio = is_audio
        self.losses = LossTracker()
        self.statistics = ReceptionStatistics(48_000 if is_audio else 90_000)
        self.playback = _Playback()


class LoadViewer:
    """One watching connection."""

    def __init__(self, client: LoadClient, *, gives_feedback: bool = True) -> None:
        self.client = client
        self.gives_feedback = gives_feedback
        self.audio: list[tuple[float, int]] = []
        self.packets = self.repeated = self.nacked = self.key_frame_requests = 0
        self._ssrc = new_ssrc()
        self._streams: dict[int, _Stream] = {}
        self._recorder = ArrivalRecorder(self._ssrc)
        self._main_of = {
            int(resent): int(main) for main, resent in _FID.findall(self.client.remote)
        }
        self._reported_s = self._checked_s = self._asked_s = 0.0

    @property
    def pictures(self) -> list[Picture]:
        return [one for stream in self._streams.values() for one in stream.playback.pictures]

    def seen(self) -> Seen:
        return Seen(
            self.pictures,
            self.audio,
            self.packets,
            self.repeated,
            self.nacked,
            self.key_frame_requests,
        )

    def receive_waiting(self) -> bool:
        """Read all that has come; whether it completed a frame."""
        early, self.client.early = self.client.early, []
        whole = False
        for data in (*early, *self.client.waiting()):
            now = time.monotonic()
            with suppress(RemoteError):
                whole |= self._receive(data, now)
        return whole

    def poll(self) -> None:
        """Send what is due; call this every 10 ms."""
        now = time.monotonic()
        due = [self._repair(ssrc, stream, now) for ssrc, stream in self._streams.items()]
        if self.gives_feedback:
            due += map(bytes, self._recorder.poll(now))
        if now - self._reported_s >= REPORT_INTERVAL_S and self._streams:
            self._reported_s = now
            due.append(bytes(self._report(now)))
        with suppress(BlockingIOError, ConnectionRefusedError):
            for compound in filter(None, due):
                self.client.send_rtcp(compound)
            if now - self._checked_s >= CHECK_INTERVAL_S:
                self._checked_s = now
                self.client.send_check()

    def _receive(self, data: bytes, now: float) -> bool:
        if len(data) < 12 or data[0] >> 6 != 2:
            if data and data[0] < 4:
                self.client.answer_check(data)
            return False
        try:
            if is_rtcp(data):
                self._receive_rtcp(self.client.receive_rtcp(data), now)
                return False
            packet = parse_rtp(self.client.receive_rtp(data))
        except pylibsrtp.Error:
            # Mostly a packet that came twice.
            self.repeated += 1
            return False
        self.packets += 1
        number = packet.extensions.get(SEQUENCE_ID)
        if number is not None:
            self._recorder.receive(read_transport_sequence(number), now)
        return self._receive_media(packet, len(data), now)

    def _receive_media(self, packet: RtpPacket, size: int, now: float) -> bool:
        if packet.payload_type == RESENT_TYPE:
            return self._receive_resent(packet, now)
        is_audio = packet.payload_type == AUDIO_TYPE
        stream = self._streams.get(packet.ssrc)
        if stream is None:
            stream = self._streams[packet.ssrc] = _Stream(is_audio)
            # The server is trusted to begin with a key frame, for so long.
            self._asked_s = now
        extended = stream.losses.receive(packet.sequence_number, now)
        stream.statistics.receive(packet.timestamp, size, now)
        if extended is None:
            self.repeated += 1
            return False
        if is_audio:
            self.audio.append((now, extended))
            return False
        return self._play(stream, extended, packet, now)

    def _receive_resent(self, packet: RtpPacket, now: float) -> bool:
        main = self._main_of.get(packet.ssrc)
        stream = self._streams.get(main) if main is not None else None
        if stream is None or main is None:
            return False
        original = unwrap_retransmission(packet, VIDEO_TYPE, main)
        if original is None:
            return False
        extended = stream.losses.recover(original.sequence_number, now)
        return extended is not None and self._play(stream, extended, original, now)

    def _play(self, stream: _Stream, extended: int, packet: RtpPacket, now: float) -> bool:
        before = len(stream.playback.pictures)
        whole = stream.playback.receive(extended, packet, now)
        if whole and any(one.key_frame for one in stream.playback.pictures[before:]):
            stream.losses.forget_before(extended)
        return whole

    def _receive_rtcp(self, data: bytes, now: float) -> None:
        for packet in parse_rtcp(data):
            if isinstance(packet, SenderReport) and packet.ssrc in self._streams:
                self._streams[packet.ssrc].statistics.receive_sender_report(packet.ntp_time, now)

    def _repair(self, ssrc: int, stream: _Stream, now: float) -> bytes:
        """What to ask for now; behind a report, without which Janus heeds no request."""
        if stream.is_audio:
            return b""
        asked: list[Nack | PictureLoss] = []
        repair = stream.losses.poll(now, ASSUMED_ROUND_TRIP_S)
        if repair.lost:
            self.nacked += len(repair.lost)
            asked.append(Nack(self._ssrc, ssrc, repair.lost))
        blind = not stream.playback.pictures
        if (repair.key_frame_needed or blind) and self._may_ask(now):
            self.key_frame_requests += 1
            asked.append(PictureLoss(self._ssrc, ssrc))
        if not asked:
            return b""
        report = ReceiverReport(self._ssrc, (stream.statistics.report(ssrc, stream.losses, now),))
        return b"".join(map(bytes, (report, *asked)))

    def _may_ask(self, now: float) -> bool:
        if now - self._asked_s < KEY_FRAME_REQUEST_INTERVAL_S:
            return False
        self._asked_s = now
        return True

    def _report(self, now: float) -> ReceiverReport:
        blocks = [
            stream.statistics.report(ssrc, stream.losses, now)
            for ssrc, stream in self._streams.items()
        ]
        return ReceiverReport(self._ssrc, tuple(blocks[:31]))


def watch_media(viewers: Sequence[LoadViewer], stop: int) -> list[Seen]:
    """Watch until the descriptor `stop` becomes readable."""
    poller = select.epoll()
    poller.register(stop, select.EPOLLIN)
    by_number = {one.client.socket.fileno(): one for one in viewers}
    for number in by_number:
        poller.register(number, select.EPOLLIN)
    due_s = time.monotonic()
    while True:
        ready = poller.poll(max(0.0, due_s - time.monotonic()))
        if any(number == stop for number, _ in ready):
            return [viewer.seen() for viewer in viewers]
        for number, _ in ready:
            by_number[number].receive_waiting()
        if time.monotonic() >= due_s:
            due_s = time.monotonic() + POLL_INTERVAL_S
            for viewer in viewers:
                viewer.poll()


def watching(viewers: Sequence[LoadViewer]) -> AbstractContextManager[Callable[[], list[Seen]]]:
    """They watch as long as the block lasts; the function ends that, and tells what they saw."""
    return in_the_background(lambda stop: watch_media(viewers, stop), list[Seen])
