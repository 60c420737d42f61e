"""How commands get their configuration, and how they fail: in one sentence, with exit code 1."""

import functools
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy.exc import DBAPIError

from signaling.config import Config, ConfigError, load
from signaling.errors import CODES, Refused, Unavailable
from signaling.store.migrate import StoreTooNew

F = TypeVar("F", bound=Callable[..., Any])

config_option = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file with settings",
)
data_option = click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="data folder"
)


def read_config(config_file: Path | None, **options: Any) -> Config:
    """The configuration of this call."""
    return load(environment=os.environ, options=options, file=config_file)


def in_words(command: F) -> F:
    """A command whose foreseeable failures are sentences and not tracebacks."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except (ConfigError, StoreTooNew) as error:
            raise click.ClickException(str(error)) from None
        except Refused as error:
            raise click.ClickException(error.detail or CODES[error.code].message) from None
        except Unavailable as error:
            raise click.ClickException(f"{CODES[error.code].message} ({error.reason})") from None
        except (DBAPIError, sqlite3.Error) as error:
            raise click.ClickException(f"the database cannot be used: {error}") from None
        except OSError as error:
            raise click.ClickException(f"{error.filename or ''}: {error.strerror}") from None

    return run  # type: ignore[return-value]
