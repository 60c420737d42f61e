"""Connections: frames out of any pieces, who is closed and when, what a full buffer drops."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.path import MAX_DATAGRAM_BYTES, Path, PortDrop
from sfu.port import Port
from sfu.streams import (
    IDLE_AFTER_S,
    MAX_CONNECTIONS_PER_PEER,
    MAX_UNPROVED,
    MAX_WAITING_BYTES,
    PROVE_WITHIN_S,
    Frames,
    FrameTooLong,
    Listener,
)
from sfu.stun import Check
from tests.builders import binding_request


def framed(*frames: bytes) -> bytes:
    return b"".join(len(frame).to_bytes(2, "big") + frame for frame in frames)


CHECK = framed(binding_request(b"ada:peer", b"secret"))


# --- frames ---


@given(
    st.lists(st.binary(max_size=MAX_DATAGRAM_BYTES), max_size=8),
    st.lists(st.integers(1, 700), max_size=40),
)
def test_however_a_stream_is_cut_its_frames_are_the_same(
    sent: list[bytes], cuts: list[int]
) -> None:
    stream = framed(*sent)
    frames = Frames()
    received = []
    for size in cuts:
        received += frames.feed(stream[:size])
        stream = stream[size:]
    received += frames.feed(stream)
    assert received == [frame for frame in sent if frame]
    assert frames.empty == sent.count(b"")


@given(st.lists(st.binary(max_size=3000), max_size=10))
def test_whatever_comes_no_more_than_a_frame_is_kept(pieces: list[bytes]) -> None:
    frames = Frames()
    try:
        for piece in pieces:
            assert all(0 < len(one) <= MAX_DATAGRAM_BYTES for one in frames.feed(piece))
            assert len(frames._rest) < 2 + MAX_DATAGRAM_BYTES
    except FrameTooLong:
        return


def test_a_frame_that_nobody_sends_ends_the_stream_after_what_came_before_it() -> None:
    frames = Frames()
    stream = frames.feed(framed(b"good") + (MAX_DATAGRAM_BYTES + 1).to_bytes(2, "big"))
    assert next(stream) == b"good"
    with pytest.raises(FrameTooLong):
        next(stream)


# --- connections ---


class Somebody:
    """A peer that notes what comes."""

    def __init__(self) -> None:
        self.heard_s = 0.0
        self.checks: list[Check] = []
        self.paths: list[Path] = []
        self.dtls: list[bytes] = []
        self.protected: list[bytes] = []

    def receive_check(self, check: Check, path: Path, now: float) -> None:
        self.checks.append(check)
        self.paths.append(path)

    def receive_dtls(self, data: bytes) -> None:
        self.dtls.append(data)

    def receive_protected(self, data: bytes, now: float) -> None:
        self.protected.append(data)

    def flush(self) -> None: ...


class Table:
    """A port on the loopback whose clock stands, and what the tests do around it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.port = Port(["127.0.0.1"], 0, lambda: self.now)
        self.peer = Somebody()
        self.port.add(self.peer, "ada", b"secret")
        self.clients: list[socket.socket] = []

    @property
    def listener(self) -> Listener:
        (listener,) = self.port._listeners
        return listener

    @property
    def drops(self) -> Counter[str]:
        return self.port.drops

    async def connect(self, first: bytes = b"") -> socket.socket:
        client = socket.socket()
        client.setblocking(False)
        self.clients.append(client)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", self.port.number))
        if first:
            await loop.sock_sendall(client, first)
        await self.turns()
        return client

    async def turns(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0.001)

    def poll(self, later_s: float) -> None:
        self.now += later_s
        self.listener.poll(self.now)


@pytest.fixture
async def table() -> AsyncIterator[Table]:
    opened = Table()
    loop = asyncio.get_running_loop()
    opened.port.open(loop)
    yield opened
    opened.port.close()
    for client in opened.clients:
        client.close()


async def is_closed(client: socket.socket) -> bool:
    """True if the other end closed it; what came before is read away."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(0.2):
            while await loop.sock_recv(client, 65_536):
                pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


async def test_a_check_opens_the_way_for_what_follows(table: Table) -> None:
    client = await table.connect(CHECK)
    answer = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 2000), 5.0)
    client.send(framed(b"\x16dtls", b"\x80media", b"\x80more"))
    await table.turns()
    assert answer[2:4] == b"\x01\x01"
    assert int.from_bytes(answer[:2], "big") == len(answer) - 2
    assert (table.peer.dtls, table.peer.protected) == ([b"\x16dtls"], [b"\x80media", b"\x80more"])
    assert [check.local_ufrag for check in table.peer.checks] == ["ada"]


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (framed(b"\x80media"), "unknown_address"),
        (framed(b"\x16hello"), "unknown_address"),
        (b"GET / HTTP/1.1\r\n\r\n", "too_long"),
        (b"\x05\xdd", "too_long"),
        (framed(binding_request(b"bob:peer", b"secret")), "unknown_user"),
        (framed(binding_request(b"ada:peer", b"wrong")), "bad_integrity"),
        (framed(b"\x00\x01" + bytes(18)), "bad_stun"),
    ],
)
async def test_who_does_not_begin_with_a_check_is_closed(
    first: bytes, reason: str, table: Table
) -> None:
    client = await table.connect(first)
    assert await is_closed(client)
    assert table.drops == {reason: 1}
    assert not table.listener.unproved


async def test_a_check_that_conflicts_is_told_so_and_may_come_again(table: Table) -> None:
    conflict = binding_request(b"ada:peer", b"secret", controlling=None, controlled=bytes(8))
    client = await table.connect(framed(conflict))
    assert len(table.listener.unproved) == 1
    client.send(CHECK)
    await table.turns()
    assert len(table.peer.checks) == 1


@pytest.mark.parametrize("first", [b"", CHECK[:1], CHECK[:20], framed(b"")])
async def test_who_proves_nothing_in_time_is_closed(first: bytes, table: Table) -> None:
    client = await table.connect(first)
    table.poll(PROVE_WITHIN_S - 0.1)
    assert len(table.listener.unproved) == 1
    table.poll(0.2)
    assert await is_closed(client)
    assert table.drops[PortDrop.NEVER_PROVED] == 1


async def test_who_is_proved_stays_until_silent_for_long(table: Table) -> None:
    client = await table.connect(CHECK)
    table.poll(IDLE_AFTER_S - 1.0)
    assert not await is_closed(client)
    client.send(CHECK)
    await table.turns()
    table.poll(IDLE_AFTER_S - 1.0)
    assert not await is_closed(client)
    table.poll(2.0)
    assert await is_closed(client)
    assert table.drops == {PortDrop.IDLE_CONNECTION: 1}


async def test_who_is_removed_has_no_connection_any_more(table: Table) -> None:
    other = Somebody()
    table.port.add(other, "bob", b"secret")
    stays = await table.connect(framed(binding_request(b"bob:peer", b"secret")))
    goes = await table.connect(CHECK)
    table.port.remove(table.peer)
    assert await is_closed(goes)
    assert not await is_closed(stays)
    table.peer.paths[0].send(b"late")
    assert table.drops == {PortDrop.UNREACHABLE: 1}


async def test_a_connection_is_the_first_ones_for_good(table: Table) -> None:
    other = Somebody()
    table.port.add(other, "bob", b"secret")
    client = await table.connect(CHECK)
    client.send(framed(binding_request(b"bob:peer", b"secret"), b"\x80media"))
    await table.turns()
    assert table.drops == {PortDrop.ADDRESS_TAKEN: 1}
    assert (other.checks, table.peer.protected) == ([], [b"\x80media"])


async def test_of_too_many_strangers_the_crowd_loses_its_oldest(table: Table) -> None:
    first = await table.connect()
    for _ in range(MAX_UNPROVED + 9):
        await table.connect()
    proved = await table.connect(CHECK)
    assert len(table.listener.unproved) <= MAX_UNPROVED
    assert table.drops[PortDrop.TOO_MANY_CONNECTIONS] >= 10
    assert await is_closed(first)
    assert not await is_closed(proved)


async def test_of_a_peers_connections_the_longest_silent_goes(table: Table) -> None:
    clients = []
    for _ in range(MAX_CONNECTIONS_PER_PEER):
        clients.append(await table.connect(CHECK))
        table.now += 1.0
    clients[0].send(CHECK)
    await table.turns()
    clients.append(await table.connect(CHECK))
    closed = [await is_closed(client) for client in clients]
    assert closed == [number == 1 for number in range(MAX_CONNECTIONS_PER_PEER + 1)]


async def test_who_does_not_read_loses_whole_frames_and_gets_the_rest_in_order(
    table: Table,
) -> None:
    client = await table.connect(CHECK)
    (connection,) = table.listener.proved
    sent = [number.to_bytes(4, "big") * 300 for number in range(4000)]
    for start in range(0, len(sent), 8):
        connection.send_packets([memoryview(one) for one in sent[start : start + 8]])
    assert len(connection._waiting) <= MAX_WAITING_BYTES
    dropped = table.drops[PortDrop.SEND_BUFFER_FULL]
    assert dropped > 1000

    frames = Frames()
    received: list[bytes] = []
    loop = asyncio.get_running_loop()
    while len(received) < 1 + len(sent) - dropped:
        received += frames.feed(await asyncio.wait_for(loop.sock_recv(client, 65_536), 5.0))
    assert received[1:] == sorted(received[1:])
    assert set(received[1:]) <= set(sent)
    assert not connection._waiting
    connection.send(b"again")
    assert await asyncio.wait_for(loop.sock_recv(client, 100), 5.0) == framed(b"again")


async def test_who_left_is_noticed(table: Table) -> None:
    client = await table.connect(CHECK)
    client.close()
    await table.turns()
    assert not table.listener.proved


async def test_a_process_out_of_descriptors_pauses_and_takes_up_again(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Exhausted:
        def __getattr__(self, name: str) -> object:
            return getattr(listening, name)

        def accept(self) -> None:
            raise OSError(24, "too many open files")

    listening = table.listener._socket
    monkeypatch.setattr(table.listener, "_socket", Exhausted())
    await table.connect()
    assert not table.listener._is_accepting
    monkeypatch.setattr(table.listener, "_socket", listening)
    table.listener._timer.cancel()  # type: ignore[union-attr]
    table.listener._look_after()
    await table.turns()
    assert len(table.listener.unproved) == 1
