"""Tracks that are tapped: whose they are, and what is wished of each.

Knows how much of a track the policy wants and when a key frame may be asked for.  It refuses to
know what becomes of frames.
"""

from dataclasses import dataclass

from detection.clocks import MediaClock
from detection.policy import ALL_THE_TIME, GLANCES, NOW_AND_THEN
from detection.tap import TapConnection
from detection.wire import Sampling, TapOpened, TapWish

# Whoever lost the beginning of a burst asks so often for a new one, glances seldom: they are let go
# of under load, and a key frame costs viewers as much as a second of video.
KEY_FRAME_EVERY_S = {"look": 2.0, "glance": 10.0}

Whose = tuple[str, str]
TrackKey = tuple[int, int]


@dataclass
class TappedTrack:
    """One view of a track of a participant, under a number that no other track has."""

    connection: TapConnection
    opened: TapOpened
    number: int
    clock: MediaClock
    asked_s: float = -KEY_FRAME_EVERY_S["glance"]
    closely: bool = False

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
        may = now - self.asked_s >= KEY_FRAME_EVERY_S[self.opened.view]
        if self.opened.kind == "video" and may:
            self.asked_s = now
            self._wish(None)
            self._wish(self._sampling)

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
