"""A viewer behind a narrow line, with a clock of its own: for tests of bandwidth.

Frames of a camera and of speech go through a queue with a rate, a delay, a limit and losses; the
viewer's end tells what arrived.  Nothing here waits: a minute takes a second.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from sfu.bandwidth import SendSide
from sfu.reception import ArrivalRecorder
from sfu.rtcp import parse_rtcp
from sfu.transport_feedback import TransportFeedback

STEP_S = 0.005
AUDIO_BPS = 40_000
LAYERS_BPS = (150_000, 500_000, 1_500_000)
PADDING_PACKET_BYTES = 255
HEADER_BYTES = 40


@dataclass
class Line:
    """A drop-tail queue before a line of `rate_bps(now)`."""

    rate_bps: Callable[[float], float]
    delay_s: float = 0.02
    queue_s: float = 0.3
    loss: float = 0.0
    jitter_s: float = 0.0
    random: Random = field(default_factory=lambda: Random(1))
    free_s: float = 0.0

    def send(self, size: int, now: float) -> float | None:
        """When a packet arrives; None if it is lost."""
        if self.free_s - now > self.queue_s or self.random.random() < self.loss:
            return None
        self.free_s = max(self.free_s, now) + 8 * size / self.rate_bps(now)
        return self.free_s + self.delay_s + self.jitter_s * self.random.random()


@dataclass
class Second:
    """What happened in one second."""

    estimate_bps: float = 0.0
    layer: int | None = None
    audio_sent: int = 0
    audio_lost: int = 0
    delays_s: list[float] = field(default_factory=list)


class Viewer:
    """Runs the whole loop: media out, arrivals back, a new estimate, another layer."""

    def __init__(self, line: Line, *, probing: bool = True, wanted_bps: int | None = None) -> None:
        self.line = line
        self.probing = probing
        self.side = SendSide()
        self.wanted_bps = 1_700_000 if wanted_bps is None else wanted_bps
        self.layer: int | None = None
        self.layer_at_s = 0.0
        self.seconds: list[Second] = []
        self._recorder = ArrivalRecorder(1)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def run(self, duration_s: float) -> list[Second]:
        steps = round(duration_s / STEP_S)
        for step in range(len(self.seconds) * 200, len(self.seconds) * 200 + steps):
            now = 1000 + step * STEP_S
            if step % 200 == 0:
                self.seconds.append(Second())
            self._deliver(now)
            self._send_media(step, now)
            if self.probing:
                self._probe(now)
            if step % 10 == 0:
                self._give_feedback(now)
            self._choose_layer(now)
            self.seconds[-1].estimate_bps = self.side.estimate_bps
            self.seconds[-1].layer = self.layer
        return self.seconds

    def _deliver(self, now: float) -> None:
        while self._events and self._events[0][0] <= now:
            heapq.heappop(self._events)[2]()

    def _at(self, when: float, act: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (when, self._count, act))

    def _send(self, size: int, now: float) -> bool:
        sequence = self.side.send(size, now)
        arrival = self.line.send(size, now)
        if arrival is None:
            return False
        self.seconds[-1].delays_s.append(arrival - now)
        self._at(arrival, lambda: self._recorder.receive(sequence, arrival))
        return True

    def _send_media(self, step: int, now: float) -> None:
        if step % 4 == 0:
            self.seconds[-1].audio_sent += 1
            self.seconds[-1].audio_lost += not self._send(AUDIO_BPS // 50 // 8, now)
        if step % 7 == 0 and self.layer is not None and now >= self.layer_at_s:
            left = round(LAYERS_BPS[self.layer] * 7 * STEP_S / 8)
            while left > 0:
                self._send(min(left, 1100), now)
                left -= 1100

    def _probe(self, now: float) -> None:
        due = self.side.probe_bytes(now, self.wanted_bps)
        while due > 0:
            self._send(min(due, PADDING_PACKET_BYTES) + HEADER_BYTES, now)
            due -= PADDING_PACKET_BYTES

    def _give_feedback(self, now: float) -> None:
        for feedback in self._recorder.poll(now):
            (parsed,) = parse_rtcp(bytes(feedback))
            assert isinstance(parsed, TransportFeedback)
            back = now + self.line.delay_s
            self._at(back, lambda told=parsed, at=back: self.side.receive_feedback(told, at))

    def _choose_layer(self, now: float) -> None:
        room = self.side.estimate_bps - AUDIO_BPS
        margin = 1.1
        affordable = [
            index
            for index, bps in enumerate(LAYERS_BPS)
            if bps * (margin if index > (-1 if self.layer is None else self.layer) else 1) <= room
        ]
        layer = affordable[-1] if affordable else None
        if layer != self.layer:
            # Another layer begins with a key frame, which takes a while to come.
            self.layer_at_s = now + 0.2
            self.layer = layer
