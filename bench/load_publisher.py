"""Publishers in a process of their own: cameras and microphones at their pace, and their answers.

A PLI or FIR makes the next frame a key frame and a NACK is answered by retransmission, as browsers
do.  It refuses to know servers: the connections are there already.
"""

import heapq
import select
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress

import msgspec
import pylibsrtp

from bench.load_camera import Camera, Microphone, Shape
from bench.load_client import LoadClient
from bench.load_description import Section
from bench.load_media import in_the_background
from sfu.errors import RemoteError
from sfu.rtcp import FullIntraRequest, Nack, PictureLoss, parse_rtcp
from sfu.rtp import is_rtcp

REPORT_INTERVAL_S = 1.0
VIDEO_MID, AUDIO_MID = "v", "a"


class Sent(msgspec.Struct, frozen=True):
    """What publishers did; requests are PLI and FIR."""

    video_packets: int = 0
    audio_packets: int = 0
    frames: int = 0
    key_frames: int = 0
    resent: int = 0
    requests: int = 0


class LoadPublisher:
    """One connection with a camera, or several of a simulcast, and mostly a microphone."""

    def __init__(self, shapes: Sequence[Shape], rids: Sequence[str] = (), audio: bool = True):
        self.client = LoadClient()
        self.requests = 0
        self._number = 0
        self._rids = tuple(rids)
        names = rids or [""]
        self.cameras = [
            Camera(VIDEO_MID, shape, self._take_number, rid)
            for shape, rid in zip(shapes, names, strict=True)
        ]
        self.microphones = [Microphone(AUDIO_MID, self._take_number)] if audio else []

    def sections(self) -> list[Section]:
        sections = [one.section(AUDIO_MID) for one in self.microphones]
        if self._rids:
            return [*sections, Section("video", "sendonly", VIDEO_MID, rids=self._rids)]
        return [*sections, *(one.section(VIDEO_MID) for one in self.cameras)]

    @property
    def sources(self) -> list[Camera | Microphone]:
        return [*self.cameras, *self.microphones]

    def send(self, packets: Sequence[bytes]) -> None:
        for packet in packets:
            # A full send buffer loses it, as a network would.
            with suppress(BlockingIOError, ConnectionRefusedError):
                self.client.send_rtp(packet)

    def receive(self) -> None:
        """Read and answer whatever has come."""
        for data in self.client.waiting():
            if data and data[0] < 4:
                self.client.answer_check(data)
            elif is_rtcp(data):
                with suppress(pylibsrtp.Error, RemoteError):
                    self._receive_rtcp(self.client.receive_rtcp(data))

    def report(self, wall_clock_s: float) -> None:
        with suppress(BlockingIOError, ConnectionRefusedError):
            self.client.send_check()
            for source in self.sources:
                self.client.send_rtcp(source.report(wall_clock_s))

    def _receive_rtcp(self, data: bytes) -> None:
        cameras = {camera.ssrc: camera for camera in self.cameras}
        for packet in parse_rtcp(data):
            if isinstance(packet, Nack) and packet.media_ssrc in cameras:
                self.send(cameras[packet.media_ssrc].resend(packet.lost))
            elif isinstance(packet, PictureLoss):
                self._want(cameras.get(packet.media_ssrc))
            elif isinstance(packet, FullIntraRequest):
                for ssrc, _ in packet.requests:
                    self._want(cameras.get(ssrc))

    def _want(self, camera: Camera | None) -> None:
        if camera is not None:
            self.requests += 1
            camera.key_frame_wanted = True

    def _take_number(self) -> int:
        self._number = self._number + 1 & 0xFFFF
        return self._number


def send_media(publishers: Sequence[LoadPublisher], stop: int) -> Sent:
    """Send until the descriptor `stop` becomes readable."""
    poller = select.epoll()
    poller.register(stop, select.EPOLLIN)
    receivers = {one.client.socket.fileno(): one.receive for one in publishers}
    for number in receivers:
        poller.register(number, select.EPOLLIN)
    due = _timetable(publishers, time.monotonic())
    while True:
        ready = poller.poll(max(0.0, due[0][0] - time.monotonic()))
        if any(number == stop for number, _ in ready):
            return _sum(publishers)
        for number, _ in ready:
            receivers[number]()
        while due[0][0] <= time.monotonic():
            at_s, order, interval_s, act = due[0]
            act(at_s)
            heapq.heapreplace(due, (at_s + interval_s, order, interval_s, act))


_Entry = tuple[float, int, float, Callable[[float], None]]


def _timetable(publishers: Sequence[LoadPublisher], now: float) -> list[_Entry]:
    """What is done when: sources spread over their interval, so that they do not beat together."""
    entries: list[_Entry] = []
    sources = [(one, source) for one in publishers for source in one.sources]
    for place, (publisher, source) in enumerate(sources):
        begins_s = now + source.interval_s * place / len(sources)

        def emit(
            at_s: float,
            publisher: LoadPublisher = publisher,
            source: Camera | Microphone = source,
        ) -> None:
            publisher.send(source.packets_at(at_s))

        entries.append((begins_s, len(entries), source.interval_s, emit))
    for publisher in publishers:

        def report(_: float, publisher: LoadPublisher = publisher) -> None:
            publisher.report(time.time())

        entries.append((now + 0.1, len(entries), REPORT_INTERVAL_S, report))
    heapq.heapify(entries)
    return entries


def _sum(publishers: Sequence[LoadPublisher]) -> Sent:
    cameras = [camera for one in publishers for camera in one.cameras]
    return Sent(
        sum(one.packets for one in cameras),
        sum(one.packets for each in publishers for one in each.microphones),
        sum(one.frames for one in cameras),
        sum(one.key_frames for one in cameras),
        sum(one.resent for one in cameras),
        sum(one.requests for one in publishers),
    )


def sending(publishers: Sequence[LoadPublisher]) -> AbstractContextManager[Callable[[], Sent]]:
    """They send as long as the block lasts; the function ends that, and tells what they did."""
    return in_the_background(lambda stop: send_media(publishers, stop), Sent)
