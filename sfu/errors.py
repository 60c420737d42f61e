"""Whose fault a discarded packet is, and why it was discarded.

Knows the names only.  It refuses to know packets, peers and counters: whoever drops a packet
counts it by its reason, and nobody logs one singly.
"""

from enum import StrEnum


class DropReason(StrEnum):
    """Why a packet goes no further; the value is the name that statistics show."""

    # Their fault: the bytes are not what the standard says.
    TOO_SHORT = "too_short"
    BAD_VERSION = "bad_version"
    BAD_EXTENSION = "bad_extension"
    BAD_PADDING = "bad_padding"
    BAD_RETRANSMISSION = "bad_retransmission"
    BAD_RTCP = "bad_rtcp"
    BAD_STUN = "bad_stun"
    UNKNOWN_USER = "unknown_user"
    BAD_INTEGRITY = "bad_integrity"
    BAD_PAYLOAD = "bad_payload"
    # Nobody's fault: the network, or our own decision.
    DUPLICATE = "duplicate"
    WAITING_FOR_KEY_FRAME = "waiting_for_key_frame"
    PAUSED = "paused"
    PROBE = "probe"
    OVER_RATE = "over_rate"
    UNKNOWN_SOURCE = "unknown_source"
    UNKNOWN_PAYLOAD_TYPE = "unknown_payload_type"
    SILENCED = "silenced"


class RemoteError(Exception):
    """The other side sent something that its standard forbids.

    Every parser of remote bytes returns a value or raises this; nothing else.
    """

    def __init__(self, reason: DropReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
