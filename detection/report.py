"""An evaluation as a page for people: tables, a curve, every file.  It loads nothing else."""

from collections.abc import Sequence
from html import escape

from detection.evaluate import Evaluation, Group, Said
from detection.figures import wilson
from detection.pages import as_text, document, table

_SIDE = 260


def page(evaluation: Evaluation) -> str:
    """The whole page."""
    sending = evaluation.sending
    said_by = ", ".join(escape(model.rsplit(" ", 1)[0]) for model in evaluation.models) or "none"
    return document(
        "Candor: evaluation",
        f"""<h1>What Candor said of {len(evaluation.files)} files</h1>
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
{_files(evaluation)}""",
    )


def lines(evaluation: Evaluation) -> str:
    """The table of groups for a terminal."""
    head = f"{'':26} {'real':>5} {'fake':>5}  {'unknown':18} {'reals accused':18} {'AUC'}"
    rows = [
        f"{group.name[:26]:26} {group.reals:5} {group.fakes:5}  {as_text(group.unanswered):18} "
        f"{as_text(group.reals_accused):18} {as_text(group.auc)}"
        for group in evaluation.groups
    ]
    cost = f"{1000 * evaluation.cpu_per_media_s:.0f} ms of one core for a second of media"
    return "\n".join([head, *rows, accused_without_a_challenge(evaluation.files), cost])


def accused_without_a_challenge(files: Sequence[Said]) -> str:
    """How many real people were shown as suspicious or worse, in a sentence."""
    real = [one for one in files if not one.fake]
    accused = sum(one.accused for one in real)
    low, high = wilson(accused, max(1, len(real)))
    return (
        f"{accused} of {len(real)} real ones shown as suspicious or worse without a challenge "
        f"(95 %: {100 * low:.1f} to {100 * high:.1f} %)"
    )


def _groups(evaluation: Evaluation) -> str:
    counts, said = ("real", "fake"), ("unknown", "reals accused", "fakes accused")
    names = ("", *counts, *said, "AUC", "EER", "calibration error")
    rows = [
        (
            group.name,
            str(group.reals),
            str(group.fakes),
            as_text(group.unanswered),
            as_text(group.reals_accused),
            as_text(group.fakes_accused),
            as_text(group.auc),
            as_text(group.equal_error),
            as_text(group.calibration_error),
        )
        for group in evaluation.groups
    ]
    return table(names, rows)


def _left_out(evaluation: Evaluation) -> str:
    rows = [(one.source, str(one.files), str(one.wrong)) for one in evaluation.left_out]
    return table(("source", "files", "wrong"), rows)


def _files(evaluation: Evaluation) -> str:
    names = ("file", "is", "said", "risk", "confidence", "because")
    return table(names, [_of_file(one) for one in evaluation.files])


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
