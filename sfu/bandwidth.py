"""How much a viewer's network takes: a send-side estimate from transport-wide feedback.

Knows what was sent when, what arrived when, and how a rate follows from growing queues
(`delay_trend`) and from loss (draft-ietf-rmcat-gcc-02, 5.5 and 6).  It refuses to know tracks and
layers (`allocation` spends the estimate) and sends nothing (`probing` says what should be).

`SendSide.send` runs once for each copy of each packet, `receive_feedback` once for 50 or so.
"""

from enum import Enum

from sfu.delay_trend import DelayTrend, Usage
from sfu.probing import Prober
from sfu.transport_feedback import REFERENCE_TICKS, TICK_S, TransportFeedback

# Audio and a low layer; the first probe finds out about the rest within a round trip.
START_BITRATE_BPS = 500_000
MIN_BITRATE_BPS = 50_000
MAX_BITRATE_BPS = 50_000_000

# Packets under way that feedback may still speak of: two seconds of a 720p camera's 1,000.
_LOG_SIZE = 2048
_LOG_MASK = _LOG_SIZE - 1

# Section 5.5.
_INCREASE_A_SECOND = 1.08
_DECREASE = 0.85
_HEADROOM = 1.5
_HEADROOM_BPS = 10_000
# Three deviations of 5 % each: within this part of what once arrived when a queue grew.
_NEAR = 0.15
_AVERAGE_KEPT = 0.95
_RESPONSE_EXTRA_S = 0.1
_PACKET_BITS = 9_600
_MIN_STEP_BPS = 1_000.0

_RATE_WINDOW_S = 0.5
_RATE_MIN_WINDOW_S = 0.15
# After a jump of the delay, only what arrived since tells of the line.
_LATEST_WINDOW_S = 0.15
_CONGESTED_FOR_S = 1.0
_RATE_PAUSE_S = 1.0

# Section 6.
_LOSS_HIGH = 0.10
_LOSS_LOW = 0.02
# Of 100 packets at 5 % loss, one window in a hundred shows more than 10 %; of 25 it is one in ten.
_LOSS_WINDOW_S = 1.0
_LOSS_MIN_PACKETS = 100
_LOSS_INCREASE = 1.10

_REFERENCE_HALF = 0x80_0000
_REFERENCE_MASK = 0xFF_FFFF


class SendSide:
    """The sending end of one transport: numbers its packets and learns from their feedback."""

    __slots__ = (
        "_acknowledged",
        "_congested_s",
        "_loss",
        "_next",
        "_rate",
        "_reference",
        "_reported",
        "_sent_s",
        "_sizes",
        "_trend",
        "prober",
        "round_trip_s",
    )

    def __init__(self, start_bps: int = START_BITRATE_BPS) -> None:
        self._next = 0
        self._sent_s = [0.0] * _LOG_SIZE
        self._sizes = [0] * _LOG_SIZE
        self._reported = -1
        self._reference: int | None = None
        self._trend = DelayTrend()
        self._rate = RateControl(start_bps)
        self._loss = LossControl()
        self._acknowledged = AcknowledgedRate()
        self._congested_s: float | None = None
        self.prober = Prober()
        self.round_trip_s = 0.1

    @property
    def estimate_bps(self) -> int:
        return int(max(MIN_BITRATE_BPS, min(self._rate.bitrate_bps, self._loss.limit_bps)))

    @property
    def is_informed(self) -> bool:
        """True once the peer told of anything; before that the estimate is where we begin."""
        return self._reported >= 0

    def is_congested(self, now: float) -> bool:
        """True if a queue grew a moment ago, or much is lost."""
        grew = self._congested_s is not None and now - self._congested_s < _CONGESTED_FOR_S
        return grew or self._loss.fraction > _LOSS_HIGH

    @property
    def loss_fraction(self) -> float:
        """Of the last half second that told of enough packets."""
        return self._loss.fraction

    def send(self, size: int, now: float) -> int:
        """The transport-wide sequence number for a packet of `size` bytes.  Measured: 0.11 us."""
        sequence = self._next
        self._next = sequence + 1 & 0xFFFF
        slot = sequence & _LOG_MASK
        self._sent_s[slot] = now
        self._sizes[slot] = size
        return sequence

    def probe_bytes(self, now: float, wanted_bps: int) -> int:
        """Bytes of padding to send now, in packets of their own; mostly 0."""
        return self.prober.poll(now, self.estimate_bps, wanted_bps, self._next)

    def receive_feedback(self, feedback: TransportFeedback, now: float) -> None:
        """Learn from what the peer says.  Measured: 34 us for 50 packets in bursts of five.

        What it says of packets that it cannot know, or again, counts as nothing.
        """
        if self._next - feedback.base_sequence - 1 & 0xFFFF >= _LOG_SIZE:
            return
        epoch_s = self._epoch_s(feedback.reference_time)
        if self.prober.is_waiting:
            self._tell_prober(feedback, epoch_s)
        received_bytes, received, latest_sent_s = self._take_arrivals(feedback, epoch_s)
        if not received:
            return
        self.round_trip_s += (now - latest_sent_s - self.round_trip_s) / 8
        acknowledged_bps = self._acknowledged.add(received_bytes, now)
        usage, jumped = self._trend.take(), self._trend.take_jump()
        if self.prober.disturbs(now):
            usage = Usage.NORMAL if usage is Usage.OVERUSE else usage
        elif jumped:
            usage = Usage.OVERUSE
            acknowledged_bps = self._acknowledged.latest(now) or acknowledged_bps
        if usage is Usage.OVERUSE:
            self._congested_s = now
            self.prober.back_off(now)
        self._rate.update(usage, acknowledged_bps, self.round_trip_s, now)
        reported = self._count_reported(feedback)
        self._loss.add(reported, received, self.estimate_bps, acknowledged_bps or 0.0, now)
        found_bps = self.prober.result(now)
        if found_bps is not None:
            self._rate.raise_to(found_bps)
            self._loss.raise_to(found_bps)

    def _epoch_s(self, reference_time: int) -> float:
        """The peer's reference time in seconds, without its wrap every twelve days."""
        if self._reference is None:
            self._reference = reference_time
        step = (reference_time - self._reference + _REFERENCE_HALF) & _REFERENCE_MASK
        self._reference += step - _REFERENCE_HALF
        return self._reference * REFERENCE_TICKS * TICK_S

    def _take_arrivals(self, feedback: TransportFeedback, epoch_s: float) -> tuple[int, int, float]:
        """Bytes, packets, and when the latest of them was sent; each packet counts once."""
        sizes, sent_times = self._sizes, self._sent_s
        received_bytes = received = last_ticks = 0
        last_sent_s = -1.0
        for sequence, ticks in feedback.arrivals:
            slot = sequence & _LOG_MASK
            size = sizes[slot]
            if size:
                sizes[slot] = 0
                received_bytes += size
                received += 1
                # Of packets that left at once, only the last to arrive says something.
                if sent_times[slot] != last_sent_s:
                    if last_sent_s >= 0:
                        self._trend.add(last_sent_s, epoch_s + last_ticks * TICK_S)
                    last_sent_s = sent_times[slot]
                last_ticks = ticks
        if received:
            self._trend.add(last_sent_s, epoch_s + last_ticks * TICK_S)
        return received_bytes, received, last_sent_s

    def _tell_prober(self, feedback: TransportFeedback, epoch_s: float) -> None:
        for sequence, ticks in feedback.arrivals:
            slot = sequence & _LOG_MASK
            if self._sizes[slot]:
                self.prober.receive(
                    sequence, self._sizes[slot], self._sent_s[slot], epoch_s + ticks * TICK_S
                )

    def _count_reported(self, feedback: TransportFeedback) -> int:
        """Packets that were never reported on before, arrived or not.

        Of those before it nothing is known if a feedback was lost on its way; they count as
        nothing, or the loss of one feedback would look like that of all its packets.
        """
        last = feedback.base_sequence + feedback.status_count - 1 & 0xFFFF
        before = feedback.base_sequence - 1 & 0xFFFF
        skipped = before - self._reported & 0xFFFF
        if self._reported < 0 or skipped < _LOG_SIZE:
            self._reported = before
        new = last - self._reported & 0xFFFF
        if new > _LOG_SIZE:
            return 0
        self._reported = last
        return new


class AcknowledgedRate:
    """The rate at which bytes arrived in the last half second, to the precision of feedback."""

    __slots__ = ("_bytes", "_entries")

    def __init__(self) -> None:
        self._entries: list[tuple[float, int]] = []
        self._bytes = 0

    def add(self, size: int, now: float) -> float | None:
        """Bits per second with these bytes; None until there is enough to tell."""
        if not self._entries or now - self._entries[-1][0] > _RATE_PAUSE_S:
            # What arrived before the first feedback took a time that is not known.
            self._entries = [(now, 0)]
            self._bytes = 0
            return None
        self._entries.append((now, size))
        self._bytes += size
        while len(self._entries) > 1 and now - self._entries[1][0] >= _RATE_WINDOW_S:
            self._bytes -= self._entries[1][1]
            del self._entries[0]
        window_s = now - self._entries[0][0]
        return 8 * self._bytes / window_s if window_s >= _RATE_MIN_WINDOW_S else None

    def latest(self, now: float) -> float | None:
        """Of the last few feedbacks only; None if they tell too little."""
        entries = [entry for entry in self._entries if now - entry[0] <= _LATEST_WINDOW_S]
        window_s = now - entries[0][0] if entries else 0.0
        arrived = sum(size for _, size in entries[1:])
        return 8 * arrived / window_s if window_s > 0 else None


class _State(Enum):
    HOLD = "hold"
    INCREASE = "increase"
    DECREASE = "decrease"


# Section 5.5: what a signal makes of a state; a pair that is not here changes nothing.
_TRANSITIONS = {
    (_State.HOLD, Usage.OVERUSE): _State.DECREASE,
    (_State.HOLD, Usage.NORMAL): _State.INCREASE,
    (_State.INCREASE, Usage.OVERUSE): _State.DECREASE,
    (_State.INCREASE, Usage.UNDERUSE): _State.HOLD,
    (_State.DECREASE, Usage.NORMAL): _State.HOLD,
    (_State.DECREASE, Usage.UNDERUSE): _State.HOLD,
}


class RateControl:
    """The delay-based estimate: grows while queues do not, falls when one does (5.5)."""

    __slots__ = ("_average_bps", "_state", "_updated_s", "bitrate_bps")

    def __init__(self, start_bps: int) -> None:
        self.bitrate_bps = float(start_bps)
        self._state = _State.HOLD
        self._updated_s: float | None = None
        # What arrived when a queue grew: about the rate of the bottleneck.
        self._average_bps: float | None = None

    def update(
        self, usage: Usage, acknowledged_bps: float | None, round_trip_s: float, now: float
    ) -> None:
        self._state = _TRANSITIONS.get((self._state, usage), self._state)
        elapsed_s = 0.0 if self._updated_s is None else min(now - self._updated_s, 1.0)
        self._updated_s = now
        if acknowledged_bps is None:
            return
        if self._state is _State.INCREASE:
            self._increase(acknowledged_bps, round_trip_s, elapsed_s)
        elif self._state is _State.DECREASE and usage is Usage.OVERUSE:
            self._decrease(acknowledged_bps)

    def raise_to(self, bitrate_bps: float) -> None:
        """A probe showed that so much goes through."""
        self.bitrate_bps = min(max(self.bitrate_bps, bitrate_bps), MAX_BITRATE_BPS)

    def _increase(self, acknowledged_bps: float, round_trip_s: float, elapsed_s: float) -> None:
        if self._average_bps and acknowledged_bps > (1 + _NEAR) * self._average_bps:
            self._average_bps = None
        if self._average_bps is None:
            grown = self.bitrate_bps * _INCREASE_A_SECOND**elapsed_s
        else:
            # Near the bottleneck: half a packet a response time (5.5).
            share = min(elapsed_s / (round_trip_s + _RESPONSE_EXTRA_S), 1.0)
            grown = self.bitrate_bps + max(_MIN_STEP_BPS * elapsed_s, 0.5 * share * _PACKET_BITS)
        # Who sends less than it may learns nothing of what more would do.
        limit = _HEADROOM * acknowledged_bps + _HEADROOM_BPS
        self.bitrate_bps = min(max(self.bitrate_bps, min(grown, limit)), MAX_BITRATE_BPS)

    def _decrease(self, acknowledged_bps: float) -> None:
        self.bitrate_bps = min(self.bitrate_bps, max(_DECREASE * acknowledged_bps, MIN_BITRATE_BPS))
        if self._average_bps is None:
            self._average_bps = acknowledged_bps
        difference = acknowledged_bps - self._average_bps
        if abs(difference) > _NEAR * self._average_bps:
            self._average_bps = acknowledged_bps
        else:
            self._average_bps += (1 - _AVERAGE_KEPT) * difference


class LossControl:
    """The loss-based limit (section 6); without loss there is none."""

    __slots__ = ("_lost", "_packets", "_since_s", "fraction", "limit_bps")

    def __init__(self) -> None:
        self.limit_bps = float(MAX_BITRATE_BPS)
        self.fraction = 0.0
        self._packets = 0
        self._lost = 0
        self._since_s: float | None = None

    def raise_to(self, bitrate_bps: float) -> None:
        """A probe showed that so much goes through; believed unless much is lost just now."""
        if self.fraction < _LOSS_HIGH:
            self.limit_bps = max(self.limit_bps, bitrate_bps)

    def add(
        self,
        reported: int,
        received: int,
        estimate_bps: float,
        acknowledged_bps: float,
        now: float,
    ) -> None:
        """Packets that feedback spoke of for the first time, and those that arrived."""
        if self._since_s is None:
            self._since_s = now
        self._packets += reported
        self._lost += reported - received
        if now - self._since_s < _LOSS_WINDOW_S or self._packets < _LOSS_MIN_PACKETS:
            return
        self.fraction = max(0, self._lost) / self._packets
        self._since_s, self._packets, self._lost = now, 0, 0
        if self.fraction > _LOSS_HIGH:
            reduced_bps = min(self.limit_bps, estimate_bps) * (1 - 0.5 * self.fraction)
            # What overflows a queue is told late; what arrives all the while is no loss to avoid.
            floor_bps = max(acknowledged_bps, MIN_BITRATE_BPS)
            self.limit_bps = min(self.limit_bps, max(reduced_bps, floor_bps))
        elif self.fraction < _LOSS_LOW:
            self.limit_bps = min(self.limit_bps * _LOSS_INCREASE, MAX_BITRATE_BPS)
