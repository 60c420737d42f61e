"""Whether a queue grows on the way to a peer, seen from when its packets left and arrived.

Knows packet groups, the trend of their delay, and the threshold that adapts to what other traffic
does (draft-ietf-rmcat-gcc-02, 5.2 to 5.4, with a fitted line in place of the Kalman filter).  It
refuses to know rates: `bandwidth` draws the conclusion.
"""

from collections import deque
from enum import Enum

# Packets sent within this time are one group; their order in it says nothing (5.2).
BURST_S = 0.005
# A line through so many groups: enough to see through jitter, few enough to turn in 0.3 s.
WINDOW_GROUPS = 20
_SMOOTHING = 0.9

# The slope (seconds of delay a second) is stretched to the scale of the draft's milliseconds: as
# if it had lasted for 60 groups, four times over, which is where 12.5 ms was tuned.
_TREND_GROUPS_MAX = 60
_TREND_GAIN = 4.0

# Section 5.4.
_THRESHOLD_START_MS = 12.5
_THRESHOLD_MIN_MS = 12.5
_THRESHOLD_MAX_MS = 600.0
_THRESHOLD_UP = 0.01
# The draft's 0.000 18 leaves us deaf for a minute after one long queue (seen in the tests).
_THRESHOLD_DOWN = 0.002
# A spike further above the threshold than this is a change of route, not of traffic.
_THRESHOLD_SPIKE_MS = 15.0
_OVERUSE_S = 0.010
# After a pause the threshold must not move by all of it at once.
_MAX_STEP_MS = 100.0


# A line that turns much narrower fills its queue within a few packets, long before a slope through
# twenty groups shows it.  So much delay more than lately, twice in a row, is no jitter.
JUMP_MS = 80.0
_JUMP_GROUPS = 2
# What was the least delay lately rises again by so much a group, some 20 ms a second.
_BASE_RISE_MS = 0.5


class Usage(Enum):
    NORMAL = "normal"
    OVERUSE = "overuse"
    UNDERUSE = "underuse"


class DelayTrend:
    """Takes arrivals in the order of sending; `take` tells the worst since it was last asked."""

    __slots__ = (
        "_accumulated_ms",
        "_arrived_s",
        "_base_ms",
        "_first_sent_s",
        "_groups",
        "_high_groups",
        "_jumped",
        "_last_sent_s",
        "_last_update_s",
        "_line",
        "_overuse_since_s",
        "_previous",
        "_smoothed_ms",
        "_threshold_ms",
        "_trend_ms",
        "_usage",
        "_worst",
    )

    def __init__(self) -> None:
        self._first_sent_s = -1.0
        self._last_sent_s = 0.0
        self._arrived_s = 0.0
        # Departure and arrival of the group before the one at hand.
        self._previous: tuple[float, float] | None = None
        self._groups = 0
        self._accumulated_ms = 0.0
        self._smoothed_ms = 0.0
        self._base_ms = 0.0
        self._high_groups = 0
        self._jumped = False
        self._line = _Line()
        self._threshold_ms = _THRESHOLD_START_MS
        self._trend_ms = 0.0
        self._last_update_s = 0.0
        self._overuse_since_s: float | None = None
        self._usage = Usage.NORMAL
        self._worst = Usage.NORMAL

    def add(self, sent_s: float, arrived_s: float) -> None:
        """One packet that arrived.  Measured: 0.11 us within a group, 6 us for its last."""
        if sent_s - self._first_sent_s > BURST_S:
            if self._first_sent_s >= 0 and self._belongs_to_burst(sent_s, arrived_s):
                self._last_sent_s = sent_s
                self._arrived_s = arrived_s
                return
            self._close_group()
            self._first_sent_s = sent_s
            self._arrived_s = arrived_s
        self._last_sent_s = sent_s
        self._arrived_s = max(self._arrived_s, arrived_s)

    def take(self) -> Usage:
        """Overuse if there was any since the last time, else how it is now."""
        worst, self._worst = self._worst, self._usage
        return Usage.OVERUSE if Usage.OVERUSE in {worst, self._usage} else self._usage

    def take_jump(self) -> bool:
        """Whether the delay jumped up since the last time."""
        jumped, self._jumped = self._jumped, False
        return jumped

    def _belongs_to_burst(self, sent_s: float, arrived_s: float) -> bool:
        """Packets that a queue released at once arrive together, faster than they left (5.2)."""
        gap_s = arrived_s - self._arrived_s
        return 0 <= gap_s < BURST_S and gap_s < sent_s - self._last_sent_s

    def _close_group(self) -> None:
        if self._first_sent_s < 0:
            return
        if self._previous is not None:
            sent_s, arrived_s = self._previous
            departure_ms = (self._last_sent_s - sent_s) * 1000
            arrival_ms = (self._arrived_s - arrived_s) * 1000
            self._update(arrival_ms - departure_ms)
        self._previous = (self._last_sent_s, self._arrived_s)

    def _update(self, variation_ms: float) -> None:
        self._groups = min(self._groups + 1, _TREND_GROUPS_MAX)
        self._accumulated_ms += variation_ms
        self._watch_for_jump(variation_ms)
        self._smoothed_ms = _SMOOTHING * self._smoothed_ms + (1 - _SMOOTHING) * self._accumulated_ms
        slope = self._line.add(self._arrived_s * 1000, self._smoothed_ms)
        if slope is not None:
            self._judge(slope * self._groups * _TREND_GAIN)

    def _watch_for_jump(self, variation_ms: float) -> None:
        self._base_ms = min(self._base_ms + _BASE_RISE_MS, self._accumulated_ms)
        if self._accumulated_ms - self._base_ms < JUMP_MS or variation_ms < 0:
            self._high_groups = 0
            return
        self._high_groups += 1
        if self._high_groups >= _JUMP_GROUPS:
            self._jumped = True
            # Told once; more of it is another jump.
            self._base_ms = self._accumulated_ms
            self._high_groups = 0

    def _judge(self, trend_ms: float) -> None:
        now_s = self._arrived_s
        if trend_ms > self._threshold_ms:
            if self._overuse_since_s is None:
                self._overuse_since_s = now_s
            # A queue that is already draining is no reason to slow down further (5.4).
            elif now_s - self._overuse_since_s > _OVERUSE_S and trend_ms >= self._trend_ms:
                self._usage = self._worst = Usage.OVERUSE
        else:
            self._overuse_since_s = None
            under = trend_ms < -self._threshold_ms
            self._usage = Usage.UNDERUSE if under else Usage.NORMAL
        self._trend_ms = trend_ms
        self._adapt_threshold(abs(trend_ms), now_s)

    def _adapt_threshold(self, size_ms: float, now_s: float) -> None:
        """Follow slow changes, so that competing TCP does not starve us (5.4)."""
        step_ms = min((now_s - self._last_update_s) * 1000, _MAX_STEP_MS)
        self._last_update_s = now_s
        excess_ms = size_ms - self._threshold_ms
        if excess_ms > _THRESHOLD_SPIKE_MS:
            return
        gain = _THRESHOLD_UP if excess_ms > 0 else _THRESHOLD_DOWN
        threshold_ms = self._threshold_ms + step_ms * gain * excess_ms
        self._threshold_ms = min(max(threshold_ms, _THRESHOLD_MIN_MS), _THRESHOLD_MAX_MS)


class _Line:
    """The slope of the line through the last points, with the least squares.

    Sums are carried along, which takes 0.5 us a point instead of 6; they are taken anew, from a
    near origin, before rounding could show.
    """

    __slots__ = ("_origin_x", "_points", "_since_rebuilt", "_sums")

    def __init__(self) -> None:
        self._points: deque[tuple[float, float]] = deque()
        self._origin_x = 0.0
        self._since_rebuilt = 0
        # Of x, y, x * x, x * y.
        self._sums = (0.0, 0.0, 0.0, 0.0)

    def add(self, x: float, y: float) -> float | None:
        """The slope with this point; None until there are enough."""
        points = self._points
        points.append((x, y))
        self._since_rebuilt += 1
        if len(points) <= WINDOW_GROUPS or self._since_rebuilt > WINDOW_GROUPS:
            if len(points) > WINDOW_GROUPS:
                points.popleft()
            self._rebuild()
        else:
            old_x, old_y = points.popleft()
            old_x -= self._origin_x
            x -= self._origin_x
            sx, sy, sxx, sxy = self._sums
            self._sums = (
                sx + x - old_x,
                sy + y - old_y,
                sxx + x * x - old_x * old_x,
                sxy + x * y - old_x * old_y,
            )
        return self._slope() if len(points) == WINDOW_GROUPS else None

    def _rebuild(self) -> None:
        origin = self._origin_x = self._points[0][0]
        self._since_rebuilt = 0
        xs = [x - origin for x, _ in self._points]
        ys = [y for _, y in self._points]
        products = sum(x * y for x, y in zip(xs, ys, strict=True))
        self._sums = (sum(xs), sum(ys), sum(x * x for x in xs), products)

    def _slope(self) -> float:
        sx, sy, sxx, sxy = self._sums
        spread = WINDOW_GROUPS * sxx - sx * sx
        # Points above each other have no slope.
        return (WINDOW_GROUPS * sxy - sx * sy) / spread if spread > _MIN_SPREAD else 0.0


# In square milliseconds; all groups of a window within a tick of the feedback.
_MIN_SPREAD = 1.0
