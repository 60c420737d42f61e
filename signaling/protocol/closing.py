"""Why the server closes a socket."""

from collections.abc import Mapping

import msgspec


class CloseCode(msgspec.Struct, frozen=True):
    """Why the server closes, and what the client does then."""

    code: int
    means: str


CLOSES: Mapping[str, CloseCode] = {
    "going_away": CloseCode(1001, "the server restarts; connect again after `bye.seconds`"),
    "protocol": CloseCode(1002, "a frame that RFC 6455 does not allow"),
    "unsupported": CloseCode(1003, "a binary frame; messages are text"),
    "bad_utf8": CloseCode(1007, "text that is not UTF-8"),
    "too_big": CloseCode(1009, "a message of more than 64 KiB"),
    "internal": CloseCode(1011, "a fault of ours; connect again, and resume"),
    "unauthenticated": CloseCode(4401, "nobody signed in within 5 s, or the session has ended"),
    "slow": CloseCode(4408, "the client reads too slowly; connect again, and resume"),
    "replaced": CloseCode(4409, "another socket of this client has taken over; do nothing"),
    "too_often": CloseCode(4429, "too many messages; wait ten seconds"),
}
