"""Firefox publishes and plays, with itself and with Chromium, in a network of their own.

It gathers no candidate of the loopback, so there has to be another address.
"""

from collections.abc import Iterator

import pytest

from tests.interop import network
from tests.interop.driving import Browsers, driving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browsers() -> Iterator[Browsers]:
    reason = network.why_not()
    if reason:
        pytest.skip(reason)
    with network.namespace() as within, driving(within, [network.HOST]) as opened:
        yield opened


@pytest.mark.parametrize("codec", ["VP8", "H264"])
@pytest.mark.parametrize(
    ("publishing", "viewing"),
    [("firefox", "firefox"), ("chrome", "firefox"), ("firefox", "chrome")],
)
def test_firefox_takes_part(publishing: str, viewing: str, codec: str, browsers: Browsers) -> None:
    room = f"{publishing}-{viewing}-{codec}"
    with browsers.page(publishing, room) as publisher, browsers.page(viewing, room) as viewer:
        if not (publisher.encodes(codec) and viewer.encodes(codec)):
            pytest.skip(f"one of these browsers has no {codec}")
        publisher.run(f"publish('{codec}')")
        publisher.until("framesSent", 1)
        viewer.run("play()")
        numbers = viewer.until("framesDecoded", 60)
        assert viewer.picture_moves()
    # Firefox begins with smaller pictures of the same shape where the machine is busy.
    assert numbers["frameWidth"] * 3 == numbers["frameHeight"] * 4
    assert numbers["samples"] > 24_000
