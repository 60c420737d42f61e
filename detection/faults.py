"""How a detection process speaks: a line of JSON on standard error.

Each fault is told once a second at the most, however often it happens.
"""

import json
import sys
import time
import traceback

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
    say(
        "error",
        "detection process has a fault",
        where=where,
        reason=repr(sys.exception()),
        trace=traceback.format_exc(),
    )
