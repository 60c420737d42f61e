"""What load clients say of themselves in SDP: sections, and the text around them.

Knows the payload types and header extensions that all load clients use.  It refuses to know
sockets and servers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

VIDEO_TYPE = 96
RESENT_TYPE = 97
AUDIO_TYPE = 111

LEVEL_ID = 1
SEQUENCE_ID = 3
MID_ID = 4
RID_ID = 5

LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
SEQUENCE_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID_URI = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"

_FEEDBACK = {
    "video": ("nack", "nack pli", "ccm fir", "transport-cc", "goog-remb"),
    "audio": ("transport-cc",),
}
_FORMATS = {
    "video": (
        f"a=rtpmap:{VIDEO_TYPE} VP8/90000",
        f"a=rtpmap:{RESENT_TYPE} rtx/90000",
        f"a=fmtp:{RESENT_TYPE} apt={VIDEO_TYPE}",
    ),
    "audio": (
        f"a=rtpmap:{AUDIO_TYPE} opus/48000/2",
        f"a=fmtp:{AUDIO_TYPE} minptime=10;useinbandfec=1",
    ),
}
_TYPES = {"video": f"{VIDEO_TYPE} {RESENT_TYPE}", "audio": f"{AUDIO_TYPE}"}
_MAIN_TYPE = {"video": VIDEO_TYPE, "audio": AUDIO_TYPE}


@dataclass(frozen=True, slots=True)
class Section:
    """One m-line.  With `rids` it is a simulcast, whose sources are told by RID alone."""

    kind: str
    direction: str
    mid: str
    ssrc: int | None = None
    resent_ssrc: int | None = None
    rids: tuple[str, ...] = ()
    sequenced: bool = True
    """With transport-wide numbers, and the feedback on them."""


@dataclass(frozen=True, slots=True)
class Transport:
    """What belongs to the connection and not to one section."""

    ufrag: str
    password: str
    fingerprint: str
    port: int
    setup: str


def describe(sections: Sequence[Section], transport: Transport) -> str:
    """An offer or an answer with these sections, bundled."""
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(section.mid for section in sections)}",
    ]
    for section in sections:
        lines += [*_media_lines(section), *_transport_lines(transport), *_source_lines(section)]
    return "\r\n".join(lines) + "\r\n"


def mirror(description: str) -> list[Section]:
    """Sections that receive whatever another description sends, in its order."""
    kinds = [line[2:].split()[0] for line in description.splitlines() if line.startswith("m=")]
    mids = [line[6:] for line in description.splitlines() if line.startswith("a=mid:")]
    return [
        Section(kind, "recvonly", mid, sequenced=False)
        for kind, mid in zip(kinds, mids, strict=True)
    ]


def _media_lines(section: Section) -> list[str]:
    feedback = [one for one in _FEEDBACK[section.kind] if section.sequenced or "-cc" not in one]
    lines = [
        f"m={section.kind} 9 UDP/TLS/RTP/SAVPF {_TYPES[section.kind]}",
        "c=IN IP4 127.0.0.1",
        f"a=mid:{section.mid}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        f"a={section.direction}",
        *_FORMATS[section.kind],
        *(f"a=rtcp-fb:{_MAIN_TYPE[section.kind]} {one}" for one in feedback),
        f"a=extmap:{MID_ID} {MID_URI}",
    ]
    if section.sequenced:
        lines.append(f"a=extmap:{SEQUENCE_ID} {SEQUENCE_URI}")
    if section.kind == "audio":
        lines.append(f"a=extmap:{LEVEL_ID} {LEVEL_URI}")
    if section.rids:
        lines.append(f"a=extmap:{RID_ID} {RID_URI}")
    return lines


def _transport_lines(transport: Transport) -> list[str]:
    return [
        f"a=ice-ufrag:{transport.ufrag}",
        f"a=ice-pwd:{transport.password}",
        f"a=fingerprint:sha-256 {transport.fingerprint}",
        f"a=setup:{transport.setup}",
        f"a=candidate:1 1 udp 2130706431 127.0.0.1 {transport.port} typ host",
        "a=end-of-candidates",
    ]


def _source_lines(section: Section) -> list[str]:
    if section.direction != "sendonly":
        return []
    lines = [f"a=msid:load {section.kind}"]
    if section.rids:
        lines += [f"a=rid:{rid} send" for rid in section.rids]
        lines.append(f"a=simulcast:send {';'.join(section.rids)}")
        return lines
    if section.resent_ssrc is not None:
        lines.append(f"a=ssrc-group:FID {section.ssrc} {section.resent_ssrc}")
    sources = [one for one in (section.ssrc, section.resent_ssrc) if one is not None]
    return lines + [f"a=ssrc:{ssrc} cname:load" for ssrc in sources]
