"""Work that is done over and over for as long as the server lives.

Knows how often, and that one failure is no end of it.  It refuses to know what is done.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from signaling.errors import Unavailable

log = structlog.get_logger()


async def over_and_over(every_s: float, work: Callable[[], Awaitable[object]], failed: str) -> None:
    """Until cancelled; `failed` is what the log says when it could not be done this time."""
    while True:
        try:
            await work()
        except Unavailable as unavailable:
            log.warning(failed, reason=unavailable.reason)
        except Exception:
            # A fault of ours: told whole, and the next turn is none the worse for it.
            log.exception(failed)
        await asyncio.sleep(every_s)
