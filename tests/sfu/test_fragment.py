"""Fragments of descriptions: what is taken, what is refused, and ours in answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.description import BadSdp, Local
from sfu.description_draft import MAX_CANDIDATES
from sfu.description_parsing import MAX_OFFER_BYTES, MAX_SECTIONS
from sfu.fragment import Fragment, fragment_text, parse_fragment

UFRAG, PASSWORD = "EsAw", "P2uYro0UCOQ4zxjKXaWCBui1"
CREDENTIALS = f"a=ice-ufrag:{UFRAG}\r\na=ice-pwd:{PASSWORD}\r\n"
CANDIDATE = "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\n"
# After RFC 9725, 4.3.3.
RESTART = (
    "a=ice-options:trickle ice2\r\na=group:BUNDLE 0 1\r\n"
    f"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n{CREDENTIALS}{CANDIDATE}"
    "a=end-of-candidates\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n"
)
LOCAL = Local(("192.0.2.7", "2001:db8::7"), 5000, "ours", "o" * 24, ("sha-256", "AB"), 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RESTART, Fragment(UFRAG, PASSWORD, "audio", "0")),
        (RESTART.replace("\r\n", "\n"), Fragment(UFRAG, PASSWORD, "audio", "0")),
        (CANDIDATE, Fragment()),
        ("a=end-of-candidates\r\n", Fragment()),
        (f"a=mid:1\r\n{CANDIDATE}", Fragment()),
        (CREDENTIALS, Fragment(UFRAG, PASSWORD)),
        (f"m=pigeon 9 x 0\r\na=mid:0\r\n{CREDENTIALS}", Fragment(UFRAG, PASSWORD)),
        (f"m=audio 9 x 0\r\na=mid:0 1\r\n{CREDENTIALS}", Fragment(UFRAG, PASSWORD)),
    ],
)
def test_what_matters_of_a_fragment_is_taken(text: str, expected: Fragment) -> None:
    assert parse_fragment(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "a=mid:0\r\n",
        f"a=ice-ufrag:{UFRAG}\r\n",
        f"a=ice-ufrag:abc\r\na=ice-pwd:{PASSWORD}\r\n",
        f"a=ice-ufrag:{UFRAG}\r\na=ice-pwd:short\r\n",
        f"a=ice-ufrag:{'a' * 257}\r\na=ice-pwd:{PASSWORD}\r\n",
        CANDIDATE + "a=mid:\x00\r\n",
        CANDIDATE + "a=mid:é\r\n",
        CANDIDATE * (MAX_CANDIDATES + 1),
        CANDIDATE + "m=audio 9 x 0\r\n" * (MAX_SECTIONS + 1),
        CANDIDATE + "a" * MAX_OFFER_BYTES,
    ],
)
def test_what_is_no_fragment_is_refused(text: str) -> None:
    with pytest.raises(BadSdp):
        parse_fragment(text)


def test_ours_answers_for_the_same_section_with_every_way_to_us() -> None:
    text = fragment_text(parse_fragment(RESTART), LOCAL)
    assert parse_fragment(text) == Fragment("ours", "o" * 24, "audio", "0")
    assert text.count("a=candidate:") == 4
    assert text.endswith("a=end-of-candidates\r\n")


@given(st.text() | st.lists(st.sampled_from(RESTART.split("\r\n")) | st.text()).map("\r\n".join))
def test_whatever_comes_is_a_fragment_or_refused(text: str) -> None:
    try:
        fragment = parse_fragment(text)
    except BadSdp:
        return
    parse_fragment(fragment_text(fragment, LOCAL))
