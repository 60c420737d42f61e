"""When to look at whom, and how hard; whose turn it is when there is more to look at than time.

Pure: the clock is an argument.  Every participant is looked at every ten seconds for a second and
a half, without a pause while something is suspected or asked, and glanced at all the time.  Under
overload everybody waits alike: whoever was looked at longest ago is next, what has to be left out
is left out whole, and glances first.
"""

import math
from collections import Counter, deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from detection.decoder import Encoded
from detection.wire import Sampling

# A key frame and a second and a half of pictures; two seconds of sound.
NOW_AND_THEN = {
    "video": Sampling(burst_frames=45, every_s=10.0),
    "audio": Sampling(burst_frames=100, every_s=10.0),
}
ALL_THE_TIME = {
    # Twice what cameras send: whoever sends more than is taken costs everybody key frames.
    "video": Sampling(burst_frames=0, every_s=0.0, max_frames_per_s=60.0),
    "audio": Sampling(burst_frames=0, every_s=0.0, max_frames_per_s=100.0),
}
# Between looks: all of the smallest pictures that do, at what little they cost to decode.
GLANCES = Sampling(burst_frames=0, every_s=0.0, choice="nearest", height=180)
# Pictures closer together than this are decoded, for others build upon them, and not looked at.
LOOK_EVERY_S = 1 / 11
# Of those who are asked or suspected: answers are told by how a face changes.
LOOK_CLOSELY_EVERY_S = 1 / 16
GLANCE_EVERY_S = 1 / 8
# Two of these with nobody in them, and what waits meanwhile, are two seconds and a half.
GLANCE_FOR_FACES_EVERY_S = 1.0
# What waits longer than this says nothing of now.
MAX_WAIT_S = 8.0
MAX_WAITING_BYTES = 4 << 20
# A turn is short, so that nobody waits for somebody's long one.
TURN_FRAMES = 12
# A glance tells that somebody is gone within three seconds, or nothing.
MAX_GLANCE_WAIT_S = 2.0
# Turns cost something beside the frames: glances gather for so long.
GLANCES_GATHER_S = 0.4
# Whatever somebody sends, the glances at it take at most this share of the time.
MOST_GLANCING = 0.2
# Glances wait from here on, for looks do.
LOOKS_ARE_LATE_S = 3.0

Whose = TypeVar("Whose", bound=Hashable)
Track = TypeVar("Track", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Turn(Generic[Whose, Track]):
    """Frames of one participant that are shown in a row."""

    whose: Whose
    frames: list[tuple[Track, Encoded]]
    glances: bool


class Waiting(Generic[Whose, Track]):
    """Frames that wait for their turn, bounded for each participant."""

    def __init__(self, max_wait_s: float = MAX_WAIT_S) -> None:
        self._max_wait_s = max_wait_s
        self._queues: dict[Whose, _Queue[Track]] = {}
        self.dropped: Counter[str] = Counter()

    def __len__(self) -> int:
        return sum(len(queue.frames) for queue in self._queues.values())

    def put(self, whose: Whose, track: Track, frame: Encoded) -> bool:
        """Take a frame; the oldest of the same participant go when too much waits.

        False where only a key frame helps: what this one builds upon was let go of.
        """
        queue = self._queues.setdefault(whose, _Queue(frame.at_s))
        if not queue.can_follow(track, frame):
            self.dropped["follows_dropped"] += 1
            return False
        queue.frames.append((track, frame))
        queue.waiting_bytes += len(frame.data)
        while queue.waiting_bytes > MAX_WAITING_BYTES:
            self.dropped["too_much"] += queue.drop_unit()
        return True

    def take(self, now: float) -> tuple[Whose, list[tuple[Track, Encoded]]] | None:
        """Whose turn it is, with the next frames; None if nothing waits."""
        for queue in self._queues.values():
            while queue.frames and now - queue.frames[0][1].at_s > self._max_wait_s:
                self.dropped["too_late"] += queue.drop_unit()
        waiting = [whose for whose, queue in self._queues.items() if queue.is_ready(now)]
        if not waiting:
            return None
        whose = min(waiting, key=lambda one: self._queues[one].served_s)
        queue = self._queues[whose]
        taken = [queue.take() for _ in range(min(TURN_FRAMES, len(queue.frames)))]
        queue.served_s = now
        return whose, taken

    def has(self, whose: Whose) -> bool:
        """Whether anything of a participant waits."""
        queue = self._queues.get(whose)
        return queue is not None and bool(queue.frames)

    def rest(self, whose: Whose, until_s: float) -> None:
        """Let a participant have no turn before then."""
        if whose in self._queues:
            self._queues[whose].rests_until_s = until_s

    def longest_s(self, now: float) -> float:
        """For how long the oldest frame has waited."""
        oldest = (queue.frames[0][1].at_s for queue in self._queues.values() if queue.frames)
        return now - min(oldest, default=now)

    def forget(self, whose: Whose) -> None:
        self._queues.pop(whose, None)


class Turns(Generic[Whose, Track]):
    """Looks and glances that wait, and which is next."""

    def __init__(self) -> None:
        self.looks: Waiting[Whose, Track] = Waiting()
        self.glances: Waiting[Whose, Track] = Waiting(MAX_GLANCE_WAIT_S)

    def __len__(self) -> int:
        return len(self.looks) + len(self.glances)

    def take(self, now: float) -> Turn[Whose, Track] | None:
        """The next turn; `took` has to be told of it.  None if nothing waits, or all rest."""
        late = self.looks.longest_s(now) > LOOKS_ARE_LATE_S
        for waiting in (self.looks, self.glances) if late else (self.glances, self.looks):
            taken = waiting.take(now)
            if taken is not None:
                return Turn(*taken, waiting is self.glances)
        return None

    def took(self, turn: Turn[Whose, Track], spent_s: float, now: float) -> None:
        """A turn has ended, and took so long."""
        if turn.glances:
            gather_s = 0.0 if self.glances.has(turn.whose) else GLANCES_GATHER_S
            self.glances.rest(turn.whose, now + max(gather_s, spent_s / MOST_GLANCING))

    def forget(self, whose: Whose) -> None:
        self.looks.forget(whose)
        self.glances.forget(whose)

    def dropped(self) -> dict[str, int]:
        """Frames that were let go of, by reason."""
        of_glances = {f"glance_{reason}": count for reason, count in self.glances.dropped.items()}
        return {**self.looks.dropped, **of_glances}


class _Queue(Generic[Track]):
    """One participant's frames; `served_s` is when it had its last turn."""

    def __init__(self, served_s: float) -> None:
        self.frames: deque[tuple[Track, Encoded]] = deque()
        self.waiting_bytes = 0
        self.served_s = served_s
        self.rests_until_s = -math.inf
        self.broken: dict[Track, int] = {}
        """Bursts of which something was let go of, with nothing after it yet."""

    def take(self) -> tuple[Track, Encoded]:
        track, frame = self.frames.popleft()
        self.waiting_bytes -= len(frame.data)
        return track, frame

    def is_ready(self, now: float) -> bool:
        return bool(self.frames) and now >= self.rests_until_s

    def can_follow(self, track: Track, frame: Encoded) -> bool:
        if frame.key_frame or self.broken.get(track) != frame.burst:
            self.broken.pop(track, None)
            return True
        return False

    def drop_unit(self) -> int:
        """Drop the oldest frame and all that builds upon it: half a burst cannot be decoded."""
        track, frame = self.frames[0]
        dropped = 0
        kept: list[tuple[Track, Encoded]] = []
        follows = True
        for one, other in self.frames:
            if one == track and other is not frame:
                follows = follows and other.burst == frame.burst and not other.key_frame
            if one == track and follows:
                dropped += 1
            else:
                kept.append((one, other))
        if follows:
            self.broken[track] = frame.burst
        self.frames = deque(kept)
        self.waiting_bytes = sum(len(other.data) for _, other in kept)
        return dropped
