"""Real child processes, killed, stopped, starved and orphaned.  Needs Linux (pidfd, /proc)."""

import asyncio
import os
import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from signaling.child import Child
from signaling.restarts import Budget
from signaling.supervisor import ChildSpec, ChildState, State, Supervisor

CHILDREN = Path(__file__).parents[1] / "children"
ROOT = Path(__file__).parents[2]
# Nothing here takes long; this is for a machine that has other things to do.
PATIENCE_S = 60.0
HASTY = Budget(restarts=3, second_delay_s=0.01, longest_delay_s=0.02, degraded_delay_s=0.05)


def lively(*habit: str, name: str = "lively", **settings: Any) -> ChildSpec:
    argv = [sys.executable, str(CHILDREN / "lively.py"), *(habit or ("live",))]
    return ChildSpec(name, argv, **{"heartbeat_timeout_s": 30.0, **settings})


class Changes:
    """Every change of state, and waiting for one."""

    def __init__(self) -> None:
        self.seen: list[ChildState] = []
        self._news: asyncio.Queue[ChildState] = asyncio.Queue()

    def __call__(self, child: ChildState) -> None:
        self.seen.append(child)
        self._news.put_nowait(child)

    async def until(self, state: State, name: str | None = None) -> ChildState:
        """The next change to that state, of that child or of any, that was not waited past."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                child = await self._news.get()
                if child.state is state and name in (None, child.name):
                    return child

    def states(self, name: str = "lively") -> list[State]:
        return [child.state for child in self.seen if child.name == name]


def process_id(child: ChildState) -> int:
    assert child.pid is not None
    return child.pid


def is_reaped(pid: int) -> bool:
    """Whether no process with this number is a child of ours any more, dead or alive."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def has_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


async def wait_until_gone(pid: int) -> None:
    try:
        watched = os.fdopen(os.pidfd_open(pid))
    except ProcessLookupError:
        return
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    with closing(watched):
        loop.add_reader(watched, gone.set)
        try:
            await asyncio.wait_for(gone.wait(), PATIENCE_S)
        finally:
            loop.remove_reader(watched)


async def test_a_child_runs_from_its_first_heartbeat_until_the_block_ends() -> None:
    changes = Changes()
    async with Supervisor([lively()], on_change=changes) as supervisor:
        assert [child.state for child in supervisor.state()] == [State.STARTING]
        running = await changes.until(State.RUNNING)
        assert supervisor.state() == (running,)
    assert is_reaped(process_id(running))
    assert changes.states() == [State.STARTING, State.RUNNING, State.STOPPING]
    (stopped,) = supervisor.state()
    assert (stopped.pid, stopped.reason) == (None, "killed by SIGTERM")


async def test_a_killed_child_is_started_again_at_once() -> None:
    changes = Changes()
    async with Supervisor([lively()], on_change=changes) as supervisor:
        first = await changes.until(State.RUNNING)
        os.kill(process_id(first), signal.SIGKILL)
        ended = await changes.until(State.RESTARTING)
        second = await changes.until(State.RUNNING)
        assert supervisor.state() == (second,)
    assert (ended.pid, ended.reason) == (None, "killed by SIGKILL")
    assert second.pid not in (None, first.pid)
    assert (first.restarts, second.restarts) == (0, 1)
    assert is_reaped(process_id(first))


async def test_a_child_that_hangs_is_killed_and_started_again() -> None:
    changes = Changes()
    async with Supervisor([lively(heartbeat_timeout_s=1.5)], on_change=changes):
        first = await changes.until(State.RUNNING)
        os.kill(process_id(first), signal.SIGSTOP)
        assert (await changes.until(State.RESTARTING)).reason == "no heartbeat for 1.5 s"
        assert is_reaped(process_id(first))
        await changes.until(State.RUNNING)


async def test_a_child_that_never_beats_stays_degraded() -> None:
    changes = Changes()
    spec = lively("stay_silent", start_timeout_s=0.2)
    async with Supervisor([spec], on_change=changes, budget=HASTY):
        await changes.until(State.DEGRADED)
        degraded = await changes.until(State.DEGRADED)
    assert degraded.reason == "no heartbeat in the first 0.2 s"
    tries = [State.STARTING, State.RESTARTING] * HASTY.restarts
    assert changes.states() == [*tries, State.STARTING, *[State.DEGRADED] * 2, State.STOPPING]


async def test_a_crash_loop_is_degraded_and_leaves_others_alone(tmp_path: Path) -> None:
    changes = Changes()
    specs = [lively("crash_unless", str(tmp_path / "mended"), name="crashing"), lively()]
    async with Supervisor(specs, on_change=changes, budget=HASTY) as supervisor:
        steady = await changes.until(State.RUNNING, "lively")
        degraded = await changes.until(State.DEGRADED, "crashing")
        again = await changes.until(State.DEGRADED, "crashing")
        assert supervisor.state()[1] == steady
    assert changes.states("crashing").count(State.RESTARTING) == HASTY.restarts
    assert (degraded.restarts, again.restarts) == (HASTY.restarts, HASTY.restarts + 1)
    assert degraded.reason == "exit status 3"
    assert changes.states() == [State.STARTING, State.RUNNING, State.STOPPING]


async def test_a_degraded_child_runs_as_soon_as_it_can(tmp_path: Path) -> None:
    changes = Changes()
    mended = tmp_path / "mended"
    spec = lively("crash_unless", str(mended))
    async with Supervisor([spec], on_change=changes, budget=HASTY):
        await changes.until(State.DEGRADED)
        mended.touch()
        await changes.until(State.RUNNING)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["/nowhere/candor-child"], "No such file or directory"),
        ([str(CHILDREN)], "Permission denied"),
        (["nul\0byte"], "embedded null byte"),
    ],
)
async def test_what_cannot_be_started_is_degraded_in_words(argv: list[str], words: str) -> None:
    changes = Changes()
    async with Supervisor([ChildSpec("lively", argv)], on_change=changes, budget=HASTY):
        degraded = await changes.until(State.DEGRADED)
    assert words in degraded.reason
    assert degraded.pid is None


async def test_whoever_ignores_sigterm_is_killed_after_its_grace() -> None:
    changes = Changes()
    spec = lively("live_stubbornly", stop_grace_s=0.2)
    async with Supervisor([spec], on_change=changes) as supervisor:
        running = await changes.until(State.RUNNING)
    assert is_reaped(process_id(running))
    assert supervisor.state()[0].reason == "killed by SIGKILL"


async def test_children_are_stopped_at_the_same_time(tmp_path: Path) -> None:
    changes = Changes()
    names = ("one", "two", "three")
    specs = [
        lively("leave_together", str(tmp_path), name=name, stop_grace_s=PATIENCE_S)
        for name in names
    ]
    async with Supervisor(specs, on_change=changes) as supervisor:
        for _ in names:
            await changes.until(State.RUNNING)
    assert [child.reason for child in supervisor.state()] == ["exit status 0"] * 3


async def test_a_cancelled_stop_cuts_the_grace_short_and_still_reaps() -> None:
    child = await Child.start(lively("live_stubbornly", stop_grace_s=3600.0), lambda: 0.0)
    assert await child.wait_for_first_beat()
    stopping = asyncio.create_task(child.close())
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(stopping, PATIENCE_S)
    assert is_reaped(child.pid)
    assert child.end_in_words() == "killed by SIGKILL"


async def test_a_cancelled_block_leaves_no_child() -> None:
    changes = Changes()

    async def serve() -> None:
        async with Supervisor([lively()], on_change=changes):
            await asyncio.Event().wait()

    serving = asyncio.create_task(serve())
    running = await changes.until(State.RUNNING)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert is_reaped(process_id(running))


async def test_an_exception_in_the_block_comes_out_as_it_is() -> None:
    with pytest.raises(LookupError):
        async with Supervisor([lively()]):
            raise LookupError


async def test_children_stopped_before_they_ran_leave_nothing() -> None:
    for turns in range(12):
        async with Supervisor([lively(stop_grace_s=5.0)]) as supervisor:
            for _ in range(turns):
                await asyncio.sleep(0)
        assert supervisor.state()[0].state is State.STOPPING
    assert not has_children()


async def test_stopping_leaves_no_descriptor_and_no_task() -> None:
    descriptors, tasks = len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())
    changes = Changes()
    specs = [lively(), lively(name="other"), ChildSpec("missing", ["/nowhere/candor-child"])]
    async with Supervisor(specs, on_change=changes, budget=HASTY):
        os.kill(process_id(await changes.until(State.RUNNING, "lively")), signal.SIGKILL)
        await changes.until(State.RUNNING, "lively")
        await changes.until(State.DEGRADED, "missing")
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert len(asyncio.all_tasks()) == tasks


async def test_no_child_outlives_a_parent_that_was_killed() -> None:
    guardian = await asyncio.create_subprocess_exec(
        sys.executable,
        str(CHILDREN / "guardian.py"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert guardian.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        # Its log lines come before the number.
        while not (line := await guardian.stdout.readline()).strip().isdigit():
            assert line
    orphan = int(line)
    guardian.kill()
    await guardian.communicate()
    await wait_until_gone(orphan)


async def test_what_a_child_started_goes_with_it(tmp_path: Path) -> None:
    changes = Changes()
    born = tmp_path / "born"
    async with Supervisor([lively("bear", str(born))], on_change=changes):
        os.kill(process_id(await changes.until(State.RUNNING)), signal.SIGKILL)
        grandchild = int(born.read_text())
        await changes.until(State.RESTARTING)
        await wait_until_gone(grandchild)


async def test_a_flood_of_output_is_a_few_lines_in_the_log() -> None:
    changes = Changes()
    with capture_logs() as logs:
        async with Supervisor([lively("flood"), lively(name="other")], on_change=changes):
            await changes.until(State.RUNNING, "lively")
        assert State.RESTARTING not in changes.states("other")
    said = [entry["line"] for entry in logs if entry["event"] == "child.said"]
    assert 0 < len(said) < 1000
    assert any("lines left out" in line for line in said)


async def test_a_child_that_shouts_and_does_not_listen_is_stopped_all_the_same() -> None:
    changes = Changes()
    async with asyncio.timeout(PATIENCE_S):
        async with Supervisor([lively("drown", stop_grace_s=0.2)], on_change=changes):
            running = await changes.until(State.RUNNING)
    assert is_reaped(process_id(running))


async def test_the_last_words_of_a_child_come_before_its_end(tmp_path: Path) -> None:
    changes = Changes()
    spec = lively("crash_unless", str(tmp_path / "mended"))
    with capture_logs() as logs:
        async with Supervisor([spec], on_change=changes, budget=HASTY):
            await changes.until(State.RESTARTING)
    events = [entry["event"] for entry in logs]
    assert "child.said" in events[: events.index("child.restarting")]


async def test_environment_is_added_and_standard_output_is_relayed() -> None:
    changes = Changes()
    spec = lively("greet", environment={"GREETING": "good morning"})
    with capture_logs() as logs:
        async with Supervisor([spec], on_change=changes):
            await changes.until(State.RUNNING)
    assert "good morning" in [entry.get("line") for entry in logs]


async def test_a_child_may_not_use_more_memory_than_its_limit() -> None:
    changes = Changes()
    spec = lively("eat", memory_bytes=700 << 20)
    with capture_logs() as logs:
        async with Supervisor([spec], on_change=changes, budget=HASTY):
            assert (await changes.until(State.RESTARTING)).reason == "exit status 1"
    assert "MemoryError" in [entry.get("line") for entry in logs]


def test_two_children_with_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="same name"):
        Supervisor([lively(), lively()])
