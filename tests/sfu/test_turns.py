"""When a socket is read: at once, in turns while much comes, and never forgotten."""

from collections.abc import Callable
from socket import socket
from typing import Any

import pytest

from sfu.turns import BUSY_GAP_S, MAX_EMPTY_TURNS, TURN_S, Drained, Turns


class Loop:
    """An event loop whose time only the test moves; holds one reader and one timer at most."""

    def __init__(self) -> None:
        self.now = 100.0
        self.reader: Callable[[], None] | None = None
        self.timer: tuple[float, Callable[[], None]] | None = None

    def time(self) -> float:
        return self.now

    def add_reader(self, _: socket, act: Callable[[], None]) -> None:
        assert self.reader is None
        self.reader = act

    def remove_reader(self, _: socket) -> None:
        self.reader = None

    def call_later(self, delay_s: float, act: Callable[[], None]) -> "Loop":
        assert self.timer is None
        self.timer = delay_s, act
        return self

    def cancel(self) -> None:
        self.timer = None

    def wake(self, after_s: float) -> None:
        self.now += after_s
        assert self.reader
        self.reader()

    def turn(self) -> float:
        """Let the time of the next turn come; how long it took."""
        assert self.timer
        (delay_s, act), self.timer = self.timer, None
        self.now += delay_s
        act()
        return delay_s


class Table:
    """Turns over a socket that gives what the test says."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.gives = Drained.SOME
        self.drained = 0
        anything: Any = self.loop
        self.turns = Turns(anything, anything, self._drain)

    def _drain(self) -> Drained:
        self.drained += 1
        return self.gives

    def make_busy(self) -> None:
        self.loop.wake(BUSY_GAP_S * 2)
        self.loop.wake(BUSY_GAP_S / 2)


@pytest.fixture
def table() -> Table:
    return Table()


def test_what_comes_now_and_then_is_read_at_once(table: Table) -> None:
    for _ in range(5):
        table.loop.wake(BUSY_GAP_S * 2)
    assert table.drained == 5
    assert table.loop.timer is None


def test_while_much_comes_nothing_wakes_and_turns_are_taken(table: Table) -> None:
    table.make_busy()
    assert table.loop.reader is None
    assert [table.loop.turn() for _ in range(50)] == [TURN_S] * 50
    assert table.drained == 52


def test_what_did_not_fit_a_turn_does_not_wait_for_the_next(table: Table) -> None:
    table.make_busy()
    table.gives = Drained.MORE_WAITS
    table.loop.turn()
    assert table.loop.turn() == 0.0


def test_after_some_empty_turns_it_wakes_again(table: Table) -> None:
    table.make_busy()
    table.gives = Drained.NOTHING
    for _ in range(MAX_EMPTY_TURNS):
        assert table.loop.reader is None
        table.loop.turn()
    assert table.loop.timer is None
    table.gives = Drained.SOME
    table.loop.wake(BUSY_GAP_S * 2)
    assert table.loop.reader is not None


def test_an_empty_turn_between_full_ones_changes_nothing(table: Table) -> None:
    table.make_busy()
    for _ in range(3 * MAX_EMPTY_TURNS):
        for table.gives in (Drained.NOTHING, Drained.SOME):
            table.loop.turn()
    assert table.loop.reader is None


@pytest.mark.parametrize("busy", [False, True])
def test_a_closed_one_reads_no_more(table: Table, busy: bool) -> None:
    if busy:
        table.make_busy()
    table.turns.close()
    assert table.loop.reader is None
    assert table.loop.timer is None
