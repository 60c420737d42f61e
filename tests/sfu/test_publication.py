"""What of an offer is taken, and what the answer says of the rest."""

import pytest

from sfu.codecs import Codec
from sfu.description import (
    MID,
    BadSdp,
    CodecNotSupported,
    MediaKind,
)
from sfu.description_parsing import parse_offer
from sfu.publication import answer_publication, plan_publication
from tests.sfu.offers import AUDIO, H264, LOCAL, SIMULCAST, Video, offer


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
