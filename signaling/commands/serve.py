"""`candor serve`: start, say where, and stop when asked to."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import click
import structlog

from detection import Detection
from sfu import Sfu
from signaling import banner, logs
from signaling.app import VERSION, Candor, open_candor, utc_now
from signaling.commands.settings import config_option, data_option, in_words, read_config
from signaling.config import Config
from signaling.http.server import CannotListen, listen
from signaling.installation import first_operator, make_for_trying_out, tls_context, with_secret
from signaling.media import sfu_config
from signaling.risk.watching import detection_config

# Media processes start in a second; when one cannot, its log line says why.
CHILDREN_READY_S = 20.0

log = structlog.get_logger()


@click.command()
@click.option("--host", help="address for HTTPS and media")
@click.option("--port", type=int, help="port for plain HTTP on loopback; 0 picks free ports")
@click.option("--https-port", type=int, help="port for HTTPS")
@click.option("--media-port", type=int, help="first port for media, UDP and TCP")
@click.option("--media-workers", type=int, help="media processes")
@click.option("--advertise-ip", multiple=True, help="address told to clients; may be repeated")
@click.option("--dev", is_flag=True, default=None, help="try it out: make what is missing")
@click.option("--json", "as_json", is_flag=True, help="say where on one line of JSON")
@config_option
@data_option
@in_words
def serve(*, as_json: bool, config_file: Path | None, **options: Any) -> None:
    """Start Candor."""
    options["advertise_ip"] = options["advertise_ip"] or None
    config = read_config(config_file, **options)
    logs.configure(config.log)
    if config.dev:
        make_for_trying_out(config)
    try:
        asyncio.run(_serve(with_secret(config), as_json=as_json))
    except* CannotListen as group:
        raise click.ClickException(str(group.exceptions[0])) from None


async def _serve(config: Config, *, as_json: bool) -> None:
    tls = tls_context(config, utc_now())
    async with (
        _asked_to_stop() as stop,
        _detection(config) as detection,
        Sfu(sfu_config(config, detection.tap_socket if detection else None)) as sfu,
        open_candor(config, sfu=sfu, detection=detection) as candor,
    ):
        password = await first_operator(candor.accounts) if config.dev else None
        async with listen(candor, tls) as listening:
            await _wait_for_children(candor)
            ready = banner.Ready(
                listening.http, listening.https, candor.media.addresses(), os.getpid(), password
            )
            _say(ready, config, as_json=as_json)
            log.info("serve.ready", version=VERSION, http=listening.http, https=listening.https)
            await stop.wait()
            log.info("serve.draining")
    log.info("serve.stopped")


def _detection(config: Config) -> AbstractAsyncContextManager[Detection | None]:
    return Detection(detection_config(config)) if config.detection.enabled else nullcontext()


async def _wait_for_children(candor: Candor) -> None:
    """A child that does not come up is named by /readyz and the log; the rest works without."""
    try:
        async with asyncio.timeout(CHILDREN_READY_S):
            await candor.health.wait_for_children()
            await candor.media.wait_ready()
    except TimeoutError:
        log.warning("serve.degraded", children=[str(child) for child in candor.health.children()])


def _say(ready: banner.Ready, config: Config, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(ready.as_event()) + "\n")
    else:
        banner.show(ready, config)
    sys.stdout.flush()


@asynccontextmanager
async def _asked_to_stop() -> AsyncIterator[asyncio.Event]:
    """Set by SIGTERM or SIGINT; a second one does what it does by default."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def ask(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask, number)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
