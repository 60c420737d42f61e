"""Viewers that only count: how many packets came, how many are missing, how late they are.

They decrypt nothing.  They do give feedback where the server numbers its packets for it, since a
server that works for feedback should be measured while it gets some.
"""

import select
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from struct import Struct

import msgspec

from bench.load_camera import new_ssrc
from bench.load_client import LoadClient
from bench.load_description import RESENT_TYPE, SEQUENCE_ID
from sfu.reception import ArrivalRecorder
from sfu.rtcp import ReceiverReport, ReceptionReport

# Delays are taken of so many viewers, spread over all: the counting must not be the load.
SAMPLED_VIEWERS = 16
POLL_INTERVAL_S = 0.005
# Each viewer's turn comes every 50 ms.
POLL_TURNS = 10
REPORT_INTERVAL_S = 1.0

_RTCP_TYPES = range(192, 224)
_fixed = Struct("!BBHII")
_ONE_BYTE_PROFILE = b"\xbe\xde"
_SEQUENCE_HEAD = SEQUENCE_ID << 4 | 1
# The kernel's own time of arrival (SO_TIMESTAMPNS): when we came round to reading says nothing
# about the server.
_SO_TIMESTAMPNS = 35
_timespec = Struct("@ll")
_ANCILLARY_BYTES = socket.CMSG_SPACE(_timespec.size)


class Counted(msgspec.Struct, frozen=True):
    """What viewers saw; delays are beyond the quickest packet of each viewer."""

    packets: int
    """Media; padding and retransmissions are not forwarded, but sent beside."""
    expected: int
    """By the sequence numbers that were seen."""
    beside: int
    percentiles_us: list[int]

    @property
    def loss(self) -> float:
        return 1 - self.packets / max(1, self.expected)

    def delay_ms(self, percent: int) -> float:
        return self.percentiles_us[percent - 1] / 1000 if self.percentiles_us else 0.0


class _Source:
    """Sequence numbers of one source."""

    __slots__ = ("first", "highest", "packets")

    def __init__(self, sequence: int) -> None:
        self.first = self.highest = sequence
        self.packets = 0

    def receive(self, sequence: int) -> None:
        self.packets += 1
        ahead = (sequence - self.highest + 0x8000 & 0xFFFF) - 0x8000
        if ahead > 0:
            self.highest += ahead

    @property
    def expected(self) -> int:
        return self.highest - self.first + 1


class _Counter:
    """One viewer."""

    def __init__(self, client: LoadClient, *, gives_feedback: bool, sampled: bool) -> None:
        self.client = client
        self.sources: dict[int, _Source] = {}
        self.beside = 0
        self.delays_us: list[int] = []
        self._ssrc = new_ssrc()
        self._recorder = ArrivalRecorder(self._ssrc) if gives_feedback else None
        self._reported_s = 0.0
        self._sampled = sampled
        if sampled:
            client.socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)

    def forget(self) -> None:
        self.sources.clear()
        self.beside = 0
        self.delays_us.clear()

    def receive(self) -> None:
        """Read all that has come."""
        read = self._read_with_time if self._sampled else self._read
        now = time.monotonic()
        with suppress(BlockingIOError):
            while True:
                data, arrived_ns = read()
                if len(data) >= 20 and data[0] >= 128 and data[1] not in _RTCP_TYPES:
                    self._count(data, arrived_ns, now)

    def poll(self, now: float) -> None:
        if self._recorder is None:
            return
        with suppress(BlockingIOError, ConnectionRefusedError):
            for feedback in self._recorder.poll(now):
                self.client.send_rtcp(bytes(feedback))
            if now - self._reported_s >= REPORT_INTERVAL_S:
                self._reported_s = now
                self.client.send_check()
                blocks = [
                    ReceptionReport(ssrc, highest_sequence=source.highest)
                    for ssrc, source in list(self.sources.items())[:31]
                ]
                self.client.send_rtcp(bytes(ReceiverReport(self._ssrc, tuple(blocks))))

    def _read(self) -> tuple[bytes, int]:
        return self.client.socket.recv(2048), 0

    def _read_with_time(self) -> tuple[bytes, int]:
        data, ancillary, _, _ = self.client.socket.recvmsg(2048, _ANCILLARY_BYTES)
        if not ancillary:
            # It came before the kernel was asked for times.
            return data, 0
        seconds, nanoseconds = _timespec.unpack(ancillary[0][2])
        return data, seconds * 1_000_000_000 + nanoseconds

    def _count(self, data: bytes, arrived_ns: int, now: float) -> None:
        first, second, sequence, timestamp, ssrc = _fixed.unpack_from(data)
        if first & 0x20 or second & 0x7F == RESENT_TYPE:
            self.beside += 1
            arrived_ns = 0
        source = self.sources.get(ssrc)
        if source is None:
            source = self.sources[ssrc] = _Source(sequence)
        source.receive(sequence)
        if arrived_ns:
            self.delays_us.append(arrived_ns // 1000 - timestamp & 0xFFFF_FFFF)
        numbered = first & 0x10 and data[12:14] == _ONE_BYTE_PROFILE and data[16] == _SEQUENCE_HEAD
        if numbered and self._recorder is not None:
            self._recorder.receive(data[17] << 8 | data[18], now)


def count_packets(
    clients: Sequence[LoadClient],
    duration_s: float,
    settling_s: float = 0.0,
    *,
    gives_feedback: bool = True,
) -> Counted:
    """Read and count until the time is over; what comes while things settle does not count."""
    every = max(1, len(clients) // SAMPLED_VIEWERS)
    counters = [
        _Counter(client, gives_feedback=gives_feedback, sampled=number % every == 0)
        for number, client in enumerate(clients)
    ]
    _run(counters, settling_s)
    for counter in counters:
        counter.forget()
    _run(counters, duration_s)
    sources = [source for counter in counters for source in counter.sources.values()]
    beside = sum(counter.beside for counter in counters)
    delays = sorted(one for counter in counters for one in _beyond(counter.delays_us))
    return Counted(
        sum(source.packets for source in sources) - beside,
        sum(source.expected for source in sources) - beside,
        beside,
        [delays[len(delays) * percent // 100] for percent in range(1, 100)] if delays else [],
    )


def _run(counters: Sequence[_Counter], duration_s: float) -> None:
    poller = select.epoll()
    receivers = {}
    for counter in counters:
        poller.register(counter.client.socket.fileno(), select.EPOLLIN)
        receivers[counter.client.socket.fileno()] = counter.receive
    end_s = time.monotonic() + duration_s
    due_s, turn = 0.0, 0
    while (now := time.monotonic()) < end_s:
        for number, _ in poller.poll(min(POLL_INTERVAL_S, end_s - now)):
            receivers[number]()
        if now >= due_s:
            due_s, turn = now + POLL_INTERVAL_S, turn + 1
            # People's feedback does not come all in the same moment.
            for counter in counters[turn % POLL_TURNS :: POLL_TURNS]:
                counter.poll(now)
    poller.close()


def _beyond(delays: Sequence[int]) -> list[int]:
    # The server moved each viewer's timestamps by a number of its own, so there may be a wrap.
    if not delays:
        return []
    reference = delays[0]
    apart = [(one - reference + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000 for one in delays]
    least = min(apart)
    return [one - least for one in apart]
