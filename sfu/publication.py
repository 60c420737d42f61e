"""What of an offer is taken from a publisher, and the answer that says so.

Knows which codecs and header extensions we take, and what feedback we give.  It refuses to know
transports, rooms and packets.
"""

from collections.abc import Mapping, Sequence

import msgspec

from sfu.codecs import Codec
from sfu.compatibility import codec_of, preferred, redundant_form
from sfu.description import (
    END_TO_END,
    HOP_BY_HOP,
    TRANSPORT_SEQUENCE,
    CodecNotSupported,
    Format,
    Local,
    MediaKind,
    Offer,
)
from sfu.description_draft import MAX_FORMATS
from sfu.description_text import Media, answering_lines, media_lines, refused_lines, session_lines

_FROM_PUBLISHERS = ("nack", "nack pli", "transport-cc")
# Asked of a publisher that cannot tell of each packet.
_FROM_OLD_PUBLISHERS = ("nack", "nack pli", "goog-remb")


class Track(msgspec.Struct, frozen=True):
    """What a publisher sends under one MID."""

    mid: str
    kind: MediaKind
    codec: Codec
    format: Format
    extensions: Mapping[str, int]
    sources: tuple[int, ...]
    retransmission_sources: tuple[tuple[int, int], ...]
    rids: tuple[str, ...] = ()
    redundancy: int | None = None
    """The payload type of RFC 2198, where the publisher prefers to send it."""


def plan_publication(offer: Offer) -> tuple[Track, ...]:
    """The tracks that an offer publishes; `CodecNotSupported` if not one of them can be taken."""
    tracks = []
    for section in offer.sections:
        chosen = preferred(section)
        if not (section.usable and section.sends and section.mid and chosen):
            continue
        codec = codec_of(chosen, section.kind)
        assert codec
        known = {
            uri: identifier
            for uri, identifier in section.extensions.items()
            if uri in END_TO_END | HOP_BY_HOP
        }
        kind = MediaKind(section.kind)
        sources = section.sources, section.retransmission_sources
        rather = section.formats[: section.formats.index(chosen)]
        more = section.rids, redundant_form(rather, chosen)
        tracks.append(Track(section.mid, kind, codec, chosen, known, *sources, *more))
    if not tracks:
        raise CodecNotSupported(_nothing_passes(offer))
    return tuple(tracks)


def answer_publication(offer: Offer, tracks: Sequence[Track], local: Local) -> str:
    """The text that accepts these tracks and refuses the rest."""
    accepted = {track.mid: track for track in tracks}
    lines = session_lines(local, [track.mid for track in tracks])
    for section in offer.sections:
        track = accepted.get(section.mid)
        if track is None:
            lines += refused_lines(section, offer, local)
            continue
        told = TRANSPORT_SEQUENCE in track.extensions
        feedback = _FROM_PUBLISHERS if told else _FROM_OLD_PUBLISHERS
        agreed = track.format, track.extensions, feedback, track.redundancy
        lines += media_lines(Media(section.kind, section.mid, *agreed, section.protocol))
        lines += ["a=recvonly", *_simulcast_lines(track), *answering_lines(offer, local)]
    return "\r\n".join(lines) + "\r\n"


def _simulcast_lines(track: Track) -> list[str]:
    if not track.rids:
        return []
    return [
        *(f"a=rid:{rid} recv" for rid in track.rids),
        f"a=simulcast:recv {';'.join(track.rids)}",
    ]


def _nothing_passes(offer: Offer) -> str:
    names = {one.name for section in offer.sections for one in section.formats}
    listed = ", ".join(sorted(names)[:MAX_FORMATS]) or "none"
    return (
        "codec not supported: the offer publishes nothing that can be passed on"
        f" (its codecs: {listed})"
    )
