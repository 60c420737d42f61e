"""A sweep for people: tables to be pasted into a page of documentation, and a page with curves."""

from collections.abc import Sequence
from html import escape

from detection.pages import as_text, document, table
from detection.sweeping import AXES, Point, Sweep

NAMES = (
    "unknown",
    "real ones accused",
    "fakes accused",
    "AUC [95 %]",
    "wrong with the source left out",
    "ms of a core for a second",
)
_WIDTH, _HEIGHT, _MARGIN = 480, 200, 40
_AUC, _UNKNOWN = "#2f6fde", "#b4662a"


def lines(sweep: Sweep) -> str:
    """A table in Markdown for each thing that was changed."""
    tables = (line for axis in AXES for line in ("", *_markdown(axis, sweep.axis(axis))))
    return "\n".join((_what(sweep), *tables))


def page(sweep: Sweep) -> str:
    """Curves and tables."""
    parts = [
        f"<h2>{escape(axis)}</h2>{_chart(axis, points)}"
        f"{table((axis, *NAMES), [_row(point) for point in points])}"
        for axis in AXES
        if (points := sweep.axis(axis))
    ]
    return document(
        "Candor: sweep",
        "<h1>What Candor said of films, as they were sent</h1>"
        f"<p>{escape(_what(sweep))} Nobody was asked a challenge. Brackets hold "
        "95 % of 500 draws with replacement. An AUC of 0.5 is chance.</p>" + "\n".join(parts),
    )


def _what(sweep: Sweep) -> str:
    base, every = sweep.base, sweep.points[0].evaluation.groups[0]
    return (
        f"{every.reals} real films and {every.fakes} fakes, {base.seconds:g} s of each; unless "
        f"changed {base.codec}, {base.bitrate_bps // 1000} kb/s, {base.longest_side} pixels."
    )


def _markdown(axis: str, points: Sequence[Point]) -> list[str]:
    head = f"| {axis} | {' | '.join(NAMES)} |"
    rows = [f"| {' | '.join(_row(point))} |" for point in points]
    return [head, "|" + "---|" * (1 + len(NAMES)), *rows]


def _row(point: Point) -> tuple[str, ...]:
    found = point.evaluation
    every = found.groups[0]
    wrong, files = (
        sum(getattr(one, name) for one in found.left_out) for name in ("wrong", "files")
    )
    return (
        point.setting,
        as_text(every.unanswered),
        as_text(every.reals_accused),
        as_text(every.fakes_accused),
        as_text(every.auc),
        f"{wrong} of {files}",
        f"{1000 * found.cpu_per_media_s:.0f}",
    )


def _chart(axis: str, points: Sequence[Point]) -> str:
    """AUC with its interval, and the share that stayed unknown, setting by setting."""
    step = (_WIDTH - 2 * _MARGIN) / max(1, len(points) - 1)
    auc: list[tuple[float, float]] = []
    unknown: list[tuple[float, float]] = []
    marks: list[str] = []
    for number, point in enumerate(points):
        x, every = _MARGIN + number * step, point.evaluation.groups[0]
        marks.append(
            f'<text x="{x:.0f}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(point.setting)}'
            "</text>"
        )
        if every.unanswered.value is not None:
            unknown.append((x, _y(every.unanswered.value)))
        if every.auc.value is not None:
            auc.append((x, _y(every.auc.value)))
        if every.auc.low is not None and every.auc.high is not None:
            marks.append(_line((x, _y(every.auc.low)), (x, _y(every.auc.high)), _AUC))
    chance = _line((_MARGIN, _y(0.5)), (_WIDTH - _MARGIN, _y(0.5)), "#98a2b0")
    return (
        f'<figure><svg width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="AUC and share '
        f'of unknown by {escape(axis)}">{chance}{"".join(marks)}{_curve(auc, _AUC)}'
        f"{_curve(unknown, _UNKNOWN)}</svg><figcaption><small>Blue: AUC with its interval; brown: "
        "share that stayed unknown; grey: chance. From 0 to 1.</small></figcaption></figure>"
    )


def _y(share: float) -> float:
    return _MARGIN / 2 + (1 - share) * (_HEIGHT - 1.5 * _MARGIN)


def _line(start: tuple[float, float], end: tuple[float, float], colour: str) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _curve(points: Sequence[tuple[float, float]], colour: str) -> str:
    through = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{through}" fill="none" stroke="{colour}" stroke-width="2"/>'
