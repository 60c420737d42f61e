"""What a viewer can decode of what is published."""

import pytest

from sfu.compatibility import can_decode
from sfu.description import Format


def h264(parameters: str) -> Format:
    return Format(102, "H264", 90_000, parameters=f"level-asymmetry-allowed=1{parameters}")


@pytest.mark.parametrize(
    ("viewer", "publisher", "fits"),
    [
        ("42e01f", "42e01f", True),
        ("42001f", "42e01f", True),
        ("640c1f", "42e01f", True),
        ("4d001f", "42e01f", True),
        ("42e01f", "640c1f", False),
        ("42e01f", "4d001f", False),
    ],
)
def test_h264_profiles(viewer: str, publisher: str, fits: bool) -> None:
    formats = (h264(f";profile-level-id={profile}") for profile in (viewer, publisher))
    assert can_decode(*formats) is fits


@pytest.mark.parametrize(
    ("viewer", "publisher", "fits"),
    [
        (";packetization-mode=1", ";packetization-mode=1", True),
        # A publisher that does not say, as GStreamer where it has not encoded yet.
        (";packetization-mode=1", "", True),
        (";packetization-mode=1", ";packetization-mode=0", True),
        ("", ";packetization-mode=0", True),
        ("", ";packetization-mode=1", False),
        (";packetization-mode=0", ";packetization-mode=1", False),
    ],
)
def test_h264_packetization_modes(viewer: str, publisher: str, fits: bool) -> None:
    assert can_decode(h264(viewer), h264(publisher)) is fits


@pytest.mark.parametrize(
    ("viewer", "fits"),
    [(Format(96, "vp8", 90_000), True), (Format(96, "VP9", 90_000), False)],
)
def test_other_codecs_go_by_their_names(viewer: Format, fits: bool) -> None:
    assert can_decode(viewer, Format(120, "VP8", 90_000)) is fits
