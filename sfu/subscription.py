"""How published tracks go to a viewer: under which of its numbers, and the answer that says so.

Knows how a publisher's payload types and header extensions map to a viewer's, and says in words
what cannot be sent.  It refuses to know transports, rooms and packets.
"""

from collections.abc import Mapping, Sequence

import msgspec

from sfu.compatibility import can_decode, redundant_form
from sfu.description import (
    END_TO_END,
    TRANSPORT_SEQUENCE,
    CodecNotSupported,
    Format,
    Local,
    MediaKind,
    Offer,
    Outgoing,
    Section,
)
from sfu.description_text import (
    Media,
    answering_lines,
    media_lines,
    refused_lines,
    session_lines,
    source_lines,
)
from sfu.publication import Track

_FROM_VIEWERS = ("nack", "nack pli", "ccm fir", "transport-cc")
_FROM_OLD_VIEWERS = ("nack", "nack pli", "ccm fir", "goog-remb")

# RFC 8285: the one-byte form has no more numbers, and the number of a packet is written into it.
_MAX_SHORT_EXTENSION_ID = 14


class Form(msgspec.Struct, frozen=True):
    """How a viewer wants its packets: payload types and header extensions."""

    payload_type: int
    clock_rate_hz: int
    identifiers: Mapping[int, int]
    """Header extensions: a publisher's number to the viewer's."""
    sequence_id: int = 0
    """Of the transport-wide number, which is written when the packet leaves; 0: there is none."""
    redundancy: int | None = None
    """The payload type of RFC 2198, if the viewer takes it."""


class Subscription(msgspec.Struct, frozen=True):
    """How one published track goes to one viewer; `producer` is what the caller called it."""

    mid: str
    producer: str
    kind: MediaKind
    format: Format
    identifiers: Mapping[int, int]
    """Header extensions: a publisher's number to the viewer's."""
    extensions: Mapping[str, int]
    redundancy: int | None = None
    """The payload type of RFC 2198, if the viewer takes what the publisher sends."""

    @property
    def sequence_id(self) -> int:
        """The extension in which packets are numbered across tracks; 0: they are not.

        A packet that goes out again without RTX must be the same to the bit, so there must be no
        new number in it.
        """
        resends_bare = self.kind is MediaKind.VIDEO and self.format.retransmission is None
        identifier = self.extensions.get(TRANSPORT_SEQUENCE, 0)
        return 0 if resends_bare or identifier > _MAX_SHORT_EXTENSION_ID else identifier

    @property
    def form(self) -> Form:
        return Form(
            self.format.payload_type,
            self.format.clock_rate_hz,
            self.identifiers,
            self.sequence_id,
            self.redundancy,
        )


def plan_subscription(
    offer: Offer, published: Mapping[str, Track]
) -> tuple[tuple[Subscription, ...], tuple[str, ...]]:
    """Which track goes to which section of a viewer's offer, and in words what cannot.

    Each track takes the first free section of its kind.  `CodecNotSupported` if none can be sent.
    """
    free = [one for one in offer.sections if one.usable and one.receives and one.mid]
    plans: list[Subscription] = []
    problems: list[str] = []
    for producer, track in published.items():
        section = next((one for one in free if one.kind == track.kind), None)
        if section is None:
            problems.append(f"the offer has no free section for {track.kind}")
            continue
        wanted = [one for one in section.formats if can_decode(one, track.format)]
        if not wanted:
            problems.append(f"codec not supported: the {track.kind} is {track.codec}")
            continue
        free.remove(section)
        plans.append(_subscription(section, producer, track, wanted[0]))
    if not plans:
        raise CodecNotSupported("; ".join(problems) or "there is nothing to watch")
    return tuple(plans), tuple(problems)


def _subscription(section: Section, producer: str, track: Track, viewer: Format) -> Subscription:
    ours = {
        uri: identifier
        for uri, identifier in section.extensions.items()
        if (uri in END_TO_END and uri in track.extensions) or uri == TRANSPORT_SEQUENCE
    }
    identifiers = {
        track.extensions[uri]: identifier for uri, identifier in ours.items() if uri in END_TO_END
    }
    # Its blocks name the publisher's payload type inside.
    same = track.redundancy is not None and viewer.payload_type == track.format.payload_type
    redundancy = redundant_form(section.formats, viewer) if same else None
    return Subscription(section.mid, producer, track.kind, viewer, identifiers, ours, redundancy)


def answer_subscription(
    offer: Offer,
    subscriptions: Sequence[Subscription],
    outgoing: Mapping[str, Outgoing],
    local: Local,
) -> str:
    """The text that sends these; `outgoing` is by MID."""
    accepted = {one.mid: one for one in subscriptions}
    lines = session_lines(local, [one.mid for one in subscriptions])
    for section in offer.sections:
        subscription = accepted.get(section.mid)
        if subscription is None:
            lines += refused_lines(section, offer, local)
            continue
        extensions = dict(subscription.extensions)
        if not subscription.sequence_id:
            extensions.pop(TRANSPORT_SEQUENCE, None)
        feedback = _FROM_VIEWERS if subscription.sequence_id else _FROM_OLD_VIEWERS
        agreed = subscription.format, extensions, feedback, subscription.redundancy
        lines += media_lines(Media(section.kind, section.mid, *agreed, section.protocol))
        lines += ["a=sendonly", *source_lines(outgoing[section.mid], section.kind)]
        lines += answering_lines(offer, local)
    return "\r\n".join(lines) + "\r\n"
