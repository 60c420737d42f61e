"""Fragments of descriptions (RFC 8840, 9): what a client tells of its transport between offers.

Knows the few lines of a fragment that matter to a lite agent.  It refuses to know sessions: which
of the client's fragments begins a restart is for whoever knows the client's last credentials.

Whatever a fragment holds, `parse_fragment` returns or raises `BadSdp`.
"""

import msgspec

from sfu.description import BadSdp, Local
from sfu.description_draft import MAX_CANDIDATES
from sfu.description_parsing import MAX_OFFER_BYTES, MAX_SECTIONS, check_credentials
from sfu.description_text import candidate_lines

_KINDS = {"audio", "video", "application"}
_MAX_MID_LENGTH = 64
_FIRST_COUNTS = ("mid", "ice-ufrag", "ice-pwd")


class Fragment(msgspec.Struct, frozen=True):
    """Of the bundle's one transport; credentials are empty where only candidates are told."""

    ice_ufrag: str = ""
    ice_password: str = ""
    kind: str = ""
    """With `mid`, the first section that is named; empty if none is."""
    mid: str = ""


def parse_fragment(text: str) -> Fragment:
    """The fragment in a text; candidates are counted and otherwise ignored."""
    if len(text) > MAX_OFFER_BYTES:
        raise BadSdp(f"the fragment is longer than {MAX_OFFER_BYTES} bytes")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if not all(line.isascii() and line.isprintable() for line in lines):
        raise BadSdp("a line is not plain text")
    _check_numbers(lines)
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.removeprefix("a=").partition(":")
        if line.startswith("m="):
            found.setdefault("kind", line[2:].partition(" ")[0])
        elif name in _FIRST_COUNTS:
            found.setdefault(name, value.strip())
    return _fragment(found)


def fragment_text(asked: Fragment, local: Local) -> str:
    """Our side as it is from now on, for the same section (RFC 9725, 4.3.3)."""
    lines = ["a=ice-lite"]
    if asked.kind and asked.mid:
        # RFC 8840, 9: of this line only the kind means something.
        lines += [f"m={asked.kind} 9 UDP/TLS/RTP/SAVPF 0", f"a=mid:{asked.mid}"]
    lines += [
        f"a=ice-ufrag:{local.ice_ufrag}",
        f"a=ice-pwd:{local.ice_password}",
        *candidate_lines(local),
        "a=end-of-candidates",
    ]
    return "\r\n".join(lines) + "\r\n"


def _check_numbers(lines: list[str]) -> None:
    sections = sum(line.startswith("m=") for line in lines)
    candidates = sum(line.startswith("a=candidate:") for line in lines)
    if sections > MAX_SECTIONS or candidates > MAX_CANDIDATES * max(sections, 1):
        raise BadSdp("the fragment has too many sections or candidates")
    told = ("a=candidate:", "a=end-of-candidates", "a=ice-ufrag:")
    if not any(line.startswith(told) for line in lines):
        raise BadSdp("the fragment has neither candidates nor credentials")


def _fragment(found: dict[str, str]) -> Fragment:
    ufrag, password = found.get("ice-ufrag", ""), found.get("ice-pwd", "")
    if ufrag or password:
        check_credentials(ufrag, password)
    kind, mid = found.get("kind", ""), found.get("mid", "")
    if kind not in _KINDS or len(mid) > _MAX_MID_LENGTH or " " in mid:
        kind = mid = ""
    return Fragment(ufrag, password, kind, mid)
