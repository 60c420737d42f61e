"""What an offer may not hold, and that nothing else comes of any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.description import (
    BadSdp,
)
from sfu.description_parsing import parse_offer
from sfu.publication import answer_publication, plan_publication
from tests.sfu.offers import AUDIO, FINGERPRINT, LOCAL, Video, offer

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
