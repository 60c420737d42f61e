"""Visits of headless callers with a bar on standard error, and faults in words."""

import asyncio
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from detection import finding
from signaling.client import Refusal
from signaling.client.clips import Clip, read
from signaling.client.summary import Load, summed_up
from signaling.client.visit import Plan, Report, visit

__all__ = ["Plan", "all_of", "one", "sitter"]

T = TypeVar("T")

TICK_S = 0.2


def sitter(film: str | None, models: Path) -> Clip:
    """Whoever is seen in a film, to sit before a camera."""
    if film is None or not Path(film).is_file():
        raise click.ClickException("To answer challenges, --publish a film of somebody.")
    try:
        found = read(Path(film), finding.opened(models))
    except finding.CannotFind as error:
        raise click.ClickException(str(error)) from None
    if found is None:
        raise click.ClickException(f"No face was found in {film}.")
    return found


def one(plan: Plan) -> Report:
    """One visit; the bar is its time."""
    return _run(_one(plan))


def all_of(plans: list[Plan]) -> Load:
    """Every visit at the same time."""
    return _run(_all(plans))


async def _one(plan: Plan) -> Report:
    """One visit; the bar is its time."""
    with _progress(TextColumn("{task.completed:.0f} of {task.total:.0f} s")) as progress:
        clock = asyncio.create_task(_tick(progress, f"in {plan.room}", plan.seconds))
        try:
            return await visit(plan)
        finally:
            clock.cancel()


async def _tick(progress: Progress, what: str, seconds: float) -> None:
    bar, began_s = progress.add_task(what, total=seconds), time.monotonic()
    while not progress.finished:
        await asyncio.sleep(TICK_S)
        progress.update(bar, completed=min(time.monotonic() - began_s, seconds))


async def _all(plans: list[Plan]) -> Load:
    """Every visit; in words, why one failed."""
    with _progress(MofNCompleteColumn()) as progress:
        bar = progress.add_task("callers that are done", total=len(plans))

        async def one(plan: Plan) -> Report | str:
            try:
                return await visit(plan)
            except (Refusal, OSError, TimeoutError) as error:
                return f"{plan.room}: {error}"
            finally:
                progress.advance(bar)

        return summed_up(await asyncio.gather(*(one(plan) for plan in plans)))


def _progress(column: ProgressColumn) -> Progress:
    """A bar on standard error: standard output is for the report."""
    described = TextColumn("{task.description}")
    return Progress(
        described, BarColumn(), column, TimeRemainingColumn(), console=Console(stderr=True)
    )


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
    except FileNotFoundError as error:
        raise click.ClickException(f"There is no file {error}.") from None
    except (OSError, TimeoutError) as error:
        raise click.ClickException(f"The server cannot be reached: {error}") from None
