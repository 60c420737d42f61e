"""A bad network between a client and a server, for where the kernel has no netem.

`Link` is one direction of it: loss, delay, reordering, duplicates, a narrow line with a queue, and
silence, decided by a seed and by the time that it is told.  `Proxy` puts two of them around a
server's UDP address on the loopback, and can change the port that the server sees, as a NAT does.
Both refuse to know what the datagrams hold.
"""

import asyncio
import heapq
import socket
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import Self

Address = tuple[str, int]

SOCKET_BUFFER_BYTES = 1 << 20
# What a datagram costs on the wire beside its payload: IPv4 and UDP.
OVERHEAD_BYTES = 28
# Servers that advertise another address of the machine answer to one of its own kind.
_ANYWHERE = "0.0.0.0"
# A burst beyond this would keep other callbacks of the loop waiting.
DATAGRAMS_PER_TURN = 64


@dataclass(frozen=True, slots=True)
class Conditions:
    """What one direction does to datagrams; chances are from 0 to 1."""

    loss: float = 0.0
    duplicates: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    """Up to so much more delay, for each datagram by itself: they overtake each other."""
    rate_bps: float | None = None
    queue_s: float = 0.2
    """What would wait for longer than this before a line of `rate_bps` is dropped."""
    dark: bool = False
    """Nothing passes."""


CLEAR = Conditions()


class Link:
    """One direction.  The clock is an argument; the same seed decides the same."""

    def __init__(self, conditions: Conditions = CLEAR, seed: int = 1) -> None:
        self.conditions = conditions
        self.sent = self.lost = self.overflowed = self.duplicated = 0
        self._random = Random(seed)
        self._line_is_free_s = 0.0
        self._count = 0
        # Due time, then the order of sending: what is due together leaves in order.
        self._waiting: list[tuple[float, int, bytes]] = []

    def change(self, **conditions: object) -> None:
        """Other conditions for what is sent from now on; those not named stay."""
        self.conditions = replace(self.conditions, **conditions)  # type: ignore[arg-type]

    def send(self, datagram: bytes, now: float) -> None:
        """Take a datagram in; whether and when it comes out is decided here."""
        self.sent += 1
        given = self.conditions
        if given.dark or self._random.random() < given.loss:
            self.lost += 1
            return
        leaves_s = self._leave_line(len(datagram), now)
        if leaves_s is None:
            self.overflowed += 1
            return
        self._carry(datagram, leaves_s)
        if self._random.random() < given.duplicates:
            self.duplicated += 1
            self._carry(datagram, leaves_s)

    def poll(self, now: float) -> list[bytes]:
        """What comes out by now, in the order of arrival."""
        arrived = []
        while self._waiting and self._waiting[0][0] <= now:
            arrived.append(heapq.heappop(self._waiting)[2])
        return arrived

    @property
    def next_due_s(self) -> float | None:
        """When to poll again; None while nothing is under way."""
        return self._waiting[0][0] if self._waiting else None

    def _leave_line(self, size: int, now: float) -> float | None:
        """When the last bit of it is on the line; None if the queue before it is full."""
        # What queued while the line was narrow stays ahead when it is freed.
        begins_s = max(self._line_is_free_s, now)
        rate_bps = self.conditions.rate_bps
        if rate_bps is None:
            return begins_s
        if begins_s - now > self.conditions.queue_s:
            return None
        self._line_is_free_s = begins_s + 8 * (size + OVERHEAD_BYTES) / rate_bps
        return self._line_is_free_s

    def _carry(self, datagram: bytes, leaves_s: float) -> None:
        given = self.conditions
        jitter_s = given.jitter_s * self._random.random()
        self._count += 1
        arrives_s = leaves_s + given.delay_s + jitter_s
        heapq.heappush(self._waiting, (arrives_s, self._count, datagram))


class Proxy:
    """`async with Proxy(up, down) as proxy:`; a client sends to `proxy.address` instead.

    One client, whoever sent last, and one server, which has to be told before anything is sent.
    """

    def __init__(self, up: Conditions = CLEAR, down: Conditions = CLEAR, seed: int = 1) -> None:
        self.up = Link(up, seed)
        self.down = Link(down, seed + 1)
        self._server: Address | None = None
        self._client: Address | None = None
        self._near = _open_socket("127.0.0.1")
        self._far = _open_socket(_ANYWHERE)
        self._timers: dict[Link, asyncio.TimerHandle] = {}
        self._loop = asyncio.get_running_loop()

    @property
    def address(self) -> Address:
        """What to tell the client as the server's."""
        host, port = self._near.getsockname()
        return host, port

    @property
    def server_sees(self) -> Address:
        """What the server takes for the client's."""
        host, port = self._far.getsockname()
        return host, port

    async def __aenter__(self) -> Self:
        self._loop.add_reader(self._near, self._drain_near)
        self._loop.add_reader(self._far, self._drain_far)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for timer in self._timers.values():
            timer.cancel()
        for one in (self._near, self._far):
            self._loop.remove_reader(one)
            one.close()

    def lead_to(self, server: Address) -> None:
        """Pass on to this server."""
        self._server = server
        self._far.connect(server)

    def lead(self, description: str) -> str:
        """Pass on to the server of a description; what to give the client in its place."""
        self.lead_to(candidate_of(description))
        return through(description, self.address)

    def rebind(self) -> None:
        """Go on from another port; what the server sends to the old one is lost."""
        self._loop.remove_reader(self._far)
        old, self._far = self._far, _open_socket(_ANYWHERE)
        old.close()
        if self._server is not None:
            self._far.connect(self._server)
        self._loop.add_reader(self._far, self._drain_far)

    def _drain_near(self) -> None:
        now = self._loop.time()
        with suppress(BlockingIOError):
            for _ in range(DATAGRAMS_PER_TURN):
                datagram, self._client = self._near.recvfrom(2048)
                self.up.send(datagram, now)
        self._deliver(self.up)

    def _drain_far(self) -> None:
        now = self._loop.time()
        # Refused: an ICMP message told that the server's port is closed.
        with suppress(BlockingIOError, ConnectionRefusedError):
            for _ in range(DATAGRAMS_PER_TURN):
                self.down.send(self._far.recv(2048), now)
        self._deliver(self.down)

    def _deliver(self, link: Link) -> None:
        """Pass on what is due, and come back for the rest."""
        for datagram in link.poll(self._loop.time()):
            # What the kernel does not take is lost, as on any network.
            with suppress(BlockingIOError, ConnectionRefusedError):
                self._pass_on(link, datagram)
        waiting = self._timers.pop(link, None)
        if waiting is not None:
            waiting.cancel()
        due_s = link.next_due_s
        if due_s is not None:
            self._timers[link] = self._loop.call_at(due_s, self._deliver, link)

    def _pass_on(self, link: Link, datagram: bytes) -> None:
        if link is self.up:
            self._far.send(datagram)
        elif self._client is not None:
            self._near.sendto(datagram, self._client)


def candidate_of(description: str) -> Address:
    """The first UDP candidate of a session description, IPv4."""
    for line in description.splitlines():
        words = line.split()
        if _is_candidate(line) and words[2].lower() == "udp" and ":" not in words[4]:
            return words[4], int(words[5])
    raise ValueError("the description has no candidate")


def through(description: str, address: Address) -> str:
    """The description with this address as the only candidate of each section that had any."""
    lines: list[str] = []
    replaced = False
    for line in description.splitlines():
        if line.startswith("m="):
            replaced = False
        if _is_candidate(line):
            if not replaced:
                lines.append(f"a=candidate:1 1 udp 2130706431 {address[0]} {address[1]} typ host")
            replaced = True
            continue
        lines.append(line)
    return "\r\n".join(lines) + "\r\n"


def _is_candidate(line: str) -> bool:
    return line.startswith("a=candidate:")


def _open_socket(host: str) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        opened.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER_BYTES)
    opened.bind((host, 0))
    opened.setblocking(False)
    return opened
