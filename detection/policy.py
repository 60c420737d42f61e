"""When to look at whom, and how hard; whose turn it is when there is more to look at than time.

Pure: the clock is an argument.  Every participant is looked at every ten seconds for a second and
a half, without a pause while something is suspected or asked.  Under overload everybody waits
alike: whoever was looked at longest ago is next, and what has to be left out is left out whole.
"""

from collections import Counter, deque
from collections.abc import Hashable
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
# Pictures closer together than this are decoded, for others build upon them, and not looked at.
LOOK_EVERY_S = 1 / 16
# What waits longer than this says nothing of now.
MAX_WAIT_S = 8.0
MAX_WAITING_BYTES = 4 << 20
# A turn is short, so that nobody waits for somebody's long one.
TURN_FRAMES = 12

Whose = TypeVar("Whose", bound=Hashable)
Track = TypeVar("Track", bound=Hashable)


class Waiting(Generic[Whose, Track]):
    """Frames that wait for their turn, bounded for each participant."""

    def __init__(self) -> None:
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
            while queue.frames and now - queue.frames[0][1].at_s > MAX_WAIT_S:
                self.dropped["too_late"] += queue.drop_unit()
        waiting = [whose for whose, queue in self._queues.items() if queue.frames]
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

    def forget(self, whose: Whose) -> None:
        self._queues.pop(whose, None)


class _Queue(Generic[Track]):
    """One participant's frames; `served_s` is when it had its last turn."""

    def __init__(self, served_s: float) -> None:
        self.frames: deque[tuple[Track, Encoded]] = deque()
        self.waiting_bytes = 0
        self.served_s = served_s
        self.broken: dict[Track, int] = {}
        """Bursts of which something was let go of, with nothing after it yet."""

    def take(self) -> tuple[Track, Encoded]:
        track, frame = self.frames.popleft()
        self.waiting_bytes -= len(frame.data)
        return track, frame

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
