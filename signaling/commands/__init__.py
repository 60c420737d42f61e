"""The command line: `candor serve` and what an administrator needs beside it."""

import click

from signaling.app import VERSION
from signaling.commands.accounts import user
from signaling.commands.calling import call, load
from signaling.commands.casing import case, verify
from signaling.commands.checking import audit, doctor
from signaling.commands.evaluating import evaluate
from signaling.commands.explaining import explain
from signaling.commands.keeping import backup, migrate, restore
from signaling.commands.modelling import models
from signaling.commands.serve import serve
from signaling.commands.tokens import token
from signaling.commands.training import train_probe


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="candor")
def main() -> None:
    """Candor: self-hosted video calls and chat that tell what is probably not real."""


for command in (
    serve,
    call,
    load,
    user,
    token,
    doctor,
    audit,
    models,
    evaluate,
    explain,
    case,
    verify,
    train_probe,
    backup,
    restore,
    migrate,
):
    main.add_command(command)
