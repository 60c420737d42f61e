"""How tracks go to a viewer, and what it hears of those that cannot."""

import pytest

from sfu.description import (
    TRANSPORT_SEQUENCE,
    MediaKind,
    Outgoing,
)
from sfu.description_parsing import parse_offer
from sfu.publication import answer_publication, plan_publication
from sfu.subscription import answer_subscription, plan_subscription
from tests.sfu.offers import AUDIO, H264, LOCAL, Video, offer, redundant


def published(*sections: list[str] | tuple[str, ...]) -> dict[str, object]:
    tracks = plan_publication(parse_offer(offer(*sections)))
    return {f"ada/{track.mid}": track for track in tracks}


def test_numbers_are_mapped_from_the_publisher_to_the_viewer() -> None:
    lines = (
        "a=rtpmap:120 VP8/90000",
        "a=rtpmap:121 rtx/90000",
        "a=fmtp:121 apt=120",
    )
    audio = tuple(line.replace("111", "109").replace("extmap:1 ", "extmap:7 ") for line in AUDIO)
    viewer = offer(audio, Video(direction="recvonly", formats="120 121", lines=lines).text())
    plans, notes = plan_subscription(parse_offer(viewer), published(AUDIO, Video().text()))  # type: ignore[arg-type]
    assert notes == ()
    assert [(one.format.payload_type, one.format.retransmission) for one in plans] == [
        (109, None),
        (120, 121),
    ]
    assert plans[0].identifiers == {1: 7}


def test_the_answer_to_a_viewer_names_its_sources() -> None:
    viewer = parse_offer(offer(Video(direction="recvonly").text()))
    plans, _ = plan_subscription(viewer, published(Video().text()))  # type: ignore[arg-type]
    answer = answer_subscription(viewer, plans, {"1": Outgoing("room", 7, 8)}, LOCAL)
    for line in ("a=sendonly", "a=ssrc-group:FID 7 8", "a=ssrc:7 cname:room", "a=rtcp-fb:96 nack"):
        assert f"{line}\r\n" in answer


def test_a_codec_that_the_viewer_lacks_is_named() -> None:
    tracks = published(AUDIO, Video(formats="102", lines=H264).text())
    viewer = parse_offer(offer(AUDIO, Video(direction="recvonly").text()))
    plans, notes = plan_subscription(viewer, tracks)  # type: ignore[arg-type]
    assert [one.kind for one in plans] == [MediaKind.AUDIO]
    assert notes == ("codec not supported: the video is H264",)


VIEWER = (
    "a=rtpmap:100 VP8/90000",
    "a=rtcp-fb:100 nack",
    "a=rtcp-fb:100 transport-cc",
    "a=rtcp-fb:100 goog-remb",
    f"a=extmap:7 {TRANSPORT_SEQUENCE}",
)
VIEWER_RTX = (*VIEWER, "a=rtpmap:101 rtx/90000", "a=fmtp:101 apt=100")


@pytest.mark.parametrize(
    ("formats", "lines", "sequence_id"),
    [
        ("100 101", VIEWER_RTX, 7),
        # Sent again to the bit, a packet cannot have a new number in it.
        ("100", VIEWER, 0),
        ("100 101", tuple(line.replace("extmap:7", "extmap:15") for line in VIEWER_RTX), 0),
        ("100 101", tuple(line for line in VIEWER_RTX if "extmap" not in line), 0),
    ],
)
def test_a_viewer_is_numbered_across_tracks_where_that_can_be(
    formats: str, lines: tuple[str, ...], sequence_id: int
) -> None:
    (track,) = plan_publication(parse_offer(offer(Video().text())))
    parsed = parse_offer(offer(Video(direction="recvonly", formats=formats, lines=lines).text()))
    (subscription,), _ = plan_subscription(parsed, {"ada/1": track})
    assert subscription.sequence_id == subscription.form.sequence_id == sequence_id
    answer = answer_subscription(parsed, (subscription,), {"1": Outgoing("tea", 1, 2)}, LOCAL)
    assert (f"a=extmap:{sequence_id} {TRANSPORT_SEQUENCE}" in answer) is (sequence_id > 0)
    assert ("a=rtcp-fb:100 transport-cc" in answer) is (sequence_id > 0)
    assert ("a=rtcp-fb:100 goog-remb" in answer) is (sequence_id == 0)


@pytest.mark.parametrize(
    ("sends", "takes", "published", "sent"),
    [
        (redundant(True), redundant(True), 63, 63),
        (redundant(True), redundant(False), 63, 63),
        (redundant(False), redundant(True), None, None),
        (redundant(True), AUDIO, 63, None),
        # Blocks name the publisher's number of Opus, which is another one here.
        (redundant(True), redundant(True, opus=109), 63, None),
    ],
)
def test_redundancy_goes_through_where_both_sides_want_it(
    sends: tuple[str, ...], takes: tuple[str, ...], published: int | None, sent: int | None
) -> None:
    offered = parse_offer(offer(sends))
    (track,) = plan_publication(offered)
    assert track.redundancy == published
    assert ("red/48000/2" in answer_publication(offered, (track,), LOCAL)) is bool(published)
    (subscription,), _ = plan_subscription(parse_offer(offer(takes)), {"ada/0": track})
    assert subscription.redundancy == sent
