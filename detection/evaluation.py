"""An evaluation from a folder to a page: what the command line needs, and no more."""

from collections.abc import Callable, Sequence
from pathlib import Path

from detection import report, sweep_report
from detection.evaluate import (
    Evaluation,
    Labelled,
    NoSuchSet,
    Said,
    judge_file,
    read_set,
    summary,
)
from detection.sending import Sending, shows_something
from detection.sweeping import Sweep, swept
from detection.tools import Tools, open_tools, plug_in

__all__ = ["CannotEvaluate", "Sending", "lines", "page", "run", "sweep"]

OnFile = Callable[[str], None]


class CannotEvaluate(Exception):
    """There is nothing to evaluate, or nothing to do it with."""


def run(folder: Path, models: Path, sending: Sending, *, on_file: OnFile) -> Evaluation:
    """Every file of the folder in turn; `on_file` is told of each in a line."""
    files, tools = _opened(folder, models)
    return _summed_up(_said(files, tools, sending, on_file), tools, sending)


def sweep(folder: Path, models: Path, base: Sending, *, on_file: OnFile) -> Sweep:
    """Every film of the folder, sent in many ways; sound is sent in one way only."""
    files, tools = _opened(folder, models)
    films = [one for one in files if shows_something(one.path)]
    if not films:
        raise CannotEvaluate(f"{folder}: there is no film to be sent in other ways")

    def evaluate(sending: Sending) -> Evaluation:
        on_file(f"{sending}")
        return _summed_up(_said(films, tools, sending, on_file), tools, sending)

    return swept(base, evaluate)


def lines(found: Evaluation | Sweep) -> str:
    """For a terminal."""
    return report.lines(found) if isinstance(found, Evaluation) else sweep_report.lines(found)


def page(found: Evaluation | Sweep) -> str:
    """As HTML."""
    return report.page(found) if isinstance(found, Evaluation) else sweep_report.page(found)


def _opened(folder: Path, models: Path) -> tuple[list[Labelled], Tools]:
    try:
        files = read_set(folder)
    except NoSuchSet as error:
        raise CannotEvaluate(f"{folder}: {error}") from None
    tools = open_tools(models)
    if tools.finder is None:
        raise CannotEvaluate(f"{tools.off['faces']}: run `candor models install`")
    plug_in(tools, models)
    return files, tools


def _said(files: Sequence[Labelled], tools: Tools, sending: Sending, on_file: OnFile) -> list[Said]:
    said = []
    for file in files:
        one = judge_file(file, tools, sending)
        said.append(one)
        on_file(_line(one))
    return said


def _summed_up(said: Sequence[Said], tools: Tools, sending: Sending) -> Evaluation:
    plugged_in = (one.manifest.reference for one in tools.detectors)
    return summary(said, (*tools.references, *plugged_in), sending)


def _line(said: Said) -> str:
    because = said.why or "; ".join(said.reasons)
    kind = "fake" if said.fake else "real"
    return f"{kind}  {said.state:16} {said.risk:.2f}  {said.name}  {because} {said.fault}".rstrip()
