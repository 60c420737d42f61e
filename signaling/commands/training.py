"""`candor train-probe`: a detector of an operator's own, from films of people who agreed."""

from pathlib import Path

import click

from signaling.app import utc_now
from signaling.commands.settings import config_option, in_words, read_config


@click.command("train-probe")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default="probe",
    show_default=True,
    help="where OUT.toml and OUT.json go; its last part is the detector's name",
)
@click.option("--models", type=click.Path(path_type=Path), help="where models are kept")
@config_option
@in_words
def train_probe(*, folder: Path, out: Path, models: Path | None, config_file: Path | None) -> None:
    """Learn the seams of blended faces from films of real people in FOLDER.

    A film is one person; films in a folder of its own are of one person.  Nobody's picture is kept:
    what is written are 512 weights and where they come from.
    """
    # Networks take long to load, and no other command needs them.
    from detection import training

    place = models or read_config(config_file).detection.models
    try:
        trained = training.train(folder, place, on_person=lambda line: click.echo(line, err=True))
    except training.CannotTrain as error:
        raise click.ClickException(str(error)) from None
    for person, auc in trained.by_person:
        click.echo(f"{auc:.2f}  {person}, by a head of all others")
    click.echo(f"{trained.left_out_auc:.2f}  all: told from the same faces blended with themselves")
    manifest = training.write(trained, out, utc_now().date())
    click.echo(f"{manifest} is written; `candor models add {manifest}` plugs it in.")
