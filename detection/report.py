"""An evaluation as a page for people: tables, a curve, every file.  It loads nothing else."""

from collections.abc import Sequence
from html import escape

from detection.evaluate import Evaluation, Group, Said
from detection.figures import Figure

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1f24; background: #fff }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #d5dae1;
  vertical-align: top }
small { color: #5b6470 } svg { background: #f6f8fa; border-radius: 6px }
@media (prefers-color-scheme: dark) { body { color: #e6eaf0; background: #14171c }
  th, td { border-color: #333a45 } small { color: #98a2b0 } svg { background: #1d222a } }
"""
_SIDE = 260


def page(evaluation: Evaluation) -> str:
    """The whole page."""
    sending = evaluation.sending
    said_by = ", ".join(escape(model.rsplit(" ", 1)[0]) for model in evaluation.models) or "none"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Candor: evaluation</title>
<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>
<h1>What Candor said of {len(evaluation.files)} files</h1>
<p>Sent as {escape(sending.codec)} at {sending.bitrate_bps // 1000} kb/s, at most
{sending.longest_side} pixels, the first {sending.seconds:g} s of each.
{1000 * evaluation.cpu_per_media_s:.0f} ms of one core for a second of media.
Models: {said_by}. Nobody was asked a challenge. Brackets hold 95 % of 500 draws with
replacement. An AUC of 0.5 is chance. Risk without evidence is that of anybody (0.10).</p>
{_groups(evaluation)}
{_curve(evaluation.groups[0])}
<h2>Sources left out</h2>
<p>Each source judged by the risk that parts all the others best.</p>
{_left_out(evaluation)}
<h2>Files</h2>
{_files(evaluation)}
</body></html>
"""


def lines(evaluation: Evaluation) -> str:
    """The table of groups for a terminal."""
    head = f"{'':26} {'real':>5} {'fake':>5}  {'unknown':18} {'reals accused':18} {'AUC'}"
    rows = [
        f"{group.name[:26]:26} {group.reals:5} {group.fakes:5}  {_text(group.unanswered):18} "
        f"{_text(group.reals_accused):18} {_text(group.auc)}"
        for group in evaluation.groups
    ]
    cost = f"{1000 * evaluation.cpu_per_media_s:.0f} ms of one core for a second of media"
    return "\n".join([head, *rows, cost])


def _text(figure: Figure) -> str:
    if figure.value is None:
        return "-"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.2f}"
    return f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}]"


def _groups(evaluation: Evaluation) -> str:
    counts, said = ("real", "fake"), ("unknown", "reals accused", "fakes accused")
    names = ("", *counts, *said, "AUC", "EER", "calibration error")
    rows = [
        (
            group.name,
            str(group.reals),
            str(group.fakes),
            _text(group.unanswered),
            _text(group.reals_accused),
            _text(group.fakes_accused),
            _text(group.auc),
            _text(group.equal_error),
            _text(group.calibration_error),
        )
        for group in evaluation.groups
    ]
    return _table(names, rows)


def _left_out(evaluation: Evaluation) -> str:
    rows = [(one.source, str(one.files), str(one.wrong)) for one in evaluation.left_out]
    return _table(("source", "files", "wrong"), rows)


def _files(evaluation: Evaluation) -> str:
    names = ("file", "is", "said", "risk", "confidence", "because")
    return _table(names, [_of_file(one) for one in evaluation.files])


def _of_file(said: Said) -> tuple[str, ...]:
    because = said.why or "; ".join(said.reasons)
    return (
        said.name,
        "fake" if said.fake else "real",
        said.state,
        f"{said.risk:.2f}",
        f"{said.confidence:.2f}",
        f"{because} {said.fault}".strip(),
    )


def _table(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def _curve(group: Group) -> str:
    """Fakes found against false alarms."""
    if not group.curve:
        return ""
    points = " ".join(f"{_SIDE * x:.1f},{_SIDE * (1 - y):.1f}" for x, y in group.curve)
    return f"""<figure><svg width="{_SIDE}" height="{_SIDE}" role="img"
aria-label="Fakes found against false alarms">
<line x1="0" y1="{_SIDE}" x2="{_SIDE}" y2="0" stroke="#98a2b0" stroke-dasharray="4"/>
<polyline points="{points}" fill="none" stroke="#2f6fde" stroke-width="2"/></svg>
<figcaption><small>Fakes found (up) against false alarms (right), {escape(group.name)};
dashed: chance.</small></figcaption></figure>"""
