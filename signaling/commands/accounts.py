"""`candor user`: accounts from the command line, for the first administrator and at 3 a.m."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from signaling.app import Candor, open_candor
from signaling.auth.accounts import CONSOLE
from signaling.commands.settings import config_option, data_option, in_words, read_config
from signaling.config import Config
from signaling.installation import with_secret

ROLES = click.Choice(["caller", "operator", "administrator"])


@click.group()
def user() -> None:
    """Make accounts, set passwords and roles."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=ROLES, default="caller", show_default=True)
@click.option("--password", help="default: one is generated and printed")
@config_option
@data_option
@in_words
def add(
    name: str, role: str, password: str | None, config_file: Path | None, data: Path | None
) -> None:
    """Make an account."""
    chosen = password or secrets.token_urlsafe(12)

    async def work(candor: Candor) -> None:
        await candor.accounts.create(name, chosen, role)

    _with_candor(read_config(config_file, data=data), work)
    click.echo(f"{name} is {role}." + ("" if password else f" Password: {chosen}"))


@user.command("password")
@click.argument("name")
@click.option("--password", help="default: one is generated and printed")
@config_option
@data_option
@in_words
def set_password(
    name: str, password: str | None, config_file: Path | None, data: Path | None
) -> None:
    """Set a new password; every session of the account ends."""
    chosen = password or secrets.token_urlsafe(12)

    async def work(candor: Candor) -> None:
        await candor.accounts.reset_password(name, chosen)

    _with_candor(read_config(config_file, data=data), work)
    click.echo("Changed." if password else f"Changed. Password: {chosen}")


@user.command("role")
@click.argument("name")
@click.argument("role", type=ROLES)
@config_option
@data_option
@in_words
def set_role(name: str, role: str, config_file: Path | None, data: Path | None) -> None:
    """Give an account another role; it holds from the next request on."""

    async def work(candor: Candor) -> None:
        found = await candor.accounts.by_name(name)
        await candor.standing.set_role(CONSOLE, found.id, role, "")

    _with_candor(read_config(config_file, data=data), work)
    click.echo(f"{name} is {role}.")


def _with_candor(config: Config, work: Callable[[Candor], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_candor(with_secret(config)) as candor:
            await work(candor)

    asyncio.run(run())
