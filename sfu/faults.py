"""Our own faults: each is told once, with where it happened, and everybody else goes on.

Knows how a media process speaks (a line of JSON on standard error).  It refuses to know what
went wrong; whoever owns the place ends the one peer or request.
"""

import json
import sys
import time
import traceback

# A fault in the way of every packet would say so a thousand times a second.
INTERVAL_S = 1.0
_told_s: dict[str, float] = {}


def say(level: str, event: str, **values: str | int) -> None:
    """One line of JSON on standard error."""
    print(json.dumps({"level": level, "event": event, **values}), file=sys.stderr, flush=True)  # noqa: T201


def tell_fault(where: str) -> None:
    """Say what exception is at hand, unless one of this place was told just now."""
    now = time.monotonic()
    if now - _told_s.get(where, -INTERVAL_S) < INTERVAL_S:
        return
    _told_s[where] = now
    reason = repr(sys.exception())
    say(
        "error",
        "media process has a fault",
        where=where,
        reason=reason,
        trace=traceback.format_exc(),
    )
