"""When to find out whether a network takes more, how fast, and what came of it.

Knows short bursts above the present rate and what their arrival shows.  It refuses to know what
the bursts are made of (padding or retransmissions) and what the estimate is made of
(`bandwidth`).

A forwarder sends what publishers give and no more, so without probes an estimate could never
grow past the layer in use.
"""

from itertools import accumulate

import msgspec

# 15 ms at a rate take few bytes and still tell it from half of it.
BURST_S = 0.015
# How often `poll` is asked; each time what is due for the next such time goes out at once.
POLL_S = 0.005
# Fewer packets than these tell nothing; padding packets are at most 255 bytes long.
MIN_PACKETS = 4
MIN_BYTES = 1_500
# No feedback by then: the burst was lost, or the peer tells nothing.
TIMEOUT_S = 1.0

FIRST_FACTOR = 3.0
NEXT_FACTOR = 2.0
# A burst that arrived at this part of its rate proves that there is room, and asks for another.
SUCCESS = 0.7
# Room for the layer that one wants and the swings of its rate.
WANTED_HEADROOM = 1.2

INTERVAL_S = 1.0
# A viewer that was cut off and is free again waits for no more than this.
MAX_INTERVAL_S = 4.0
# A queue so soon after a success shows that the burst fooled us, as a token bucket does.
_DOUBT_S = 3.0

_MIN_ARRIVED = 0.8
# The queue that a burst makes is gone by then; until then it is no sign of anything else.
_DISTURBANCE_S = 0.5
_HALF_SEQUENCE = 0x8000

_Arrival = tuple[float, float, int]


class _Burst(msgspec.Struct):
    bitrate_bps: float
    total_bytes: int
    started_s: float
    first_sequence: int
    sent_bytes: int = 0
    packets: int | None = None
    arrivals: list[_Arrival] = []
    complete: bool = False


class Prober:
    """Plans one burst after another while more is wanted than the estimate allows."""

    __slots__ = ("_burst", "_disturbed_s", "_factor", "_interval_s", "_next_s", "_succeeded_s")

    def __init__(self) -> None:
        self._burst: _Burst | None = None
        self._factor = FIRST_FACTOR
        self._interval_s = INTERVAL_S
        self._next_s = 0.0
        self._disturbed_s = 0.0
        self._succeeded_s = 0.0

    @property
    def is_waiting(self) -> bool:
        """True while the fate of packets is of interest."""
        return self._burst is not None

    def disturbs(self, now: float) -> bool:
        """True while a growing queue may be our own doing."""
        return now < self._disturbed_s

    def poll(self, now: float, estimate_bps: int, wanted_bps: int, next_sequence: int) -> int:
        """Bytes of padding that are due now; mostly 0.

        Asked every `POLL_S` while more is wanted than the estimate allows.
        """
        if self._burst is None:
            if wanted_bps <= estimate_bps or now < self._next_s:
                return 0
            bitrate_bps = min(self._factor * estimate_bps, WANTED_HEADROOM * wanted_bps)
            total = max(MIN_BYTES, int(bitrate_bps * BURST_S / 8))
            self._disturbed_s = now + _DISTURBANCE_S
            self._burst = _Burst(bitrate_bps, total, now, next_sequence)
        return self._due(self._burst, now, next_sequence)

    def receive(self, sequence: int, size: int, sent_s: float, arrived_s: float) -> None:
        """A packet that arrived; those of the burst, media among them, count."""
        burst = self._burst
        if burst is None or burst.packets is None:
            return
        offset = sequence - burst.first_sequence & 0xFFFF
        if offset < burst.packets:
            burst.arrivals.append((sent_s, arrived_s, size))
        # Feedback speaks of packets in order.
        if burst.packets - 1 <= offset < _HALF_SEQUENCE:
            burst.complete = True

    def result(self, now: float) -> float | None:
        """The rate that a burst proved, once its feedback is there; None otherwise."""
        burst = self._burst
        if burst is None or not burst.complete or burst.packets is None:
            return None
        arrived = len(burst.arrivals)
        enough = arrived >= max(MIN_PACKETS, _MIN_ARRIVED * burst.packets)
        found_bps = _proven_bps(burst.arrivals) if enough else None
        if found_bps is not None and found_bps > SUCCESS * burst.bitrate_bps:
            self._succeed(now)
        else:
            self._fail(now)
        return found_bps

    def back_off(self, now: float) -> None:
        """A queue grew: more would make it worse."""
        if now - self._succeeded_s < _DOUBT_S:
            self._succeeded_s = 0.0
            self._interval_s = min(2 * self._interval_s, MAX_INTERVAL_S)
        self._next_s = max(self._next_s, now + self._interval_s)

    def _due(self, burst: _Burst, now: float, next_sequence: int) -> int:
        if burst.packets is not None:
            if now - burst.started_s > TIMEOUT_S:
                self._fail(now)
            return 0
        if burst.sent_bytes >= burst.total_bytes:
            burst.packets = next_sequence - burst.first_sequence & 0xFFFF
            return 0
        covered_s = now - burst.started_s + POLL_S
        due = min(int(burst.bitrate_bps * covered_s / 8), burst.total_bytes) - burst.sent_bytes
        burst.sent_bytes += due
        return due

    def _succeed(self, now: float) -> None:
        self._burst = None
        self._factor = NEXT_FACTOR
        self._succeeded_s = now
        self._next_s = now

    def _fail(self, now: float) -> None:
        self._burst = None
        self._factor = NEXT_FACTOR
        self._next_s = now + self._interval_s
        self._interval_s = min(2 * self._interval_s, MAX_INTERVAL_S)


def _proven_bps(arrivals: list[_Arrival]) -> float | None:
    """The rate that the line takes, at most that of the burst; None if it left all at once.

    A line that is slower than the burst delays each byte more than the one before.  A fitted
    slope of the delay, unlike the time between the first and the last, is not misled by jitter.
    """
    arrivals = sorted(arrivals)
    first_sent_s, last_sent_s = arrivals[0][0], arrivals[-1][0]
    if last_sent_s <= first_sent_s:
        return None
    sent_bytes = sum(size for sent_s, _, size in arrivals if sent_s < last_sent_s)
    seconds_a_byte = (last_sent_s - first_sent_s) / sent_bytes
    return 8 / (seconds_a_byte + max(0.0, _delay_slope(arrivals)))


def _delay_slope(arrivals: list[_Arrival]) -> float:
    """Seconds of delay that each byte adds, with the least squares."""
    count = len(arrivals)
    positions = list(accumulate(size for _, _, size in arrivals))
    delays = [arrived_s - sent_s for sent_s, arrived_s, _ in arrivals]
    mean_position, mean_delay = sum(positions) / count, sum(delays) / count
    spread = sum((position - mean_position) ** 2 for position in positions)
    return (
        sum(
            (position - mean_position) * (delay - mean_delay)
            for position, delay in zip(positions, delays, strict=True)
        )
        / spread
    )
