"""Our offers to a viewer: which section carries which track, over the whole life of a connection.

Knows that sections never go away and are used again, that payload types stand for one format each,
and how an answer becomes subscriptions.  It refuses to know rooms, transports and packets.

A connection begins with at least one section, so that it is there before anybody publishes.
"""

from collections.abc import Mapping, Sequence

import msgspec

from sfu.description import (
    AUDIO_LEVEL,
    PLAYOUT_DELAY,
    REDUNDANCY,
    TRANSPORT_SEQUENCE,
    VIDEO_ORIENTATION,
    BadSdp,
    Format,
    Local,
    MediaKind,
    Offer,
    Outgoing,
    Section,
)
from sfu.description_parsing import MAX_SECTIONS
from sfu.description_text import Media, media_lines, session_lines, source_lines, transport_lines
from sfu.publication import Track
from sfu.subscription import Subscription

# RFC 3551, 6: free for whoever negotiates; the lower range is for when the upper is full.
_PAYLOAD_TYPES = (*range(96, 128), *range(35, 64))
_EXTENSIONS = {AUDIO_LEVEL: 1, TRANSPORT_SEQUENCE: 3, VIDEO_ORIENTATION: 4, PLAYOUT_DELAY: 5}
_OF_AUDIO = (AUDIO_LEVEL, TRANSPORT_SEQUENCE)
_OF_VIDEO = (TRANSPORT_SEQUENCE, VIDEO_ORIENTATION, PLAYOUT_DELAY)
_FEEDBACK = {
    MediaKind.AUDIO: frozenset({"transport-cc"}),
    MediaKind.VIDEO: frozenset({"nack", "nack pli", "ccm fir", "transport-cc"}),
}
_OPUS = Format(0, "opus", 48_000, 2, "minptime=10;useinbandfec=1")


class OfferedTrack(msgspec.Struct, frozen=True):
    """A track as it can be offered; `outgoing` names it and numbers it for this viewer."""

    producer: str
    track: Track
    outgoing: Outgoing


class _Slot:
    """A section: for one kind for ever, for one track at a time."""

    def __init__(self, mid: str, kind: MediaKind) -> None:
        self.mid = mid
        self.kind = kind
        self.offered: OfferedTrack | None = None
        self.format: Format | None = None
        self.redundancy: int | None = None
        self.refused = False


class Changes(msgspec.Struct, frozen=True):
    """What an answer came to: tracks that begin, and in words what the viewer cannot take."""

    begun: tuple[tuple[Subscription, OfferedTrack], ...]
    notes: tuple[str, ...]


class Offering:
    """The sections of one viewer's connection."""

    def __init__(self) -> None:
        self._slots: list[_Slot] = []
        self._numbers: dict[tuple[str, int, int, str], int] = {}
        self._begun: set[str] = set()
        self._version = 0

    @property
    def producers(self) -> dict[str, str]:
        """MID of what is offered, by producer."""
        return {slot.offered.producer: slot.mid for slot in self._slots if slot.offered}

    def drop(self, producer: str) -> str | None:
        """The track ends; the MID that carried it."""
        for slot in self._slots:
            if slot.offered is not None and slot.offered.producer == producer:
                slot.offered = None
                slot.refused = False
                self._begun.discard(slot.mid)
                return slot.mid
        return None

    def add(self, offered: OfferedTrack) -> str | None:
        """The MID under which the track is offered next; None if there is no room for more."""
        kind = offered.track.kind
        slot = next((one for one in self._slots if one.kind is kind and not one.offered), None)
        if slot is None:
            if len(self._slots) >= MAX_SECTIONS:
                return None
            slot = _Slot(str(len(self._slots)), kind)
            self._slots.append(slot)
        slot.offered = offered
        slot.format, slot.redundancy = self._formats(offered.track)
        return slot.mid

    def text(self, local: Local) -> str:
        """The offer as it stands now."""
        if not self._slots:
            self._slots.append(_Slot("0", MediaKind.AUDIO))
        self._version += 1
        lines = session_lines(local, [slot.mid for slot in self._slots], self._version)
        for slot in self._slots:
            lines += self._section(slot)
            lines += transport_lines("actpass", local)
        return "\r\n".join(lines) + "\r\n"

    def accept(self, answer: Offer) -> Changes:
        """Take an answer to the last offer; BadSdp if it is none."""
        if [section.mid for section in answer.sections] != [slot.mid for slot in self._slots]:
            raise BadSdp("the answer has other sections than the offer")
        begun = []
        notes = []
        for slot, section in zip(self._slots, answer.sections, strict=True):
            if slot.offered is None or slot.mid in self._begun:
                continue
            subscription = _subscription(slot, slot.offered, section)
            if subscription is None:
                notes.append(f"codec not supported: {slot.kind} is {slot.offered.track.codec}")
                slot.refused = True
                continue
            self._begun.add(slot.mid)
            begun.append((subscription, slot.offered))
        return Changes(tuple(begun), tuple(notes))

    def _formats(self, track: Track) -> tuple[Format, int | None]:
        """The publisher's format under a number of this connection."""
        source = track.format
        number = self._number(source.name, source.clock_rate_hz, source.channels, source.parameters)
        again = None
        if track.kind is MediaKind.VIDEO:
            again = self._number("rtx", source.clock_rate_hz, 1, f"apt={number}")
        feedback = _FEEDBACK[track.kind]
        chosen = Format(
            number,
            source.name,
            source.clock_rate_hz,
            source.channels,
            source.parameters,
            feedback,
            again,
        )
        redundancy = None
        if track.redundancy is not None and number == source.payload_type:
            blocks = f"{number}/{number}"
            redundancy = self._number(REDUNDANCY, source.clock_rate_hz, source.channels, blocks)
        return chosen, redundancy

    def _number(self, name: str, rate: int, channels: int, parameters: str) -> int:
        key = (name.lower(), rate, channels, parameters)
        if key not in self._numbers:
            taken = set(self._numbers.values())
            free = [number for number in _preferred(name) if number not in taken]
            if not free:
                raise BadSdp("a connection has no payload types left")
            self._numbers[key] = free[0]
        return self._numbers[key]

    def _section(self, slot: _Slot) -> list[str]:
        chosen = slot.format
        if chosen is None:
            number = self._number("opus", _OPUS.clock_rate_hz, 2, _OPUS.parameters)
            chosen = msgspec.structs.replace(_OPUS, payload_type=number)
        uris = _OF_AUDIO if slot.kind is MediaKind.AUDIO else _OF_VIDEO
        extensions = {uri: _EXTENSIONS[uri] for uri in uris}
        feedback = sorted(chosen.feedback)
        media = Media(slot.kind, slot.mid, chosen, extensions, feedback, slot.redundancy)
        lines = [*media_lines(media), "a=rtcp-mux-only"]
        if slot.offered is None or slot.refused:
            return [*lines, "a=inactive"]
        outgoing = slot.offered.outgoing
        if chosen.retransmission is None:
            # Chromium refuses a whole offer that names a second source without a use for it.
            outgoing = msgspec.structs.replace(outgoing, retransmission_ssrc=None)
        return [*lines, "a=sendonly", *source_lines(outgoing, slot.kind)]


def _preferred(name: str) -> Sequence[int]:
    # Where everybody has it; a browser's blocks of RFC 2198 name it inside.
    return (111, *_PAYLOAD_TYPES) if name.lower() == "opus" else _PAYLOAD_TYPES


def _subscription(slot: _Slot, offered: OfferedTrack, section: Section) -> Subscription | None:
    """What the viewer takes of a section; None if it refused it."""
    chosen = slot.format
    taken = {one.payload_type: one for one in section.formats}
    if chosen is None or not (section.usable and section.receives):
        return None
    answered = taken.get(chosen.payload_type)
    if answered is None or answered.name.lower() != chosen.name.lower():
        return None
    ours: Mapping[str, int] = {
        uri: number for uri, number in section.extensions.items() if _EXTENSIONS.get(uri) == number
    }
    source = offered.track.extensions
    identifiers = {
        source[uri]: number
        for uri, number in ours.items()
        if uri in source and uri != TRANSPORT_SEQUENCE
    }
    again = chosen.retransmission if answered.retransmission == chosen.retransmission else None
    agreed = msgspec.structs.replace(
        chosen, feedback=chosen.feedback & answered.feedback, retransmission=again
    )
    redundancy = slot.redundancy if slot.redundancy in taken else None
    return Subscription(
        slot.mid, offered.producer, slot.kind, agreed, identifiers, ours, redundancy
    )
