"""`candor case` and `candor verify`: an alert as a file that proves itself."""

import asyncio
from pathlib import Path

import click

from signaling.app import open_candor
from signaling.commands.settings import config_option, data_option, in_words, read_config
from signaling.config import Config, ConfigError
from signaling.errors import Refused
from signaling.installation import with_secret
from signaling.risk.case_archive import Damaged, public_key, signing_key, verified
from signaling.risk.cases import refuse_scores_that_do_not_follow

# Whoever may read the installation's secret.
ACTOR = "command line"


@click.group()
def case() -> None:
    """Cases: alerts with everything that they stand on."""


@case.command("export")
@click.argument("alert")
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False))
@config_option
@data_option
@in_words
def export(alert: str, archive: Path, config_file: Path | None, data: Path | None) -> None:
    """Write everything about ALERT to ARCHIVE, signed."""
    config = with_secret(read_config(config_file, data=data))
    if archive.exists():
        raise ConfigError(f"{archive} exists; choose another name")
    try:
        content = asyncio.run(_exported(config, alert))
    except Refused as refused:
        raise click.ClickException(f"{alert}: {refused.code}") from None
    archive.write_bytes(content)
    click.echo(f"{archive}: {len(content)} bytes")
    click.echo(f"public key {public_key(signing_key(config.auth.secret))}")


@case.command("key")
@config_option
@data_option
@in_words
def key(config_file: Path | None, data: Path | None) -> None:
    """Print the public key with which this installation's cases are checked."""
    config = with_secret(read_config(config_file, data=data))
    click.echo(public_key(signing_key(config.auth.secret)))


@click.command()
@click.argument("archive", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--key", help="the public key that it must be signed with")
@in_words
def verify(archive: Path, key: str | None) -> None:
    """Check ARCHIVE without any server: signature, chain, each entry, and each score once more."""
    try:
        found = verified(archive.read_bytes())
        scores = refuse_scores_that_do_not_follow(found)
    except Damaged as damaged:
        raise click.ClickException(f"{archive} does not hold: {damaged}") from None
    manifest = found.manifest
    if key is not None and key.lower() != manifest.public_key:
        raise click.ClickException(f"{archive} was signed with another key: {manifest.public_key}")
    click.echo(f"case {manifest.case}, exported {manifest.made_at.isoformat()}")
    click.echo(f"{len(found.entries)} entries unchanged, {scores} scores made again, all the same")
    click.echo(f"signed with public key {manifest.public_key}")
    if key is None:
        click.echo("Compare the key with that of the installation (`candor case key`).")


async def _exported(config: Config, alert: str) -> bytes:
    async with open_candor(config) as candor:
        return await candor.watching.cases.export(ACTOR, alert, "")
