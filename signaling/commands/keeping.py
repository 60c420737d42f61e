"""`candor backup`, `restore` and `migrate`: the database's care."""

import asyncio
from pathlib import Path

import click

from signaling.commands.settings import config_option, data_option, in_words, read_config
from signaling.config import Config, ConfigError
from signaling.installation import restore_secret, with_secret
from signaling.store import migrate as migrations
from signaling.store import open_store
from signaling.store.archive import DamagedArchive, restore_into, write_archive


@click.command()
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False))
@config_option
@data_option
@in_words
def backup(archive: Path, config_file: Path | None, data: Path | None) -> None:
    """Write everything to ARCHIVE, while Candor runs; it holds secrets, so keep it safe."""
    config = with_secret(read_config(config_file, data=data))
    if archive.exists():
        raise ConfigError(f"{archive} exists; choose another name")

    async def run() -> int:
        async with open_store(config.database_url) as store:
            return await store.read(
                lambda connection: write_archive(connection, archive, config.auth.secret)
            )

    rows = asyncio.run(run())
    click.echo(f"{rows} rows in {archive}. Whoever has this file can sign tokens: keep it safe.")


@click.command()
@click.argument("archive", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@config_option
@data_option
@in_words
def restore(archive: Path, config_file: Path | None, data: Path | None) -> None:
    """Fill an empty database from ARCHIVE; it may be of the other kind than the one it left."""
    config = read_config(config_file, data=data)
    try:
        rows, secret = asyncio.run(_restore(config, archive))
    except DamagedArchive as error:
        raise ConfigError(f"{archive}: {error}") from None
    kept = restore_secret(config, secret)
    click.echo(f"{rows} rows restored; {kept}.")


@click.command()
@config_option
@data_option
@in_words
def migrate(config_file: Path | None, data: Path | None) -> None:
    """Bring the database up to this version's schema; `candor serve` does it by itself."""
    config = read_config(config_file, data=data)

    async def run() -> None:
        async with open_store(config.database_url):
            pass

    asyncio.run(run())
    click.echo(f"Schema {migrations.newest()}.")


async def _restore(config: Config, archive: Path) -> tuple[int, str]:
    async with open_store(config.database_url) as store:
        return await store.write(lambda connection: restore_into(connection, archive))
