"""A whole Candor without media, to be killed: `python -m tests.children.chatting FOLDER PORT`.

Prints one line when it answers.  With the word `unfinished` behind, it kills itself once two
uploads are in the vault, before a row says so of either.
"""

import asyncio
import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

from signaling import session
from signaling.app import open_candor
from signaling.config import Config, load
from signaling.http.server import listen
from signaling.limits import Rate
from signaling.uploads import Uploads

_dying = count()
SECRET = "a secret that outlives the process: 5d1c0a7e93b2"


def configured(folder: Path, port: int) -> Config:
    options = {"port": port, "data": folder, "auth.secret": SECRET, "auth.access_minutes": 60}
    limits = {
        "limits.requests_per_minute": 1_000_000,
        "limits.registrations_per_hour": 1_000_000,
    }
    return load(environment={}, options=options | limits)


async def serve(folder: Path, port: int) -> None:
    # Nobody writes as fast as a test does.
    session.MESSAGES = Rate(1_000_000, 1.0)
    config = configured(folder, port)
    async with open_candor(config) as candor, listen(candor, None):
        print("ready", flush=True)
        await asyncio.Event().wait()


async def die_at_the_second(*_: Any) -> None:
    if next(_dying):
        os.kill(os.getpid(), signal.SIGKILL)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if "unfinished" in sys.argv:
        Uploads._make_ready_row = die_at_the_second  # type: ignore[method-assign, assignment]
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
