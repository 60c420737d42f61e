"""Tracks that are tapped: whose they are, and what is wished of each.

Knows how much of a track the policy wants and when a key frame may be asked for.  It refuses to
know what becomes of frames.
"""

from collections import deque
from dataclasses import dataclass, field

from detection.clocks import MediaClock
from detection.policy import ALL_THE_TIME, GLANCES, NOW_AND_THEN
from detection.tap import TapConnection
from detection.wire import Sampling, TapOpened, TapWish

# Whoever lost the beginning of a burst asks so often for a new one, and so many times in half a
# minute: a key frame costs viewers as much as a second of video, and under load glances are let go
# of again and again.
KEY_FRAME_EVERY_S = 2.0
MOST_KEY_FRAMES = {"look": 15, "glance": 3}
COUNTED_FOR_S = 30.0

Whose = tuple[str, str]
TrackKey = tuple[int, int]


@dataclass
class TappedTrack:
    """One view of a track of a participant, under a number that no other track has."""

    connection: TapConnection
    opened: TapOpened
    number: int
    clock: MediaClock
    closely: bool = False
    _asked_s: deque[float] = field(default_factory=deque)
    """When key frames were asked for of late."""

    @property
    def whose(self) -> Whose:
        return self.opened.room, self.opened.identity

    @property
    def glances(self) -> bool:
        return self.opened.view == "glance"

    def attend(self, closely: bool) -> None:
        """Look at all of it from now on, or at what everybody is looked at."""
        if not self.glances and self.closely is not closely:
            self.closely = closely
            self._wish(self._sampling)

    def want_key_frame(self, now: float) -> None:
        """A burst begins with one, and a new wish begins a burst."""
        if self.opened.kind == "video" and self._may_ask(now):
            self._asked_s.append(now)
            self._wish(None)
            self._wish(self._sampling)

    def _may_ask(self, now: float) -> bool:
        asked_s = self._asked_s
        while asked_s and now - asked_s[0] >= COUNTED_FOR_S:
            asked_s.popleft()
        if asked_s and now - asked_s[-1] < KEY_FRAME_EVERY_S:
            return False
        return len(asked_s) < MOST_KEY_FRAMES[self.opened.view]

    def refuse(self) -> None:
        """Nothing of it is wanted."""
        self._wish(None)

    @property
    def _sampling(self) -> Sampling:
        if self.glances:
            return GLANCES
        return (ALL_THE_TIME if self.closely else NOW_AND_THEN)[self.opened.kind]

    def _wish(self, sampling: Sampling | None) -> None:
        self.connection.send(TapWish(self.opened.track, sampling))
