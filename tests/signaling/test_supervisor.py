"""The supervisor, with real child processes."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from signaling import restarts
from signaling.supervisor import ChildSpec, ChildState, Supervisor

HEART = (sys.executable, "-m", "tests.children.heart")
PATIENCE_S = 20.0


def spec(name: str = "heart", *manner: str, **more: float) -> ChildSpec:
    return ChildSpec(name, (*HEART, *manner), heartbeat_timeout_s=more.pop("timeout", 5.0), **more)


async def until(
    supervisor: Supervisor, condition: Callable[[ChildState], bool], which: int = 0
) -> ChildState:
    """The child's state as soon as the condition holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition(supervisor.state()[which]):
            await asyncio.sleep(0.01)
    return supervisor.state()[which]


def running(state: ChildState) -> bool:
    return state.state == "running"


def again(before: ChildState) -> Callable[[ChildState], bool]:
    return lambda state: state.state == "running" and state.pid != before.pid


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_child_runs_from_its_first_heartbeat_to_the_end_of_the_block() -> None:
    async with Supervisor([spec()]) as supervisor:
        state = await until(supervisor, running)
        assert state.pid is not None
        assert is_alive(state.pid)
        assert state.restarts == 0
    assert not is_alive(state.pid)


async def test_a_killed_child_is_back_and_counted() -> None:
    async with Supervisor([spec()]) as supervisor:
        first = await until(supervisor, running)
        os.kill(first.pid or 0, signal.SIGKILL)

        second = await until(supervisor, again(first))

        assert second.restarts == 1


async def test_a_hung_child_is_killed_and_replaced() -> None:
    async with Supervisor([spec(timeout=0.5)]) as supervisor:
        first = await until(supervisor, running)
        os.kill(first.pid or 0, signal.SIGSTOP)

        await until(supervisor, again(first))

        assert not is_alive(first.pid or 0)


async def test_a_crash_loop_ends_as_degraded_and_disturbs_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(restarts, "FIRST_DELAY_S", 0.001)
    crashing = ChildSpec("crashing", (sys.executable, "-c", "raise SystemExit(3)"))
    async with Supervisor([crashing, spec()]) as supervisor:
        healthy = await until(supervisor, running, which=1)

        state = await until(supervisor, lambda state: state.state == "degraded")

        assert state.restarts == restarts.BUDGET
        assert state.pid is None
        assert supervisor.state()[1] == healthy


async def test_a_program_that_is_not_there_is_degraded_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(restarts, "FIRST_DELAY_S", 0.001)
    with structlog.testing.capture_logs() as logged:
        async with Supervisor([ChildSpec("missing", ("/no/such/program",))]) as supervisor:
            await until(supervisor, lambda state: state.state == "degraded")
    assert any("No such file" in str(line.get("reason")) for line in logged)


async def test_a_deaf_child_is_killed_after_its_grace() -> None:
    async with Supervisor([spec("deaf", "deaf", stop_grace_s=0.2)]) as supervisor:
        state = await until(supervisor, running)
    assert not is_alive(state.pid or 0)


async def test_a_flood_of_words_neither_blocks_the_child_nor_fills_the_log() -> None:
    with structlog.testing.capture_logs() as logged:
        async with Supervisor([spec("loud", "flood", timeout=2.0)]) as supervisor:
            await until(supervisor, running)
            await asyncio.sleep(1.0)
            assert supervisor.state()[0].restarts == 0
    said = [line for line in logged if line["event"] == "child.said"]
    assert 0 < len(said) < 200


async def test_nothing_is_left_of_a_child() -> None:
    async with Supervisor([spec()]) as supervisor:
        await until(supervisor, running)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        async with Supervisor([spec(), spec("other")]) as supervisor:
            await until(supervisor, running)
    assert len(os.listdir("/proc/self/fd")) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


PARENT = """
import asyncio, sys
from signaling.supervisor import ChildSpec, Supervisor

async def main():
    argv = (sys.executable, "-m", "tests.children.heart", sys.argv[1])
    async with Supervisor([ChildSpec("heart", argv)]):
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_no_child_outlives_a_killed_parent(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(note)], stderr=subprocess.DEVNULL)
    async with asyncio.timeout(PATIENCE_S):
        while not note.exists() or not note.read_text():
            await asyncio.sleep(0.01)
        child = int(note.read_text())
        assert is_alive(child)

        parent.kill()
        parent.wait()

        while is_alive(child):
            await asyncio.sleep(0.01)
