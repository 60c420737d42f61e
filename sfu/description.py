"""What a session description says, as frozen values: formats, sections, the whole of an offer.

Knows the words of SDP as WebRTC uses it (RFC 8866, RFC 8829, RFC 9143).  It refuses to know how
they are read (`description_parsing`) and written (`description_text`), and what becomes of them.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
TRANSPORT_SEQUENCE = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
ABSOLUTE_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
VIDEO_ORIENTATION = "urn:3gpp:video-orientation"
PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"

# What speaks of the content goes on to viewers; what speaks of one hop stays on it.
END_TO_END = {AUDIO_LEVEL, VIDEO_ORIENTATION, PLAYOUT_DELAY}
HOP_BY_HOP = {MID, RID, REPAIRED_RID, TRANSPORT_SEQUENCE, ABSOLUTE_SEND_TIME}

REDUNDANCY = "red"


class BadSdp(Exception):
    """The offer is not what the standards say, or beyond our limits; the text says how."""


class CodecNotSupported(BadSdp):
    """Nothing in the offer can be sent or received; the text names what was missing."""


class MediaKind(StrEnum):
    AUDIO = "audio"
    VIDEO = "video"


class Format(msgspec.Struct, frozen=True):
    """A payload type of one section; `parameters` is the text of its `a=fmtp`."""

    payload_type: int
    name: str
    clock_rate_hz: int
    channels: int = 1
    parameters: str = ""
    feedback: frozenset[str] = frozenset()
    retransmission: int | None = None
    """The payload type under which its packets are sent again (RFC 4588)."""

    def parameter(self, name: str) -> str | None:
        for one in self.parameters.split(";"):
            key, _, value = one.strip().partition("=")
            if key.lower() == name:
                return value.strip().lower()
        return None


class Section(msgspec.Struct, frozen=True):
    """One m-line of an offer."""

    kind: str
    protocol: str
    mid: str
    direction: str
    formats: tuple[Format, ...]
    format_list: str
    """As it stood in the m-line; a refused section repeats it."""
    extensions: Mapping[str, int]
    sources: tuple[int, ...]
    retransmission_sources: tuple[tuple[int, int], ...]
    """Pairs of a source and the source of its retransmissions."""
    usable: bool
    """Not refused by the offer itself, bundled with the first, RTCP on the same port."""
    rids: tuple[str, ...] = ()
    """Encodings that it would send (RFC 8853), in the order of the offer."""

    @property
    def sends(self) -> bool:
        return self.direction in {"sendonly", "sendrecv"}

    @property
    def receives(self) -> bool:
        return self.direction in {"recvonly", "sendrecv"}


class Offer(msgspec.Struct, frozen=True):
    """A parsed offer; credentials and fingerprints are of the bundle's one transport."""

    sections: tuple[Section, ...]
    ice_ufrag: str
    ice_password: str
    fingerprints: tuple[tuple[str, str], ...]
    setup: str

    @property
    def dtls_client(self) -> bool:
        """Whether the peer shall open the handshake: it does wherever it lets us choose."""
        return self.setup != "passive"


class Local(msgspec.Struct, frozen=True):
    """Our side of the transport, as answers tell it."""

    hosts: tuple[str, ...]
    port: int
    ice_ufrag: str
    ice_password: str
    fingerprint: tuple[str, str]
    session_number: int
    version: int = 1
    """Of our answers; it grows with each."""


class Outgoing(msgspec.Struct, frozen=True):
    """What an answer says of a track that is sent: its names and its numbers."""

    stream: str
    ssrc: int
    retransmission_ssrc: int | None
