"""What arrived from a publisher, what is missing, and what to tell the publisher of it.

Knows sequence numbers beyond their 16 bits, gaps, jitter, receiver reports (RFC 3550, A.1 to A.8),
when to ask again for a lost packet, and arrival times for transport-wide feedback.  It refuses to
know payloads, viewers and the wire.

Everything behind `LossTracker` counts in extended numbers: they never wrap, never repeat and go
on by one when a publisher starts its numbers anew.
"""

import msgspec

from sfu.rtcp import ReceptionReport, middle_bits
from sfu.rtp import SEQUENCE_MASK, TIMESTAMP_MASK
from sfu.transport_feedback import (
    LARGE_DELTA_MAX_TICKS,
    LARGE_DELTA_MIN_TICKS,
    REFERENCE_TICKS,
    TICK_S,
    TransportFeedback,
)

# RFC 3550, A.1: a jump further than this is not loss but a new numbering ...
MAX_DROPOUT = 3000
# ... once so many packets in a row agree on it.
PROBATION_PACKETS = 2
# Closer by, a row of old numbers may also be duplicates that the network made; 20 packets are
# 0.4 s of speech.
PROBATION_PACKETS_NEARBY = 20
# Missing packets that are still waited for.  A larger gap is 0.5 s of a 2.5 Mb/s camera; a key
# frame mends it sooner than 250 retransmissions.
MAX_MISSING = 256

# A NACK sooner than this is usually reordering (RFC 4585, 3.5.1).
NACK_DELAY_S = 0.020
NACK_MAX_TRIES = 10
# What comes later than this no jitter buffer waits for.
NACK_MAX_AGE_S = 1.0

FEEDBACK_INTERVAL_S = 0.050
# Packets that one feedback may speak of; 400 take at most 0.9 kB.
FEEDBACK_MAX_STATUSES = 400
# Arrivals remembered for a late packet's sake, and the largest gap that is called loss.
FEEDBACK_WINDOW = 1000
# What a flood may leave to be reported: 20 times what 50 Mb/s bring in an interval.
FEEDBACK_MAX_PENDING = 5000

_HALF_SEQUENCE = 0x8000
_NOBODY = (-1, -1)
_HALF_TIMESTAMP = 0x8000_0000
_REPORT_UNITS_PER_S = 65_536


class Repair(msgspec.Struct, frozen=True):
    """What to ask the publisher for: packets by sequence number, or a key frame."""

    lost: tuple[int, ...]
    key_frame_needed: bool


class _Missing(msgspec.Struct, gc=False):
    since_s: float
    due_s: float
    tries: int = 0


class LossTracker:
    """Sequence numbers of one incoming stream: what is new, what is late, what is missing."""

    __slots__ = (
        "_highest",
        "_key_frame_needed",
        "_missing",
        "_probation",
        "_probation_next",
        "_source_changed",
        "_started",
        "discarded",
        "extended",
        "first",
    )

    def __init__(self) -> None:
        self._started = False
        self._source_changed = False
        self._highest = 0
        self._missing: dict[int, _Missing] = {}
        self._probation = 0
        self._probation_next = _NOBODY
        self._key_frame_needed = False
        self.first = 0
        self.extended = 0

    def receive(self, sequence_number: int, now: float) -> int | None:
        """Extended number of a packet seen for the first time; None if it must go no further.

        None means a duplicate, a packet that is waited for no more, or one from so far away
        that the next has to confirm it.  Measured: 0.11 us for the next packet in order.
        """
        if sequence_number == (self._highest + 1) & SEQUENCE_MASK and self._started:
            self._highest = sequence_number
            self.extended += 1
            return self.extended
        return self._receive_out_of_order(sequence_number, now)

    def recover(self, sequence_number: int, now: float) -> int | None:
        """The same for a packet that came as a retransmission, which proves no new numbering."""
        if not self._started:
            return None
        ahead = (sequence_number - self._highest) & SEQUENCE_MASK
        if 0 < ahead <= MAX_DROPOUT:
            return self._advance(sequence_number, ahead, now)
        return self._late(-ahead & SEQUENCE_MASK)

    def poll(self, now: float, round_trip_s: float) -> Repair:
        """What to ask for now.  A packet is asked for until it comes or is given up."""
        lost = []
        given_up = []
        for extended, missing in self._missing.items():
            if missing.due_s > now:
                continue
            if missing.tries == NACK_MAX_TRIES or now - missing.since_s > NACK_MAX_AGE_S:
                given_up.append(extended)
                continue
            missing.tries += 1
            missing.due_s = now + max(round_trip_s, NACK_DELAY_S)
            lost.append(self._on_the_wire(extended))
        for extended in given_up:
            del self._missing[extended]
        key_frame_needed = self._key_frame_needed or bool(given_up)
        self._key_frame_needed = False
        return Repair(tuple(lost), key_frame_needed)

    def change_source(self) -> None:
        """The next packet is the first of another source, whatever its number."""
        self._missing.clear()
        self._source_changed = self._started
        self._started = False

    def forget_before(self, extended: int) -> None:
        """Ask for nothing before this packet: it begins a key frame."""
        self._missing = {
            number: missing for number, missing in self._missing.items() if number >= extended
        }
        self._key_frame_needed = False

    @property
    def reported_highest(self) -> int:
        """The extended highest number that a receiver report carries (RFC 3550, 6.4.1)."""
        cycles = max(0, self.extended - self._highest) & ~SEQUENCE_MASK
        return (cycles | self._highest) & 0xFFFF_FFFF

    def _receive_out_of_order(self, sequence_number: int, now: float) -> int | None:
        if not self._started:
            return self._start(sequence_number)
        ahead = (sequence_number - self._highest) & SEQUENCE_MASK
        if 0 < ahead <= MAX_DROPOUT:
            return self._advance(sequence_number, ahead, now)
        behind = -ahead & SEQUENCE_MASK
        late = self._late(behind)
        if late is None and self._confirms_new_numbering(sequence_number, behind):
            return self._restart(sequence_number)
        return late

    def _start(self, sequence_number: int) -> int:
        self._started = True
        if self._source_changed:
            return self._restart(sequence_number)
        self._highest = self.extended = self.first = sequence_number
        return self.extended

    def _advance(self, sequence_number: int, ahead: int, now: float) -> int:
        due_s = now + NACK_DELAY_S
        first = self.extended + max(1, ahead - MAX_MISSING)
        self._highest = sequence_number
        self.extended += ahead
        for number in range(first, self.extended):
            self._missing[number] = _Missing(now, due_s)
        while len(self._missing) > MAX_MISSING:
            del self._missing[next(iter(self._missing))]
            self._key_frame_needed = True
        if ahead - 1 > MAX_MISSING:
            self._key_frame_needed = True
        return self.extended

    def _late(self, behind: int) -> int | None:
        number = self.extended - behind
        if self._missing.pop(number, None) is None:
            return None
        self._probation_next = _NOBODY
        return number

    def _confirms_new_numbering(self, sequence_number: int, behind: int) -> bool:
        expected = (sequence_number, self.extended)
        self._probation = self._probation + 1 if self._probation_next == expected else 1
        # Any packet of the old numbering in between moves `extended`, and so ends the row.
        self._probation_next = ((sequence_number + 1) & SEQUENCE_MASK, self.extended)
        nearby = behind <= MAX_DROPOUT
        return self._probation >= (PROBATION_PACKETS_NEARBY if nearby else PROBATION_PACKETS)

    def _restart(self, sequence_number: int) -> int:
        self._missing.clear()
        self._key_frame_needed = True
        self._probation = 0
        self._highest = sequence_number
        self.extended += 1
        return self.extended

    def _on_the_wire(self, extended: int) -> int:
        return (self._highest - (self.extended - extended)) & SEQUENCE_MASK


class ReceptionStatistics:
    """Counts of one incoming stream, and the report block that they make."""

    __slots__ = (
        "_clock_rate_hz",
        "_expected_at_report",
        "_jitter",
        "_received_at_report",
        "_report_arrived_s",
        "_report_ntp",
        "_transit",
        "bytes",
        "packets",
    )

    def __init__(self, clock_rate_hz: int) -> None:
        self._clock_rate_hz = clock_rate_hz
        self._transit: int | None = None
        self._jitter = 0.0
        self._report_ntp: int | None = None
        self._report_arrived_s = 0.0
        self._expected_at_report = 0
        self._received_at_report = 0
        self.packets = 0
        self.bytes = 0

    @property
    def jitter_s(self) -> float:
        return self._jitter / self._clock_rate_hz

    def receive(self, timestamp: int, size: int, now: float) -> None:
        """Count a packet that is no retransmission.  Measured: 0.31 us."""
        self.packets += 1
        self.bytes += size
        transit = int(now * self._clock_rate_hz) - timestamp
        if self._transit is not None:
            # RFC 3550, A.8; the difference wraps with the timestamp.
            difference = (transit - self._transit) & TIMESTAMP_MASK
            if difference >= _HALF_TIMESTAMP:
                difference = TIMESTAMP_MASK + 1 - difference
            self._jitter += (difference - self._jitter) / 16
        self._transit = transit

    def receive_sender_report(self, ntp_time: int, now: float) -> None:
        """Remember what the publisher needs back to measure the round trip."""
        self._report_ntp = ntp_time
        self._report_arrived_s = now

    def report(self, ssrc: int, losses: LossTracker, now: float) -> ReceptionReport:
        """The report block since the last one (RFC 3550, A.3)."""
        expected = losses.extended - losses.first + 1 if self.packets else 0
        expected_since = expected - self._expected_at_report
        lost_since = expected_since - (self.packets - self._received_at_report)
        self._expected_at_report = expected
        self._received_at_report = self.packets
        fraction = 256 * max(0, lost_since) // max(1, expected_since)
        last, delay = 0, 0
        if self._report_ntp is not None:
            last = middle_bits(self._report_ntp)
            delay = int((now - self._report_arrived_s) * _REPORT_UNITS_PER_S) & 0xFFFF_FFFF
        return ReceptionReport(
            ssrc,
            min(fraction, 255),
            expected - self.packets,
            losses.reported_highest,
            min(int(self._jitter), 0xFFFF_FFFF),
            last,
            delay,
        )


def round_trip_s(report: ReceptionReport, now_ntp: int) -> float | None:
    """Round trip out of a report on what we sent (RFC 3550, 6.4.1); None if it tells none.

    A peer can claim any delay, so what is negative or beyond ten seconds counts as nothing.
    """
    if not report.last_sender_report:
        return None
    passed = middle_bits(now_ntp) - report.last_sender_report - report.delay_since_sender_report
    seconds = (passed & 0xFFFF_FFFF) / _REPORT_UNITS_PER_S
    return seconds if seconds <= _MAX_ROUND_TRIP_S else None


_MAX_ROUND_TRIP_S = 10.0


class ArrivalRecorder:
    """Arrival times of all packets of one transport, told back every 50 ms."""

    __slots__ = (
        "_arrivals",
        "_count",
        "_highest",
        "_media_ssrc",
        "_next",
        "_next_poll_s",
        "_pending",
        "_sender_ssrc",
    )

    def __init__(self, sender_ssrc: int, media_ssrc: int = 0) -> None:
        self._sender_ssrc = sender_ssrc
        self._media_ssrc = media_ssrc
        self._pending: list[tuple[int, float]] = []
        # Extended number to ticks, for the last `FEEDBACK_WINDOW` numbers.
        self._arrivals: dict[int, int] = {}
        self._highest = -1
        self._next = 0
        self._next_poll_s = 0.0
        self._count = 0

    def receive(self, transport_sequence: int, now: float) -> None:
        """Note a packet.  Measured: 0.13 us; the rest of the work waits for `poll`."""
        if len(self._pending) < FEEDBACK_MAX_PENDING:
            self._pending.append((transport_sequence, now))

    def poll(self, now: float) -> list[TransportFeedback]:
        """Feedback on all that came since the last; empty before its time and for nothing.

        Measured: 42 us for 50 packets, with writing them.
        """
        if not self._pending or now < self._next_poll_s:
            return []
        self._next_poll_s = now + FEEDBACK_INTERVAL_S
        fresh = self._take_pending()
        if not fresh:
            # All of it is too old, so the publisher numbers anew; the next poll follows it.
            self._arrivals.clear()
            self._highest = -1
            return []
        oldest = min(fresh)
        # With a late packet goes all that was told since, or its sender would take it for lost.
        told = [number for number in range(oldest, self._next) if number in self._arrivals]
        numbers = sorted({*fresh, *told})
        reported = [(number, self._arrivals[number]) for number in numbers]
        base = min(oldest, self._next)
        self._next = self._highest + 1
        self._forget_old()
        return [self._feedback(start, arrivals) for start, arrivals in _groups(base, reported)]

    def _take_pending(self) -> list[int]:
        """Move what is pending to the arrivals; the extended numbers of it."""
        if self._highest < 0:
            self._highest = self._pending[0][0] + SEQUENCE_MASK
            self._next = self._highest + 1
        fresh = []
        for transport_sequence, arrived_s in self._pending:
            ahead = (transport_sequence - self._highest) & SEQUENCE_MASK
            number = self._highest + ahead
            if ahead >= _HALF_SEQUENCE:
                number -= SEQUENCE_MASK + 1
                if number <= self._highest - FEEDBACK_WINDOW:
                    continue
            elif ahead:
                self._highest = number
            self._arrivals.setdefault(number, int(arrived_s / TICK_S))
            fresh.append(number)
        self._pending.clear()
        return fresh

    def _forget_old(self) -> None:
        if len(self._arrivals) > 2 * FEEDBACK_WINDOW:
            oldest = self._highest - FEEDBACK_WINDOW
            kept = {number: ticks for number, ticks in self._arrivals.items() if number > oldest}
            self._arrivals = kept

    def _feedback(self, base: int, arrivals: list[tuple[int, int]]) -> TransportFeedback:
        reference = arrivals[0][1] // REFERENCE_TICKS
        self._count = (self._count + 1) & 0xFF
        return TransportFeedback(
            self._sender_ssrc,
            self._media_ssrc,
            base & SEQUENCE_MASK,
            arrivals[-1][0] - base + 1,
            (reference + 0x80_0000 & 0xFF_FFFF) - 0x80_0000,
            (self._count - 1) & 0xFF,
            tuple(
                (number & SEQUENCE_MASK, ticks - reference * REFERENCE_TICKS)
                for number, ticks in arrivals
            ),
        )


def _groups(base: int, reported: list[tuple[int, int]]) -> list[tuple[int, list[tuple[int, int]]]]:
    """Arrivals as they fit feedbacks: a base each, and no gap, delta or count too large."""
    groups: list[tuple[int, list[tuple[int, int]]]] = []
    previous_ticks = 0
    for number, ticks in reported:
        last = groups[-1][1][-1][0] if groups else base - 1
        delta = ticks - previous_ticks
        if (
            not groups
            or number - groups[-1][0] >= FEEDBACK_MAX_STATUSES
            or not LARGE_DELTA_MIN_TICKS <= delta <= LARGE_DELTA_MAX_TICKS
        ):
            # The lost ones before this packet are reported with it, unless they are too many.
            start = last + 1 if number - last < FEEDBACK_MAX_STATUSES else number
            groups.append((start, []))
        groups[-1][1].append((number, ticks))
        previous_ticks = ticks
    return groups
