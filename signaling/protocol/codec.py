"""Messages as text, and back; pure."""

import msgspec

from signaling.errors import CODES, Refused, Unavailable
from signaling.protocol.answers import (
    Ack,
    Answered,
    ChallengeBegun,
    Changed,
    Consented,
    Error,
    PasskeyAsked,
    Pong,
    Posted,
    Published,
    Snapshot,
    Trouble,
    Welcome,
)
from signaling.protocol.news import (
    Bye,
    Command,
    EncodingsWanted,
    Event,
    MatchNews,
    MediaLost,
    Notice,
    Offer,
    PresenceNews,
    Quality,
    Receipt,
    SpeakerNews,
    System,
    TrackNews,
    TypingNews,
    UnreadNews,
)
from signaling.protocol.proof_news import ProofAsked, ProofEnded, ProofNews
from signaling.protocol.risk_news import (
    AlertNews,
    ChallengeEnded,
    ChallengeNews,
    ChallengeOffered,
    RiskNews,
)
from signaling.protocol.said import Said
from signaling.protocol.shapes import Id

# A description has at most 64 kB; whatever is longer is none of ours.
MAX_FRAME_BYTES = 64 << 10

Told = (
    Ack
    | Error
    | Welcome
    | Pong
    | Snapshot
    | Consented
    | Published
    | Answered
    | Posted
    | Changed
    | ChallengeBegun
    | PasskeyAsked
    | Event
    | Notice
    | PresenceNews
    | Offer
    | TrackNews
    | SpeakerNews
    | EncodingsWanted
    | Quality
    | MediaLost
    | Receipt
    | UnreadNews
    | TypingNews
    | MatchNews
    | ChallengeOffered
    | ChallengeEnded
    | ChallengeNews
    | ProofAsked
    | ProofEnded
    | ProofNews
    | RiskNews
    | AlertNews
    | System
    | Command
    | Bye
)

_said: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)
_told: msgspec.json.Decoder[Told] = msgspec.json.Decoder(Told)
_encoder = msgspec.json.Encoder()


class _Numbered(msgspec.Struct):
    id: Id


_numbered: msgspec.json.Decoder[_Numbered] = msgspec.json.Decoder(_Numbered)


def parse(text: str) -> Said:
    """What a client said; Refused, in words, for anything that is not exactly a message."""
    if len(text) > MAX_FRAME_BYTES:
        raise Refused("too_large", f"At most {MAX_FRAME_BYTES} bytes.")
    try:
        said = _said.decode(text)
        # Half a surrogate pair can be written in JSON, and nowhere else.
        _encoder.encode(said)
    except msgspec.ValidationError as error:
        raise Refused("invalid", str(error)[:300]) from None
    except RecursionError:
        raise Refused("bad_json", "The message is nested too deeply.") from None
    except (msgspec.MsgspecError, UnicodeError):
        raise Refused("bad_json", "The message is not valid JSON.") from None
    return said


def number_of(text: str) -> int:
    """The `id` of a message that could not be parsed; 0 if there is none to be read."""
    try:
        return _numbered.decode(text).id
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return 0


def encode(message: Said | Told) -> bytes:
    """The message as it goes over the wire."""
    return _encoder.encode(message)


def parse_told(text: str | bytes) -> Told:
    """What the server told, for clients; msgspec.MsgspecError for anything else."""
    return _told.decode(text)


def error(re: int, trouble: Refused | Unavailable) -> Error:
    """The answer to a message that was refused."""
    detail = trouble.detail if isinstance(trouble, Refused) else None
    retry = trouble.retry_after_s if isinstance(trouble, Refused) else None
    return Error(re=re, error=Trouble(trouble.code, CODES[trouble.code].message, detail, retry))
