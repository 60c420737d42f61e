"""`candor explain SCORE`: how a score came about, made again from what is stored of it."""

import asyncio
from pathlib import Path

import click

from signaling.commands.settings import config_option, data_option, in_words, read_config
from signaling.installation import with_secret
from signaling.risk.explaining import explained
from signaling.risk.records import Records, Unreadable
from signaling.store import open_store, risk_scores
from signaling.store.risk_scores import StoredScore


@click.command("explain")
@click.argument("score")
@config_option
@data_option
@in_words
def explain(score: str, config_file: Path | None, data: Path | None) -> None:
    """Make a stored SCORE again, and say line by line how; exit code 1 if another comes out."""
    config = with_secret(read_config(config_file, data=data))

    async def find() -> StoredScore | None:
        async with open_store(config.database_url) as store:
            return await store.read(lambda connection: risk_scores.by_id(connection, score))

    stored = asyncio.run(find())
    if stored is None:
        raise click.ClickException(f"there is no score {score}")
    try:
        told = explained(stored, Records(config.auth.secret).open(stored))
    except Unreadable:
        raise click.ClickException(
            "its record was changed, or sealed with another secret"
        ) from None
    click.echo("\n".join(told.lines))
    if not told.same:
        raise SystemExit(1)
