"""Whether pictures of somebody still come, and can still be made out.

Knows when frames arrived, when one was tried and when one was decoded, on the machine's monotonic
clock.  What was let go of here, under load, is no fault of theirs: it was never tried.
"""

import math

# With what judging and telling takes, people know within three seconds.
GONE_AFTER_S = 2.3


class Presence:
    """Of one participant, as far as their pictures are to come without a pause."""

    def __init__(self) -> None:
        self._began_s: float | None = None
        self._came_s = self._tried_s = -math.inf

    def come(self, at_s: float) -> None:
        """A whole frame of pictures arrived."""
        self._began_s = at_s if self._began_s is None else self._began_s
        self._came_s = at_s

    def leave(self) -> None:
        """No more is to come."""
        self._began_s = None

    def tried(self, at_s: float) -> None:
        """One that had arrived then was given to a decoder."""
        self._tried_s = max(self._tried_s, at_s)

    def gone(self, now: float, decoded_s: float) -> str:
        """Why nothing is seen of them now, if so; what was decoded last had come at `decoded_s`."""
        if self._began_s is None:
            return ""
        silent = now - self._came_s > GONE_AFTER_S
        unreadable = self._tried_s - max(decoded_s, self._began_s) > GONE_AFTER_S
        return "stale" if silent or unreadable else ""
