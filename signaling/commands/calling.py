"""`candor call` and `candor load`: headless callers, for testers.

`visiting` brings a whole WebRTC client, and is imported only by whoever calls: it would be a third
of the time that `candor serve` takes to come up.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from signaling.app import utc_now
from signaling.auth.grants import MEMBER
from signaling.auth.tokens import RoomClaims, Signer
from signaling.commands.settings import config_option, data_option, in_words, read_config
from signaling.config import Config
from signaling.identifiers import new_id
from signaling.installation import with_secret
from signaling.risk.consent import VERSION

if TYPE_CHECKING:
    from signaling.client.answering import Answer

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
# A room token outlives the visit by this.
TOKEN_SPARE = timedelta(minutes=5)


class Seconds(click.ParamType[float]):
    """`30`, `30s`, `2m`, `1h`."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", str(value))
        if found is None:
            self.fail("write it as 30s, 2m or 1h", param, ctx)
        return float(found[1]) * UNITS[found[2]]


server_option = click.option(
    "--server", default="http://127.0.0.1:8080", show_default=True, help="where Candor answers"
)
for_option = click.option(
    "--for", "seconds", type=Seconds(), default="30s", show_default=True, help="how long"
)
consent_option = click.option(
    "--consent", is_flag=True, help="agree that faces and voices are checked"
)
insecure_option = click.option(
    "--insecure", is_flag=True, help="take any certificate, as that of --dev"
)


@click.command()
@click.argument("room")
@click.option("--publish", help="send this: pattern, silence, or a file")
@click.option(
    "--answer",
    type=click.Choice(["honest", "other", "unlit", "refuse"]),
    help="answer challenges with whoever is in the published film; see TESTERS.md",
)
@click.option("--subscribe", is_flag=True, help="see and hear the others")
@click.option("--say", help="write this to the room")
@click.option(
    "--record",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="keep what arrives in this folder",
)
@click.option("--token", help="a room token; default: one is signed by the configured secret")
@click.option("--identity", default="tester", show_default=True, help="who this is in the room")
@consent_option
@for_option
@server_option
@insecure_option
@config_option
@data_option
@in_words
def call(
    *,
    room: str,
    publish: str | None,
    answer: "Answer | None",
    subscribe: bool,
    say: str | None,
    record: Path | None,
    token: str | None,
    identity: str,
    consent: bool,
    seconds: float,
    server: str,
    insecure: bool,
    config_file: Path | None,
    data: Path | None,
) -> None:
    """Join a ROOM without a browser, and report as JSON what arrived."""
    config = read_config(config_file, data=data)
    if token is None:
        token = _token(with_secret(config), room, identity, seconds)
    from signaling.commands import visiting

    plan = visiting.Plan(
        server=server,
        token=token,
        room=room,
        publish=publish if answer is None else None,
        subscribe=subscribe or record is not None,
        seconds=seconds,
        folder=record,
        check_certificate=not insecure,
        consent=VERSION if consent else None,
        say=say,
        sitter=None if answer is None else visiting.sitter(publish, config.detection.models),
        answer=answer or "honest",
    )
    _print(visiting.one(plan))


@click.command()
@click.option("--rooms", type=click.IntRange(1, 1000), default=1, show_default=True)
@click.option("--people", type=click.IntRange(1, 200), default=2, show_default=True)
@click.option("--publish", default="pattern", show_default=True, help="pattern, silence or a file")
@consent_option
@for_option
@server_option
@insecure_option
@config_option
@data_option
@in_words
def load(
    *,
    rooms: int,
    people: int,
    publish: str,
    consent: bool,
    seconds: float,
    server: str,
    insecure: bool,
    config_file: Path | None,
    data: Path | None,
) -> None:
    """Fill rooms with headless callers, and report as JSON how it went for all and for each."""
    from signaling.commands import visiting

    config = with_secret(read_config(config_file, data=data))
    plans = [
        visiting.Plan(
            server=server,
            token=_token(config, f"load-{room}", f"caller-{person}", seconds),
            room=f"load-{room}",
            publish=publish,
            subscribe=True,
            seconds=seconds,
            check_certificate=not insecure,
            consent=VERSION if consent else None,
        )
        for room in range(rooms)
        for person in range(people)
    ]
    _print(visiting.all_of(plans))


def _token(config: Config, room: str, identity: str, seconds: float) -> str:
    now = utc_now()
    claims = RoomClaims(new_id(now), room, identity, identity, MEMBER)
    return Signer(config.auth.secret).room_token(
        claims, now, timedelta(seconds=seconds) + TOKEN_SPARE
    )


def _print(report: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
