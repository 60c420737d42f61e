"""A whole Candor without media, to be killed: `python -m tests.children.chatting FOLDER PORT`.

Prints one line when it answers.
"""

import asyncio
import sys
from pathlib import Path

from signaling import session
from signaling.app import open_candor
from signaling.config import load
from signaling.http.server import listen
from signaling.limits import Rate

SECRET = "a secret that outlives the process: 5d1c0a7e93b2"


async def serve(folder: Path, port: int) -> None:
    # Nobody writes as fast as a test does.
    session.MESSAGES = Rate(1_000_000, 1.0)
    options = {"port": port, "data": folder, "auth.secret": SECRET, "auth.access_minutes": 60}
    limits = {
        "limits.requests_per_minute": 1_000_000,
        "limits.registrations_per_hour": 1_000_000,
    }
    config = load(environment={}, options=options | limits)
    async with open_candor(config) as candor, listen(candor, None):
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
