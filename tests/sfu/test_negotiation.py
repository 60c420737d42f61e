"""Offers to values, values to answers, and what an offer may not hold."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.codecs import Codec
from sfu.negotiation import (
    AUDIO_LEVEL,
    MID,
    REPAIRED_RID,
    RID,
    TRANSPORT_SEQUENCE,
    BadSdp,
    CodecNotSupported,
    Local,
    MediaKind,
    Outgoing,
    answer_publication,
    answer_subscription,
    parse_offer,
    plan_publication,
    plan_subscription,
)

LOCAL = Local(("192.0.2.7", "2001:db8::7"), 5000, "ours", "secret", ("sha-256", "AA:BB"), 42)
FINGERPRINT = ":".join(["AB"] * 32)


@dataclass(frozen=True)
class Video:
    """One video section, with VP8 and its retransmissions unless told otherwise."""

    mid: str = "1"
    direction: str = "sendonly"
    formats: str = "96 97"
    lines: tuple[str, ...] = (
        "a=rtpmap:96 VP8/90000",
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:96 nack pli",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        f"a=extmap:4 {MID}",
    )

    def text(self) -> list[str]:
        head = [f"m=video 9 UDP/TLS/RTP/SAVPF {self.formats}", "c=IN IP4 0.0.0.0"]
        return [*head, f"a=mid:{self.mid}", "a=rtcp-mux", f"a={self.direction}", *self.lines]


H264 = (
    "a=rtpmap:102 H264/90000",
    "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
)
AUDIO = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "c=IN IP4 0.0.0.0",
    "a=mid:0",
    "a=rtcp-mux",
    "a=sendrecv",
    "a=rtpmap:111 opus/48000/2",
    "a=fmtp:111 minptime=10;useinbandfec=1",
    f"a=extmap:1 {AUDIO_LEVEL}",
)


def offer(*sections: list[str] | tuple[str, ...], setup: str = "actpass", more: str = "") -> str:
    mids = [line[6:] for section in sections for line in section if line.startswith("a=mid:")]
    lines = [
        "v=0",
        "o=- 1 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(mids)}",
        "a=ice-ufrag:abcd",
        f"a=ice-pwd:{'p' * 24}",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        f"a=setup:{setup}",
        *(line for section in sections for line in section),
    ]
    return "\r\n".join(lines) + "\r\n" + more


# --- publishing ---


def test_a_publication_is_taken_section_by_section() -> None:
    parsed = parse_offer(offer(AUDIO, Video().text()))
    audio, video = plan_publication(parsed)
    assert (audio.mid, audio.kind, audio.codec) == ("0", MediaKind.AUDIO, Codec.OPUS)
    assert (video.format.payload_type, video.format.retransmission) == (96, 97)
    assert video.extensions == {MID: 4}


def test_the_answer_receives_is_lite_and_passive() -> None:
    parsed = parse_offer(offer(AUDIO, Video().text()))
    lines = answer_publication(parsed, plan_publication(parsed), LOCAL).split("\r\n")
    assert "a=group:BUNDLE 0 1" in lines
    assert lines.count("a=recvonly") == 2
    assert lines.count("a=setup:passive") == 2
    assert "a=ice-lite" in lines
    assert "a=rtcp-fb:96 nack pli" in lines
    assert "a=rtpmap:111 opus/48000/2" in lines
    assert any(
        line.startswith("a=candidate:1 1 udp ") and "192.0.2.7 5000" in line for line in lines
    )
    assert any("2001:db8::7 5000" in line for line in lines)


@pytest.mark.parametrize(
    ("offered", "answered"), [("actpass", "passive"), ("active", "passive"), ("passive", "active")]
)
def test_ours_is_the_passive_part_wherever_we_may_choose(offered: str, answered: str) -> None:
    parsed = parse_offer(offer(AUDIO, setup=offered))
    assert f"a=setup:{answered}" in answer_publication(parsed, plan_publication(parsed), LOCAL)


def test_what_cannot_be_taken_is_refused_in_its_place() -> None:
    data = ("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:2")
    parsed = parse_offer(offer(AUDIO, data, Video(direction="recvonly").text()))
    answer = answer_publication(parsed, plan_publication(parsed), LOCAL)
    assert [line for line in answer.split("\r\n") if line.startswith("m=")] == [
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
        "m=video 0 UDP/TLS/RTP/SAVPF 96 97",
    ]
    assert "a=group:BUNDLE 0\r\n" in answer


def test_h264_is_taken_rather_with_fragments() -> None:
    lines = ("a=rtpmap:98 H264/90000", "a=fmtp:98 packetization-mode=0", *H264)
    (track,) = plan_publication(parse_offer(offer(Video(formats="98 102", lines=lines).text())))
    assert track.format.payload_type == 102


def test_nothing_that_passes_through_is_said_in_words() -> None:
    lines = ("a=rtpmap:96 H261/90000",)
    parsed = parse_offer(offer(Video(formats="96", lines=lines).text()))
    with pytest.raises(CodecNotSupported, match="H261"):
        plan_publication(parsed)


# --- subscribing ---


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
    def lines(profile: str) -> tuple[str, ...]:
        return tuple(line.replace("42e01f", profile) for line in H264)

    tracks = published(Video(formats="102", lines=lines(publisher)).text())
    watching = Video(direction="recvonly", formats="102", lines=lines(viewer)).text()
    if fits:
        assert plan_subscription(parse_offer(offer(watching)), tracks)[0]  # type: ignore[arg-type]
    else:
        with pytest.raises(CodecNotSupported):
            plan_subscription(parse_offer(offer(watching)), tracks)  # type: ignore[arg-type]


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
    def lines(mode: str) -> tuple[str, ...]:
        return tuple(line.replace(";packetization-mode=1", mode) for line in H264)

    tracks = published(Video(formats="102", lines=lines(publisher)).text())
    watching = Video(direction="recvonly", formats="102", lines=lines(viewer)).text()
    if fits:
        assert plan_subscription(parse_offer(offer(watching)), tracks)[0]  # type: ignore[arg-type]
    else:
        with pytest.raises(CodecNotSupported):
            plan_subscription(parse_offer(offer(watching)), tracks)  # type: ignore[arg-type]


# --- what an offer may not hold ---

SECTION = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
BAD = {
    "nothing": "",
    "no m-line": offer(),
    "a cut-off m-line": offer(more="m=video\r\n"),
    "payload type 300": offer(more=SECTION.replace("96", "300")),
    "parameters of an unknown format": offer(more=SECTION + "a=fmtp:98 x=1\r\n"),
    "another setup": offer(AUDIO, setup="evil"),
    "no setup": offer(AUDIO).replace("a=setup:actpass\r\n", ""),
    "no value of a fingerprint": offer(AUDIO).replace(f"sha-256 {FINGERPRINT}", "sha-256"),
    "no fingerprint": offer(AUDIO).replace(f"a=fingerprint:sha-256 {FINGERPRINT}\r\n", ""),
    "SHA-1 only": offer(AUDIO).replace(f"sha-256 {FINGERPRINT}", f"sha-1 {':'.join(['AB'] * 20)}"),
    "a short password": offer(AUDIO).replace("p" * 24, "p"),
    "the same mid twice": offer(AUDIO, AUDIO),
    "a control character": offer(AUDIO, more="a=\x00\r\n"),
    "a clock rate that is no number": offer(more=SECTION + "a=rtpmap:96 VP8/fast\r\n"),
    "digits of the whole world": offer(more=SECTION.replace("96", "٩٦")),
    "more than 64 kB": offer(AUDIO, more="a=x\r\n" * 14_000),
    "more than 64 sections": offer(more=SECTION * 65),
    "more than 40 formats": offer(more=f"m=video 9 RTP/SAVPF {' '.join(map(str, range(41)))}\r\n"),
    "more than 20 candidates": offer(
        AUDIO, more="a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n" * 21
    ),
    "more than 24 sources": offer(
        AUDIO, more="".join(f"a=ssrc:{i} cname:x\r\n" for i in range(25))
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_an_offer_may_not_hold(name: str) -> None:
    with pytest.raises(BadSdp):
        parse_offer(BAD[name])


WHOLE = offer(AUDIO, Video().text())


@given(st.text(max_size=300))
def test_any_text_is_an_offer_or_bad(text: str) -> None:
    _serve(text)
    _serve("v=0\r\n" + text)


@given(st.integers(0, len(WHOLE)), st.integers(0, 40), st.text(max_size=8), st.booleans())
def test_any_change_of_an_offer_is_an_offer_or_bad(
    position: int, length: int, text: str, twice: bool
) -> None:
    changed = WHOLE[:position] + text + WHOLE[position + length :]
    _serve(changed + (changed if twice else ""))


def _serve(text: str) -> None:
    try:
        parsed = parse_offer(text)
        answer_publication(parsed, plan_publication(parsed), LOCAL).encode()
    except BadSdp:
        return


# --- simulcast, numbers across tracks, redundancy ---

SIMULCAST = (
    *Video().lines,
    f"a=extmap:5 {RID}",
    f"a=extmap:6 {REPAIRED_RID}",
    f"a=extmap:3 {TRANSPORT_SEQUENCE}",
    "a=rid:q send",
    "a=rid:h send",
    "a=rid:f send",
)


@pytest.mark.parametrize(
    ("lines", "rids"),
    [
        ((*SIMULCAST, "a=simulcast:send q;h;f"), ("q", "h", "f")),
        ((*SIMULCAST, "a=simulcast:send q,h;~f"), ("q", "f")),
        ((*SIMULCAST, "a=simulcast:recv q;h send q;f"), ("q", "f")),
        ((*SIMULCAST, "a=simulcast:send q"), ()),
        ((*SIMULCAST, "a=simulcast:recv q;h"), ()),
        ((*SIMULCAST, "a=simulcast:send q;nobody"), ()),
        ((*SIMULCAST, "a=simulcast:send q;q"), ()),
        ((*SIMULCAST, "a=simulcast:send"), ()),
        ((*Video().lines, "a=rid:q send", "a=rid:h send", "a=simulcast:send q;h"), ()),
        (SIMULCAST, ()),
    ],
)
def test_encodings_are_taken_by_their_names(lines: tuple[str, ...], rids: tuple[str, ...]) -> None:
    parsed = parse_offer(offer(Video(lines=lines).text()))
    (track,) = plan_publication(parsed)
    assert track.rids == rids
    answered = answer_publication(parsed, (track,), LOCAL).split("\r\n")
    taken = [line for line in answered if line.startswith(("a=rid:", "a=simulcast:"))]
    if rids:
        assert taken == [
            *(f"a=rid:{rid} recv" for rid in rids),
            f"a=simulcast:recv {';'.join(rids)}",
        ]
    else:
        assert taken == []


def test_more_encodings_than_anybody_sends_are_refused() -> None:
    rids = [f"r{number}" for number in range(9)]
    lines = (*SIMULCAST, *(f"a=rid:{rid} send" for rid in rids))
    text = offer(Video(lines=(*lines, f"a=simulcast:send {';'.join(rids)}")).text())
    with pytest.raises(BadSdp):
        plan_publication(parse_offer(text))


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


def redundant(preferred: bool, opus: int = 111) -> tuple[str, ...]:
    numbers = f"63 {opus}" if preferred else f"{opus} 63"
    lines = (line.replace("111", str(opus)) for line in AUDIO)
    head, *rest = lines
    return (
        head.rsplit(" ", 1)[0] + f" {numbers}",
        *rest,
        "a=rtpmap:63 red/48000/2",
        f"a=fmtp:63 {opus}/{opus}",
    )


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
