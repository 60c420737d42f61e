"""The shared port: what reaches whom, how runs are cut, and what is dropped."""

import asyncio
import errno
import socket
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.datagrams import (
    ADDRESS_IS_FREE_AFTER_S,
    MAX_ADDRESSES_PER_PEER,
    MAX_RUN_BYTES,
    MAX_SEGMENTS,
    UdpPath,
    UdpSocket,
    runs,
)
from sfu.path import Path, PortDrop
from sfu.port import Port
from sfu.stun import Check


@pytest.mark.parametrize(
    ("lengths", "cut"),
    [
        ([], []),
        ([100], [(0, 1)]),
        ([100, 100, 100], [(0, 3)]),
        ([100, 100, 40], [(0, 3)]),
        ([100, 40, 100], [(0, 2), (2, 3)]),
        ([40, 100, 100], [(0, 1), (1, 3)]),
        ([100, 40, 40], [(0, 2), (2, 3)]),
        ([10] * (MAX_SEGMENTS + 1), [(0, MAX_SEGMENTS), (MAX_SEGMENTS, MAX_SEGMENTS + 1)]),
    ],
)
def test_a_run_is_of_equal_lengths_and_its_last_may_be_shorter(
    lengths: list[int], cut: list[tuple[int, int]]
) -> None:
    assert list(runs(lengths)) == cut


@given(st.lists(st.integers(1, 1500), max_size=300))
def test_runs_keep_the_order_and_what_the_kernel_takes(lengths: list[int]) -> None:
    cut = list(runs(lengths))
    assert [index for start, end in cut for index in range(start, end)] == list(range(len(lengths)))
    for start, end in cut:
        run = lengths[start:end]
        assert len(run) <= MAX_SEGMENTS
        assert sum(run) <= MAX_RUN_BYTES
        assert set(run[:-1]) <= {run[0]}
        assert run[-1] <= run[0]


class Somebody:
    """A peer that notes what comes."""

    def __init__(self, heard_s: float = 0.0) -> None:
        self.heard_s = heard_s

    def receive_check(self, check: Check, path: Path, now: float) -> None: ...
    def receive_dtls(self, data: bytes) -> None: ...
    def receive_protected(self, data: bytes, now: float) -> None: ...
    def flush(self) -> None: ...


@pytest.fixture
def port() -> Iterator[Port]:
    opened = Port(["127.0.0.1"], 0, lambda: 0.0)
    yield opened
    loop = asyncio.new_event_loop()
    opened.close()
    loop.close()


def test_an_address_is_taken_over_only_after_silence(port: Port) -> None:
    (bound,) = port._sockets
    owner, other = Somebody(heard_s=10.0), Somebody()
    assert bound.give(("192.0.2.1", 5), owner, 10.0)
    assert not bound.give(("192.0.2.1", 5), other, 10.0 + ADDRESS_IS_FREE_AFTER_S - 0.1)
    assert bound.give(("192.0.2.1", 5), other, 10.0 + ADDRESS_IS_FREE_AFTER_S)


def test_a_peer_has_so_many_addresses_and_loses_the_oldest(port: Port) -> None:
    (bound,) = port._sockets
    peer = Somebody()
    for number in range(MAX_ADDRESSES_PER_PEER + 1):
        bound.give(("192.0.2.1", number + 1), peer, 0.0)
    assert len(bound.peers) == MAX_ADDRESSES_PER_PEER
    assert ("192.0.2.1", 1) not in bound.peers


def test_who_is_removed_has_no_address_any_more(port: Port) -> None:
    (bound,) = port._sockets
    peer = Somebody()
    port.add(peer, "a", b"secret")
    port.add(peer, "b", b"other")
    bound.give(("192.0.2.1", 5), peer, 0.0)
    port.remove(peer)
    assert not bound.peers
    assert port._password_of("a") is port._password_of("b") is None


def test_a_password_that_is_withdrawn_opens_nothing_and_others_do(port: Port) -> None:
    (bound,) = port._sockets
    peer = Somebody()
    port.add(peer, "a", b"secret")
    port.add(peer, "b", b"other")
    bound.give(("192.0.2.1", 5), peer, 0.0)
    port.withdraw("a")
    assert (port._password_of("a"), port._password_of("b")) == (None, b"other")
    assert bound.peers == {("192.0.2.1", 5): peer}


class Refusing:
    """A socket whose kernel refuses every segmented call, or takes nothing at all."""

    def __init__(self, number: int, *, everything: bool = False) -> None:
        self.number = number
        self.everything = everything
        self.sent: list[bytes] = []
        self.calls = 0

    def sendmsg(self, *arguments: object) -> int:
        self.calls += 1
        raise OSError(self.number, "refused")

    def sendto(self, data: bytes, address: object) -> int:
        if self.everything:
            raise BlockingIOError
        self.sent.append(bytes(data))
        return len(data)


def path_over(refusing: Refusing, drops: Counter[str] | None = None) -> UdpPath:
    bound = UdpSocket("127.0.0.1", 0, Counter() if drops is None else drops)
    bound.socket.close()
    bound.socket = refusing  # type: ignore[assignment]
    return UdpPath(bound, ("192.0.2.1", 5))


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOPROTOOPT, errno.EINVAL])
def test_a_kernel_that_cannot_segment_is_asked_once(number: int) -> None:
    refusing = Refusing(number)
    path = path_over(refusing)
    path.send_packets([b"a" * 100] * 3)
    path.send_packets([b"b" * 100] * 2)
    assert refusing.calls == 1
    assert len(refusing.sent) == 5


def test_packets_too_long_for_the_path_do_not_end_segmentation() -> None:
    refusing = Refusing(errno.EINVAL)
    path = path_over(refusing)
    path.send_packets([b"a" * 1450] * 2)
    path.send_packets([b"a" * 1450] * 2)
    assert refusing.calls == 2
    assert len(refusing.sent) == 4


def test_what_the_kernel_does_not_take_is_dropped_and_counted() -> None:
    drops: Counter[str] = Counter()
    path = path_over(Refusing(errno.EAGAIN, everything=True), drops)
    path.send(b"x")
    assert drops == {PortDrop.SEND_BUFFER_FULL: 1}


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_two_families_and_both_kinds_of_socket_listen_on_one_number() -> None:
    port = Port(["127.0.0.1", "::1"], 0, lambda: 0.0)
    sockets = [bound.socket for bound in port._sockets]
    sockets += [listener._socket for listener in port._listeners]
    assert {one.getsockname()[1] for one in sockets} == {port.number}
    assert {(one.family, one.type) for one in sockets} == {
        (family, kind)
        for family in (socket.AF_INET, socket.AF_INET6)
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)
    }
    port._unbind()


def test_a_number_that_is_taken_for_connections_is_refused_and_nothing_stays_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            Port(["127.0.0.1"], number, lambda: 0.0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", number))
