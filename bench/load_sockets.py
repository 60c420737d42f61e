"""Many WebSockets in one process, which cost little: `python -m bench.load_sockets`.

Reads a plan as one line of JSON, opens all sockets, says their texts, and prints what became of
them; then, for each further line, what came since the last.  Knows the upgrade and frames of a
server.  It refuses to know what the texts mean: the reply to the last of them holds `re`, and what
is counted has the kind and the time `at` that the plan names.
"""

import asyncio
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

OPEN_WITHIN_S = 120.0
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def upgrade(path: str, headers: Sequence[str]) -> bytes:
    """What a client asks of a server in order to speak frames."""
    lines = (
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *headers,
    )
    return "\r\n".join([*lines, "", ""]).encode()


def frame(opcode: int, payload: bytes) -> bytes:
    """Of up to 64 KiB, as a client sends it."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    # A mask of zeros is one, and costs nothing.
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


class Wanted(msgspec.Struct, frozen=True):
    """One socket."""

    source: str
    """The address that it comes from: servers limit how often one may come."""
    headers: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    port: int
    path: str
    sockets: tuple[Wanted, ...]
    kind: str
    at_once: int = 50


class Opened(msgspec.Struct, frozen=True):
    """What became of the sockets, by status; and how long those took that got in."""

    statuses: dict[str, int]
    took_s: float
    joined_ms: tuple[float, ...]


class Came(msgspec.Struct, frozen=True):
    """Events at all sockets since the last report; times are those of the wall clock."""

    last_at: float
    delays_ms: list[float]
    open: int


class _Told(msgspec.Struct):
    re: int = 0
    kind: str = ""
    at: datetime | None = None


_told = msgspec.json.Decoder(_Told)


class _Load:
    """What all sockets count together."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.open = 0
        self.delays_ms: list[float] = []
        self.last_at = 0.0

    def count(self, told: _Told) -> None:
        if told.kind == self.kind and told.at is not None:
            self.last_at = time.time()
            self.delays_ms.append(round(1000 * (self.last_at - told.at.timestamp()), 1))

    def report(self) -> Came:
        delays, self.delays_ms = self.delays_ms, []
        return Came(self.last_at, delays, self.open)


class _Socket(asyncio.Protocol):
    """One client: the upgrade, its texts one after the other, and then whatever comes."""

    def __init__(self, load: _Load, plan: Plan, wanted: Wanted) -> None:
        self.status: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._load, self._plan = load, plan
        self._headers, self._says = wanted.headers, list(wanted.says)
        self._data = bytearray()
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(upgrade(self._plan.path, self._headers))

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._upgraded:
            head, blank, rest = self._data.partition(b"\r\n\r\n")
            if not blank:
                return
            status = head.split(b" ", 2)[1].decode()
            if status != "101":
                self._settle(status)
                self._transport.close()
                return
            self._data, self._upgraded = rest, True
            self._load.open += 1
            self._say()
        for opcode, payload in self._frames():
            if opcode == TEXT:
                self._hear(_told.decode(payload))
            elif opcode == PING:
                self._send(PONG, payload)

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.open -= self._upgraded
        self._settle("lost" if self._upgraded else "none")

    def _hear(self, told: _Told) -> None:
        if told.re:
            self._say()
        else:
            self._load.count(told)

    def _say(self) -> None:
        """The next text, or all were said and answered."""
        if self._says:
            self._send(TEXT, self._says.pop(0).encode())
        else:
            self._settle("101")

    def _settle(self, status: str) -> None:
        if not self.status.done():
            self.status.set_result(status)

    def _send(self, opcode: int, payload: bytes) -> None:
        self._transport.write(frame(opcode, payload))

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        """Whole frames; a server does not mask."""
        data, position = self._data, 0
        while len(data) - position >= 2:
            size, begin = data[position + 1], position + 2
            if size >= 126:
                more = 2 if size == 126 else 8
                if len(data) - begin < more:
                    break
                size, begin = int.from_bytes(data[begin : begin + more], "big"), begin + more
            if len(data) - begin < size:
                break
            yield data[position] & 0x0F, bytes(data[begin : begin + size])
            position = begin + size
        del data[:position]


async def open_all(load: _Load, plan: Plan) -> Opened:
    turns = asyncio.Semaphore(plan.at_once)
    joined_ms: list[float] = []
    statuses: Counter[str] = Counter()
    loop = asyncio.get_running_loop()

    async def open_one(wanted: Wanted) -> None:
        async with turns:
            began_s = time.monotonic()
            try:
                async with asyncio.timeout(OPEN_WITHIN_S):
                    _, socket = await loop.create_connection(
                        lambda: _Socket(load, plan, wanted),
                        "127.0.0.1",
                        plan.port,
                        local_addr=(wanted.source, 0),
                    )
                    status = await socket.status
            except OSError as error:
                status = type(error).__name__
            statuses[status] += 1
            if status == "101":
                joined_ms.append(round(1000 * (time.monotonic() - began_s), 1))

    began_s = time.monotonic()
    await asyncio.gather(*map(open_one, plan.sockets))
    took_s = round(time.monotonic() - began_s, 3)
    return Opened(dict(statuses), took_s, tuple(joined_ms))


async def run() -> None:
    """Until standard input ends."""
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader(limit=1 << 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    plan = msgspec.json.decode(await commands.readline(), type=Plan)
    load = _Load(plan.kind)
    answer: Opened | Came = await open_all(load, plan)
    while True:
        os.write(1, msgspec.json.encode(answer) + b"\n")
        if not await commands.readline():
            return
        answer = load.report()


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(run())


if __name__ == "__main__":
    main()
