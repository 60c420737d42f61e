"""`python -m detection CONFIG`: a detection process; CONFIG is a `WorkerConfig` as JSON.

Knows how a process lives: its heartbeat, its parent, its signals and its log.  It refuses to know
what is looked at.  The contract: CANDOR_HEARTBEAT_FD names a pipe for a byte at least every second;
the end of standard input means that the parent is gone; SIGTERM means to leave.
"""

import asyncio
import os
import signal
import sys
import traceback
from contextlib import suppress

import msgspec

from detection.control import Channel, WorkerConfig, commands
from detection.faults import say
from detection.worker import Worker

HEARTBEAT_VARIABLE = "CANDOR_HEARTBEAT_FD"
HEARTBEAT_INTERVAL_S = 0.5
# Where there is more to do than the machine can, media go first: a look may wait for seconds.
NICENESS = 10


def main() -> int:
    try:
        config = msgspec.json.decode(sys.argv[1].encode(), type=WorkerConfig)
    except (IndexError, msgspec.MsgspecError) as error:
        say("error", "usage: python -m detection CONFIG", reason=str(error))
        return 2
    os.nice(NICENESS)
    try:
        asyncio.run(_live(config))
    except OSError as error:
        say("error", "detection process cannot go on", worker=config.name, reason=str(error))
        return 1
    except Exception as error:
        # Ours, so it is told whole, once; the parent starts a new process.
        text = traceback.format_exc()
        say("error", "detection process broke", worker=config.name, reason=repr(error), trace=text)
        return 1
    return 0


async def _live(config: WorkerConfig) -> None:
    streams = await asyncio.open_unix_connection(config.control)
    leaving = asyncio.Event()
    _watch_parent(leaving)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leaving.set)
    async with Worker(config, Channel(streams, commands)) as worker:
        say("info", "detection process is ready", worker=config.name)
        tasks = [
            asyncio.create_task(_beat(worker)),
            asyncio.create_task(worker.run()),
            asyncio.create_task(leaving.wait()),
        ]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        ended = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        say("info", "detection process leaves", worker=config.name)
    for task in ended:
        task.result()


async def _beat(worker: Worker) -> None:
    """Tell the parent that the work goes on; return when nobody listens any more."""
    pipe = os.environ.get(HEARTBEAT_VARIABLE)
    while True:
        if pipe is not None and not worker.stuck:
            try:
                os.write(int(pipe), b".")
            except BrokenPipeError:
                return
        await asyncio.sleep(HEARTBEAT_INTERVAL_S)


def _watch_parent(leaving: asyncio.Event) -> None:
    """Under a parent, standard input is a pipe to which nothing is ever written."""
    if HEARTBEAT_VARIABLE not in os.environ:
        return

    def notice() -> None:
        with suppress(BlockingIOError):
            if not os.read(sys.stdin.fileno(), 1024):
                leaving.set()

    asyncio.get_running_loop().add_reader(sys.stdin, notice)


if __name__ == "__main__":
    sys.exit(main())
