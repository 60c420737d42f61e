"""The bad network itself: it has to do what it says before anything is tested on it."""

import asyncio
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.netsim import OVERHEAD_BYTES, Conditions, Link, Proxy, candidate_of, through

COUNT = 4000


def run(link: Link, count: int = COUNT, interval_s: float = 0.001) -> list[tuple[float, int]]:
    """Send numbered datagrams at an even pace; (delay, number) of each that comes out."""
    arrived = []
    steps = count + round(2.0 / interval_s)
    for step in range(steps):
        now = 100 + step * interval_s
        if step < count:
            link.send(step.to_bytes(4, "big"), now)
        for datagram in link.poll(now):
            number = int.from_bytes(datagram, "big")
            arrived.append((now - 100 - number * interval_s, number))
    assert link.next_due_s is None
    return arrived


def test_a_clear_link_passes_everything_at_once_and_in_order() -> None:
    assert [number for _, number in run(Link())] == list(range(COUNT))


@pytest.mark.parametrize(
    ("conditions", "least", "most"),
    [
        (Conditions(loss=0.05), 0.93, 0.97),
        (Conditions(loss=0.2), 0.77, 0.83),
        (Conditions(duplicates=0.1), 1.08, 1.12),
        (Conditions(dark=True), 0.0, 0.0),
    ],
)
def test_chances_are_kept(conditions: Conditions, least: float, most: float) -> None:
    assert least <= len(run(Link(conditions))) / COUNT <= most


def test_delay_is_for_all_and_jitter_lets_them_overtake() -> None:
    arrived = run(Link(Conditions(delay_s=0.04, jitter_s=0.01)))
    delays = [delay for delay, _ in arrived]
    numbers = [number for _, number in arrived]
    assert 0.039 < min(delays) < 0.042
    assert 0.048 < max(delays) < 0.052
    assert numbers != sorted(numbers)
    assert sorted(numbers) == list(range(COUNT))


def test_without_jitter_nothing_overtakes() -> None:
    numbers = [number for _, number in run(Link(Conditions(delay_s=0.04, loss=0.1)))]
    assert numbers == sorted(numbers)


def test_a_narrow_line_passes_its_rate_and_drops_what_its_queue_cannot_hold() -> None:
    # 1,000 datagrams of 4 + 28 bytes a second are 256 kb/s.
    link = Link(Conditions(rate_bps=128_000, queue_s=0.2))
    arrived = run(link)
    assert 0.5 < len(arrived) / COUNT < 0.56
    assert link.overflowed == COUNT - len(arrived)
    assert 0.19 < max(delay for delay, _ in arrived) < 0.21


def test_a_line_that_is_wide_enough_only_serialises() -> None:
    link = Link(Conditions(rate_bps=8 * (1000 + OVERHEAD_BYTES)))
    link.send(bytes(1000), 5.0)
    assert (link.poll(5.99), link.poll(6.0)) == ([], [bytes(1000)])


def test_conditions_change_for_what_is_sent_afterwards() -> None:
    link = Link(Conditions(delay_s=1.0))
    link.send(b"early", 0.0)
    link.change(dark=True)
    link.send(b"dark", 0.1)
    link.change(dark=False, delay_s=0.0)
    link.send(b"late", 0.2)
    assert link.poll(0.2) == [b"late"]
    assert link.poll(1.0) == [b"early"]


def test_the_same_seed_loses_the_same() -> None:
    conditions = Conditions(loss=0.3, jitter_s=0.01, duplicates=0.1)
    assert run(Link(conditions, 7), 500) == run(Link(conditions, 7), 500)
    assert run(Link(conditions, 7), 500) != run(Link(conditions, 8), 500)


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.floats(0, 0.1))),
    st.floats(0, 1),
    st.floats(0, 1),
    st.none() | st.floats(1000, 1e7),
)
def test_whatever_goes_in_is_lost_or_comes_out(
    datagrams: list[tuple[bytes, float]], loss: float, duplicates: float, rate_bps: float | None
) -> None:
    link = Link(Conditions(loss=loss, duplicates=duplicates, rate_bps=rate_bps, jitter_s=0.05))
    now = 0.0
    arrived = []
    for datagram, pause_s in datagrams:
        now += pause_s
        link.send(datagram, now)
        arrived += link.poll(now)
    arrived += link.poll(now + 1e6)
    assert len(arrived) == link.sent - link.lost - link.overflowed + link.duplicated
    assert set(arrived) <= {datagram for datagram, _ in datagrams}


DESCRIPTION = """\
v=0
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=candidate:1 1 UDP 2130706431 192.0.2.1 1000 typ host
a=candidate:2 1 udp 2130706430 192.0.2.2 1001 typ host
a=end-of-candidates
m=video 9 UDP/TLS/RTP/SAVPF 96
a=candidate:1 1 udp 2130706431 192.0.2.1 1000 typ host
a=mid:1
""".replace("\n", "\r\n")


def test_a_description_leads_through_the_proxy_and_nowhere_else() -> None:
    assert candidate_of(DESCRIPTION) == ("192.0.2.1", 1000)
    changed = through(DESCRIPTION, ("127.0.0.1", 5))
    assert candidate_of(changed) == ("127.0.0.1", 5)
    assert changed.count("a=candidate:") == 2
    assert "192.0.2" not in changed
    assert [line for line in changed.split("\r\n") if "candidate:" not in line] == [
        line for line in DESCRIPTION.split("\r\n") if "candidate:" not in line
    ]


async def test_a_proxy_takes_its_server_out_of_a_description() -> None:
    with open_socket() as server:
        async with Proxy() as proxy:
            led = proxy.lead(through(DESCRIPTION, server.getsockname()))
            assert candidate_of(led) == proxy.address
            with open_socket() as client:
                client.sendto(b"question", proxy.address)
                loop = asyncio.get_running_loop()
                assert await asyncio.wait_for(loop.sock_recv(server, 100), 5.0) == b"question"


def test_a_description_without_a_candidate_is_refused() -> None:
    with pytest.raises(ValueError, match="no candidate"):
        candidate_of("v=0\r\n")


def test_what_queued_before_a_narrow_line_stays_ahead_when_it_is_freed() -> None:
    link = Link(Conditions(rate_bps=8 * (1000 + OVERHEAD_BYTES)))
    link.send(b"1" * 1000, 0.0)
    link.change(rate_bps=None)
    link.send(b"2", 0.5)
    assert [one[:1] for one in link.poll(1.0)] == [b"1", b"2"]


async def test_a_proxy_carries_both_ways_and_changes_its_port() -> None:
    loop = asyncio.get_running_loop()
    with open_socket() as server, open_socket() as client:
        async with Proxy() as proxy:
            proxy.lead_to(server.getsockname())
            seen = []
            for _ in range(2):
                client.sendto(b"question", proxy.address)
                data, address = await asyncio.wait_for(loop.sock_recvfrom(server, 100), 5.0)
                assert (data, address) == (b"question", proxy.server_sees)
                server.sendto(b"answer", address)
                answered = await asyncio.wait_for(loop.sock_recvfrom(client, 100), 5.0)
                assert answered == (b"answer", proxy.address)
                seen.append(address)
                proxy.rebind()
            assert seen[0] != seen[1]


async def test_a_proxy_delays_and_loses_as_its_links_do() -> None:
    with open_socket() as server, open_socket() as client:
        up = Conditions(loss=0.5, delay_s=0.01, jitter_s=0.01)
        async with Proxy(up) as proxy:
            proxy.lead_to(server.getsockname())
            for number in range(200):
                client.sendto(bytes([number]), proxy.address)
            numbers: list[int] = []
            async with asyncio.timeout(5.0):
                while len(numbers) < proxy.up.sent - proxy.up.lost or proxy.up.sent < 200:
                    await asyncio.sleep(0.01)
                    numbers += received(server)
    assert 60 < len(numbers) < 140
    assert numbers != sorted(numbers)


def open_socket() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind(("127.0.0.1", 0))
    opened.setblocking(False)
    return opened


def received(one: socket.socket) -> list[int]:
    found = []
    try:
        while True:
            found.append(one.recv(100)[0])
    except BlockingIOError:
        return found
