"""Frozen values to the lines of a description, as answers and offers of ours are made of them.

Knows the text of SDP and the candidates of a lite agent (RFC 8839, RFC 6544).  It refuses to know
why a section is accepted.
"""

from collections.abc import Mapping, Sequence

import msgspec

from sfu.compatibility import preferred
from sfu.description import REDUNDANCY, Format, Local, Offer, Outgoing, Section


def session_lines(local: Local, mids: Sequence[str], version: int | None = None) -> list[str]:
    """What stands before the first section; offers count their versions themselves."""
    return [
        "v=0",
        f"o=- {local.session_number} {version or local.version} IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {' '.join(mids)}",
    ]


def source_lines(outgoing: Outgoing, kind: str) -> list[str]:
    """The names and numbers of a track that is sent."""
    names = [f"cname:{outgoing.stream}", f"msid:{outgoing.stream} {outgoing.stream}-{kind}"]
    lines = [f"a=msid:{outgoing.stream} {outgoing.stream}-{kind}"]
    sources = [outgoing.ssrc]
    if outgoing.retransmission_ssrc is not None:
        sources.append(outgoing.retransmission_ssrc)
        lines.append(f"a=ssrc-group:FID {sources[0]} {sources[1]}")
    return lines + [f"a=ssrc:{ssrc} {name}" for ssrc in sources for name in names]


def refused_lines(section: Section, offer: Offer, local: Local) -> list[str]:
    """A section in its place; stock aiortc wants to see a codec and a transport even so."""
    own = [line for line in answering_lines(offer, local) if "candidate" not in line]
    chosen = preferred(section)
    if chosen is not None and section.mid:
        media = Media(section.kind, section.mid, chosen, protocol=section.protocol)
        head, *lines = media_lines(media)
        return [head.replace(" 9 ", " 0 ", 1), *lines, "a=inactive", *own]
    lines = [f"m={section.kind} 0 {section.protocol} {section.format_list}", "c=IN IP4 0.0.0.0"]
    if section.mid:
        lines.append(f"a=mid:{section.mid}")
    return [*lines, "a=inactive", *own]


class Media(msgspec.Struct, frozen=True):
    """A section of ours: one format, its retransmissions, and its redundant form first."""

    kind: str
    mid: str
    format: Format
    extensions: Mapping[str, int] = {}
    feedback: Sequence[str] = ()
    """What is agreed to of the format's feedback."""
    redundancy: int | None = None
    protocol: str = "UDP/TLS/RTP/SAVPF"


def media_lines(media: Media) -> list[str]:
    """An m-line that stands for something, and what belongs to it but its direction."""
    chosen, redundancy = media.format, media.redundancy
    number = chosen.payload_type
    first = [] if redundancy is None else [redundancy]
    again = [] if chosen.retransmission is None else [chosen.retransmission]
    numbers = [*first, number, *again]
    rate = f"{chosen.clock_rate_hz}/{chosen.channels}".removesuffix("/1")
    lines = [
        f"m={media.kind} 9 {media.protocol} {' '.join(map(str, numbers))}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{media.mid}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        *(f"a=extmap:{identifier} {uri}" for uri, identifier in media.extensions.items()),
        f"a=rtpmap:{number} {chosen.name}/{rate}",
        *(f"a=rtcp-fb:{number} {one}" for one in media.feedback if one in chosen.feedback),
    ]
    if chosen.parameters:
        lines.append(f"a=fmtp:{number} {chosen.parameters}")
    if redundancy is not None:
        lines.append(f"a=rtpmap:{redundancy} {REDUNDANCY}/{rate}")
        lines.append(f"a=fmtp:{redundancy} {number}/{number}")
    if chosen.retransmission is not None:
        lines.append(f"a=rtpmap:{chosen.retransmission} rtx/{chosen.clock_rate_hz}")
        lines.append(f"a=fmtp:{chosen.retransmission} apt={number}")
    return lines


def answering_lines(offer: Offer, local: Local) -> list[str]:
    """How to reach us; ours is the passive part wherever the client lets us choose."""
    return transport_lines("passive" if offer.dtls_client else "active", local)


def transport_lines(setup: str, local: Local) -> list[str]:
    """How to reach us, and who opens the handshake."""
    algorithm, digest = local.fingerprint
    return [
        f"a=ice-ufrag:{local.ice_ufrag}",
        f"a=ice-pwd:{local.ice_password}",
        f"a=fingerprint:{algorithm} {digest}",
        f"a=setup:{setup}",
        *candidate_lines(local),
        "a=end-of-candidates",
    ]


def candidate_lines(local: Local) -> list[str]:
    """Where to reach us: first by datagrams, then by connections that the client opens."""
    # The preference falls with the order of the hosts (RFC 8445, 5.1.2.1: host candidates).
    datagrams = [
        f"a=candidate:{index + 1} 1 udp {(126 << 24) + ((65_535 - index) << 8) + 255}"
        f" {host} {local.port} typ host"
        for index, host in enumerate(local.hosts)
    ]
    # RFC 6544, 4.2: a lower type, then the direction (4: passive) above the order of the hosts.
    streams = [
        f"a=candidate:{len(local.hosts) + index + 1} 1 tcp"
        f" {(90 << 24) + ((4 << 13) + 8_191 - index << 8) + 255}"
        f" {host} {local.port} typ host tcptype passive"
        for index, host in enumerate(local.hosts)
    ]
    return datagrams + streams
