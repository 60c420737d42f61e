"""Films sent in many ways: what is changed, and how it is shown."""

from pathlib import Path

import pytest

from detection import evaluation
from detection.evaluate import Evaluation, Said, summary
from detection.evaluation import CannotEvaluate
from detection.faces import FaceFinder
from detection.sending import CODECS, Sending
from detection.sweeping import AXES, Sweep, settings, swept
from tests.detection.conftest import FOLDER


def said(fake: bool, risk: float) -> Said:
    state = "suspicious" if risk > 0.6 else "no_sign"
    source = "here" if risk > 0.4 else "there"
    return Said("film", fake, source, True, risk, 0.3, state, state, "", (), 4.0, 0.2)


@pytest.fixture
def sweep() -> Sweep:
    """Whatever is sent at 100 kb/s looks alike; the rest is told apart."""

    def evaluate(sending: Sending) -> Evaluation:
        clear = 0.0 if sending.bitrate_bps == 100_000 else 0.5
        found = [said(one % 2 == 1, 0.2 + clear * (one % 2)) for one in range(8)]
        return summary(found, (), sending)

    return swept(Sending(seconds=4.0), evaluate)


def test_one_thing_is_changed_at_a_time() -> None:
    base = Sending(seconds=4.0)
    for axis, _, sending in settings(base):
        changed = {
            name
            for name in Sending.__struct_fields__
            if getattr(sending, name) != getattr(base, name)
        }
        assert len(changed) <= 1, (axis, sending)


def test_what_two_axes_share_is_evaluated_once() -> None:
    asked: list[Sending] = []

    def evaluate(sending: Sending) -> Evaluation:
        asked.append(sending)
        return summary([], (), sending)

    found = swept(Sending(), evaluate)
    assert len(asked) == len(set(asked)) == len(found.points) - len(AXES) + 1
    assert [point.setting for point in found.axis("codec")] == list(CODECS)


def test_tables_and_curves_show_every_setting_with_its_interval(sweep: Sweep) -> None:
    text, html = evaluation.lines(sweep), evaluation.page(sweep)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == len(sweep.points) + len(AXES)
    (worst,) = (row for row in rows if "| 100 kb/s |" in row)
    assert "| 0.50 [0.50, 0.50] |" in worst
    assert sum("| 1.00 [1.00, 1.00] |" in row for row in rows) == len(sweep.points) - 1
    assert html.count("<svg") == len(AXES)
    assert all(f">{point.setting}</text>" in html for point in sweep.points)


def test_sound_alone_is_not_swept(finder: FaceFinder, tmp_path: Path) -> None:
    assert finder
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "voice.wav").write_bytes(b"no pictures")
    with pytest.raises(CannotEvaluate, match="no film"):
        evaluation.sweep(tmp_path, FOLDER, Sending(), on_file=lambda line: None)
