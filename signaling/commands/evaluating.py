"""`candor evaluate`: the very pipeline of the server over labelled files."""

from pathlib import Path

import click
import msgspec

from signaling.commands.settings import config_option, in_words, read_config


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="write all as JSON")
@click.option("--html", "html_file", type=click.Path(path_type=Path), help="write a report")
@click.option("--sweep", is_flag=True, help="films only, sent in many ways: one thing at a time")
@click.option(
    "--codec", type=click.Choice(["vp8", "vp9", "h264", "av1"]), default="vp8", show_default=True
)
@click.option("--bitrate", type=click.IntRange(50, 10_000), default=600, help="in kb/s")
@click.option("--size", type=click.IntRange(64, 4096), default=640, help="of the longer side")
@click.option("--light", type=click.FloatRange(0.01, 4.0), default=1.0, help="1 is as it was")
@click.option("--loss", type=click.FloatRange(0.0, 0.9), default=0.0, help="share of pictures")
@click.option("--seconds", type=click.FloatRange(1.0), default=12.0, help="of each file")
@click.option("--models", type=click.Path(path_type=Path), help="where models are kept")
@config_option
@in_words
def evaluate(
    *,
    folder: Path,
    json_file: Path | None,
    html_file: Path | None,
    sweep: bool,
    codec: str,
    bitrate: int,
    size: int,
    light: float,
    loss: float,
    seconds: float,
    models: Path | None,
    config_file: Path | None,
) -> None:
    """Say of each file in FOLDER what a call would have been told, and how often that was right.

    FOLDER has an index.csv (path, label, origin_repository) or the folders real and fake.
    """
    # Decoders and networks take long to load, and no other command needs them.
    from detection import evaluation

    place = models or read_config(config_file).detection.models
    how = evaluation.Sending(
        codec, 1000 * bitrate, longest_side=size, seconds=seconds, light=light, loss=loss
    )
    work = evaluation.sweep if sweep else evaluation.run
    try:
        found = work(folder, place, how, on_file=lambda line: click.echo(line, err=True))
    except evaluation.CannotEvaluate as error:
        raise click.ClickException(str(error)) from None
    click.echo(evaluation.lines(found))
    if json_file is not None:
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1))
    if html_file is not None:
        html_file.write_text(evaluation.page(found), encoding="utf-8")
