"""`candor doctor` and `candor audit verify`: is everything as it should be?"""

import asyncio
import json
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from signaling import doctor as examination
from signaling.commands.settings import config_option, data_option, in_words, read_config
from signaling.store import audit as audit_store
from signaling.store import open_store

MARKS = {"pass": "[green]pass[/green]", "warn": "[yellow]warn[/yellow]", "fail": "[red]FAIL[/red]"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="one JSON object instead of a table")
@config_option
@data_option
@in_words
def doctor(*, as_json: bool, config_file: Path | None, data: Path | None) -> None:
    """Check ports, certificate, database, disk, clock and UDP; exit code 1 if one fails."""
    findings = asyncio.run(examination.examine(read_config(config_file, data=data)))
    if as_json:
        click.echo(json.dumps([finding.as_json() for finding in findings]))
    else:
        console = Console(highlight=False)
        for finding in findings:
            console.print(f"{MARKS[finding.outcome]}  {finding.name:12} {escape(finding.detail)}")
    if any(finding.outcome == "fail" for finding in findings):
        raise SystemExit(1)


@click.group()
def audit() -> None:
    """The append-only log of who did what."""


@audit.command("verify")
@click.option("--head", help="a hash noted earlier, which the log must still hold")
@config_option
@data_option
@in_words
def verify(head: str | None, config_file: Path | None, data: Path | None) -> None:
    """Check that no entry was changed, removed or inserted; exit code 1 if one was."""
    config = read_config(config_file, data=data)

    async def check() -> tuple[str | None, int, str, bool]:
        async with open_store(config.database_url) as store:
            fault = await store.read(audit_store.first_fault_of)
            count, newest = await store.read(audit_store.head)
            found = head is None or await store.read(
                lambda connection: audit_store.holds(connection, head)
            )
            return fault, count, newest, found

    fault, count, newest, found = asyncio.run(check())
    if fault is not None:
        raise click.ClickException(f"the audit log does not hold: {fault}")
    if not found:
        raise click.ClickException("the audit log does not hold that entry: its end was cut off")
    click.echo(f"{count} entries, unbroken. Head: {newest}")
