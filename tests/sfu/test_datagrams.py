"""When a datagram came is told by the kernel, however late it is read."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from sfu.datagrams import UdpSocket


@pytest.fixture
def pair() -> Iterator[tuple[UdpSocket, UdpSocket]]:
    sender, receiver = (UdpSocket("127.0.0.1", 0, Counter()) for _ in range(2))
    with closing(sender.socket), closing(receiver.socket):
        yield sender, receiver


def send(pair: tuple[UdpSocket, UdpSocket], data: bytes = b"packet") -> None:
    pair[0].send(data, ("127.0.0.1", pair[1].number))


def test_a_packet_that_waited_for_us_came_when_it_came(
    pair: tuple[UdpSocket, UdpSocket],
) -> None:
    _, receiver = pair
    send(pair)
    data, address, first_s = receiver.receive(lambda: 100.0)
    assert (data, address[0]) == (b"packet", "127.0.0.1")
    send(pair)
    # Our own clock says that 0.3 s went by until we read it; the kernel knows better.
    _, _, second_s = receiver.receive(lambda: 100.3)
    assert first_s <= second_s < 100.25


def test_packets_read_together_keep_their_spacing(pair: tuple[UdpSocket, UdpSocket]) -> None:
    _, receiver = pair
    send(pair, b"one")
    time.sleep(0.3)
    send(pair, b"two")
    arrivals = [receiver.receive(time.monotonic)[2] for _ in range(2)]
    # A machine with much else to do hands the first one on late; read by our clock both are one.
    assert arrivals[1] - arrivals[0] > 0.1


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0])
def test_a_clock_that_was_set_is_not_believed(
    jump_s: float, pair: tuple[UdpSocket, UdpSocket]
) -> None:
    _, receiver = pair
    send(pair)
    receiver.receive(lambda: 100.0)
    receiver._offset_s = (receiver._offset_s or 0.0) + jump_s
    send(pair)
    assert receiver.receive(lambda: 100.1)[2] == 100.1
    send(pair)
    assert abs(receiver.receive(lambda: 100.2)[2] - 100.2) < 0.1


def test_nothing_there_is_no_packet(pair: tuple[UdpSocket, UdpSocket]) -> None:
    with pytest.raises(BlockingIOError):
        pair[1].receive(time.monotonic)
