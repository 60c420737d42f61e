"""`candor token`: a bearer token for one room, for integrators and tests; printed alone."""

from datetime import timedelta
from pathlib import Path

import click

from signaling.app import utc_now
from signaling.auth.grants import SOURCES, Grants, sources
from signaling.auth.tokens import RoomClaims, Signer
from signaling.commands.settings import config_option, data_option, in_words, read_config
from signaling.identifiers import new_id
from signaling.installation import with_secret


@click.command()
@click.option("--room", required=True, help="the room that it opens")
@click.option("--identity", required=True, help="who its holder is in the room")
@click.option("--name", help="what the others see; default: the identity")
@click.option("--publish", is_flag=True, help="may publish every source")
@click.option(
    "--source", "only", multiple=True, type=click.Choice(SOURCES), help="publish only this"
)
@click.option("--subscribe", is_flag=True, help="may see and hear the others")
@click.option("--chat", is_flag=True, help="may read and write messages")
@click.option("--moderate", is_flag=True, help="may mute, remove, lock and invite")
@click.option("--record", is_flag=True, help="may record")
@click.option("--hidden", is_flag=True, help="is not shown to the others")
@click.option("--observe-risk", is_flag=True, help="may see risk scores")
@click.option(
    "--minutes", type=click.IntRange(1, 60 * 24 * 365), default=24 * 60, show_default=True
)
@config_option
@data_option
@in_words
def token(
    *,
    room: str,
    identity: str,
    name: str | None,
    publish: bool,
    only: tuple[str, ...],
    minutes: int,
    config_file: Path | None,
    data: Path | None,
    **flags: bool,
) -> None:
    """Print a bearer token with the given rights in a room, and nothing else."""
    config = with_secret(read_config(config_file, data=data))
    grants = Grants(publish=sources(publish=publish or bool(only), only=only), **flags)
    now = utc_now()
    claims = RoomClaims(new_id(now), room, identity, name or identity, grants)
    click.echo(Signer(config.auth.secret).room_token(claims, now, timedelta(minutes=minutes)))
