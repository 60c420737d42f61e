"""What many visits come to: one value for a page of figures.

Pure.  A visit that failed is a sentence instead of a `Report`, and counts as one that failed.
"""

import math
from collections.abc import Sequence

import msgspec

from signaling.client.visit import Report

OPINION_BY = "E-model (ITU-T G.107), from loss alone: no delay, default values, Opus with Bpl 10"


class Summary(msgspec.Struct, frozen=True):
    """Times in seconds; what nobody had is null."""

    callers: int
    failed: int
    joined_p50_s: float | None
    joined_p95_s: float | None
    first_picture_p50_s: float | None
    first_picture_p95_s: float | None
    packets: int
    lost: int
    lost_percent: float
    frames: int
    tracks: int
    silent_tracks: int
    """Tracks of which nothing was heard or seen."""
    freezes: int
    frozen_s: float
    opinion_median: float | None
    opinion_worst: float | None
    opinion_by: str
    rejoined: int


class Load(msgspec.Struct, frozen=True):
    """All together, and each."""

    summary: Summary
    visits: Sequence[Report | str]


def summed_up(visits: Sequence[Report | str]) -> Load:
    reports = [one for one in visits if isinstance(one, Report)]
    tracks = [track for report in reports for track in report.tracks]
    firsts = [one.first_s for one in tracks if one.source == "camera" and one.first_s is not None]
    joined = [one.joined_s for one in reports]
    opinions = [one.opinion for one in reports if one.opinion is not None]
    packets, lost = sum(one.packets for one in reports), sum(one.lost for one in reports)
    summary = Summary(
        callers=len(visits),
        failed=len(visits) - len(reports),
        joined_p50_s=_percentile(joined, 50),
        joined_p95_s=_percentile(joined, 95),
        first_picture_p50_s=_percentile(firsts, 50),
        first_picture_p95_s=_percentile(firsts, 95),
        packets=packets,
        lost=lost,
        lost_percent=round(100 * lost / max(packets + lost, 1), 3),
        frames=sum(one.frames for one in tracks),
        tracks=len(tracks),
        silent_tracks=sum(not one.frames for one in tracks),
        freezes=sum(one.freezes for one in tracks),
        frozen_s=round(sum(one.frozen_s for one in tracks), 3),
        opinion_median=_percentile(opinions, 50),
        opinion_worst=min(opinions, default=None),
        opinion_by=OPINION_BY,
        rejoined=sum(one.rejoined for one in reports),
    )
    return Load(summary, visits)


def _percentile(values: Sequence[float], percent: float) -> float | None:
    """A value that occurred: nothing is interpolated."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]
