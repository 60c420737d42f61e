"""A parent with one lively child, to be killed: prints the child's process id when it runs."""

import asyncio
import sys
from pathlib import Path

from signaling.supervisor import ChildSpec, ChildState, State, Supervisor

LIVELY = str(Path(__file__).with_name("lively.py"))


def announce(child: ChildState) -> None:
    if child.state is State.RUNNING:
        print(child.pid, flush=True)


async def main() -> None:
    spec = ChildSpec("lively", [sys.executable, LIVELY, "live_stubbornly"])
    async with Supervisor([spec], on_change=announce):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
