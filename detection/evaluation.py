"""An evaluation from a folder to a page: what the command line needs, and no more."""

from collections.abc import Callable
from pathlib import Path

from detection.evaluate import Evaluation, NoSuchSet, Said, judge_file, read_set, summary
from detection.report import lines, page
from detection.sending import Sending
from detection.tools import open_tools, plug_in

__all__ = ["CannotEvaluate", "Evaluation", "Sending", "lines", "page", "run"]


class CannotEvaluate(Exception):
    """There is nothing to evaluate, or nothing to do it with."""


def run(
    folder: Path, models: Path, sending: Sending, *, on_file: Callable[[str], None]
) -> Evaluation:
    """Every file of the folder in turn; `on_file` is told of each in a line."""
    try:
        files = read_set(folder)
    except NoSuchSet as error:
        raise CannotEvaluate(f"{folder}: {error}") from None
    tools = open_tools(models)
    if tools.finder is None:
        raise CannotEvaluate(f"{tools.off['faces']}: run `candor models install`")
    plug_in(tools, models)
    said = []
    for file in files:
        one = judge_file(file, tools, sending)
        said.append(one)
        on_file(_line(one))
    return summary(
        said, (*tools.references, *(one.manifest.reference for one in tools.detectors)), sending
    )


def _line(said: Said) -> str:
    because = said.why or "; ".join(said.reasons)
    kind = "fake" if said.fake else "real"
    return f"{kind}  {said.state:16} {said.risk:.2f}  {said.name}  {because} {said.fault}".rstrip()
