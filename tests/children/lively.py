"""A child that keeps the contract of `signaling.child`, and can be told to break it.

    python lively.py [habit [argument]]

It imports nothing of Candor: `beat_until_orphaned` is all that a child has to do.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

INTERVAL_S = 0.1


async def beat_until_orphaned(interval_s: float = 1.0) -> None:
    """Tell the parent that this loop is alive; return when there is no parent any more."""
    heartbeat = int(os.environ["CANDOR_HEARTBEAT_FD"])
    orphaned = asyncio.Event()
    # Nothing is ever written to standard input: readable means end of file.
    asyncio.get_running_loop().add_reader(sys.stdin, orphaned.set)
    while not orphaned.is_set():
        try:
            os.write(heartbeat, b".")
            await asyncio.wait_for(orphaned.wait(), interval_s)
        except BrokenPipeError:
            return
        except TimeoutError:
            continue


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def live() -> None:
    asyncio.run(beat_until_orphaned(INTERVAL_S))


def live_stubbornly() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    live()


def stay_silent() -> None:
    sys.stdin.read()


def crash_unless(path: str) -> None:
    """One beat and out, until the file is there."""
    if Path(path).exists():
        live()
    os.write(int(os.environ["CANDOR_HEARTBEAT_FD"]), b".")
    say("my last words")
    sys.exit(3)


def flood() -> None:
    """40 MB before the first beat."""
    block = b"x" * 199 + b"\n"
    for _ in range(200):
        os.write(2, block * 1000)
    live()


def drown() -> None:
    """Never stop shouting, and never listen."""

    def shout() -> None:
        while True:
            os.write(2, b"x" * 65536)

    threading.Thread(target=shout, daemon=True).start()
    live_stubbornly()


def leave_together(meeting: str) -> None:
    """On SIGTERM, leave as soon as three have come to the meeting."""

    def leave(number: int, frame: object) -> None:
        Path(meeting, str(os.getpid())).touch()
        while len(os.listdir(meeting)) < 3:
            time.sleep(0.01)
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
    live()


def bear(born: str) -> None:
    """Have a child of one's own, which holds on to standard error; its number is in the file."""
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(born).write_text(str(grandchild.pid))
    live()


def eat() -> None:
    """Ask for a gigabyte of address space again and again."""

    def ask() -> None:
        try:
            while True:
                bytearray(1 << 30)
                time.sleep(0.02)
        except MemoryError:
            say("MemoryError")
            os._exit(1)

    threading.Thread(target=ask, daemon=True).start()
    live()


def greet() -> None:
    print(os.environ["GREETING"], flush=True)
    live()


HABITS: dict[str, Callable[..., None]] = {
    habit.__name__: habit
    for habit in (
        live,
        live_stubbornly,
        stay_silent,
        crash_unless,
        flood,
        drown,
        leave_together,
        bear,
        eat,
        greet,
    )
}

if __name__ == "__main__":
    HABITS[sys.argv[1]](*sys.argv[2:])
