"""Browsers publish one picture in several sizes; the server takes all, and viewers get the best."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop import network
from tests.interop.driving import Browsers, Page, driving, patiently

pytestmark = pytest.mark.browser

Size = tuple[int, int]

# As clients do it: a quarter, a half, full.
SIMULCAST = """[
  { rid: 'q', scaleResolutionDownBy: 4 },
  { rid: 'h', scaleResolutionDownBy: 2 },
  { rid: 'f', scaleResolutionDownBy: 1 },
]"""
# Chromium sends only two encodings, or spatial layers, of anything below 960 x 540.
LARGE = (960, 720)
SMALL = (640, 480)
SCALABLE = "[{ scalabilityMode: 'L3T3_KEY' }]"


@pytest.fixture(scope="module")
def near() -> Iterator[Browsers]:
    """Chromium in the network of this machine."""
    with driving() as opened:
        yield opened


@pytest.fixture(scope="module")
def apart() -> Iterator[Browsers]:
    """Firefox too, in a network of their own."""
    reason = network.why_not()
    if reason:
        pytest.skip(reason)
    with network.namespace() as within, driving(within, [network.HOST]) as opened:
        yield opened


def video(page: Page, room: str) -> list[dict[str, Any]]:
    """What the server says of each encoding of the one published video."""
    (producers,) = page.room(room)["producers"].values()
    return [one for one in producers if one["kind"] == "video"]


def best_is_decoded(viewer: Page, size: Size) -> None:
    """The viewer shows pictures of this size that move, and plays sound."""
    viewer.run("play()")
    numbers = viewer.until("frameHeight", size[1])
    assert (numbers["frameWidth"], numbers["frameHeight"]) == size
    viewer.until("framesDecoded", numbers["framesDecoded"] + 60)
    assert viewer.picture_moves()
    assert viewer.until("samples", 24_000)


def sizes_taken(page: Page, room: str) -> dict[str, Size]:
    """The size of each encoding that the server got, by its name; waits for all three."""
    taken: dict[str, Size] = {}
    for _ in patiently():
        taken = {one["rid"]: (one["width"], one["height"]) for one in video(page, room)}
        if len(taken) == 3 and all(width for width, _ in taken.values()):
            break
    return taken


def fractions(size: Size) -> dict[str, Size]:
    """What three encodings of a picture of this size have."""
    return {rid: (size[0] // by, size[1] // by) for rid, by in (("q", 4), ("h", 2), ("f", 1))}


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_of_three_encodings_of_chromium_a_viewer_gets_the_best(codec: str, near: Browsers) -> None:
    with near.page("chrome", codec) as publisher, near.page("chrome", codec) as viewer:
        if not publisher.encodes(codec):
            pytest.skip(f"this Chromium does not encode {codec}")
        publisher.run(f"publish('{codec}', {SIMULCAST}, {LARGE[0]}, {LARGE[1]})")
        best_is_decoded(viewer, LARGE)
        sizes = sizes_taken(publisher, codec)
    assert sizes == fractions(LARGE)


def test_of_three_encodings_of_firefox_a_viewer_gets_the_best(apart: Browsers) -> None:
    with apart.page("firefox", "fox") as publisher, apart.page("chrome", "fox") as viewer:
        publisher.run(f"publish('VP8', {SIMULCAST})")
        best_is_decoded(viewer, SMALL)
        sizes = sizes_taken(publisher, "fox")
    assert sizes == fractions(SMALL)


def test_of_the_spatial_layers_of_one_stream_a_viewer_gets_the_best(near: Browsers) -> None:
    with near.page("chrome", "vp9") as publisher, near.page("chrome", "vp9") as viewer:
        publisher.run(f"publish('VP9', {SCALABLE}, {LARGE[0]}, {LARGE[1]})")
        best_is_decoded(viewer, LARGE)
        sent = publisher.run("numbers()")
        (encoding,) = video(publisher, "vp9")
    assert sent["scalabilityMode"] == "L3T3_KEY"
    assert (encoding["rid"], encoding["codec"]) == ("", "VP9")
