"""Every message of the one protocol, typed once; `docs/PROTOCOL.md` is made from this file.

A message is one JSON object in one text frame; `type` says which.  What a client says carries an
`id`, and is answered exactly once by a message with the same number in `re`.  Pure: text in,
values out, and back.  It refuses to know sockets, people and what a message does.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from signaling.errors import CODES, Refused, Unavailable

VERSION = 1
# A silent client is pinged after so long; one that does not answer is gone before twice of it.
HEARTBEAT_S = 30.0
# A description has at most 64 kB; whatever is longer is none of ours.
MAX_FRAME_BYTES = 64 << 10

Id = Annotated[int, Meta(ge=1, le=2**31 - 1)]
RoomName = Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9._~-]*$")]
Name = Annotated[str, Meta(max_length=128)]
Sdp = Annotated[str, Meta(max_length=60_000)]
Text = Annotated[str, Meta(max_length=4_000)]
Source = Literal["microphone", "camera", "screen", "screen_audio"]
ConsentVersion = Annotated[str, Meta(max_length=16, pattern=r"^[A-Za-z0-9.-]*$")]
ClientId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
MessageKind = Literal["text", "emoji", "sticker", "image", "voice", "video", "file"]
# Measured in bytes and in characters as people count them where it is taken.
MessageText = Annotated[str, Meta(max_length=20_000)]
Scalar = str | int | float | bool | None


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


def _wire_name(name: str) -> str:
    """`TrackNews` is `track_news` on the wire."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class _Said(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag=_wire_name,
    kw_only=True,
):
    id: Id


class _Told(msgspec.Struct, frozen=True, tag_field="type", tag=_wire_name, kw_only=True):
    pass


# --- what a client says ---


class Hello(_Said, frozen=True):
    """The first message. `version` is the protocol's; `token` an access token or a room token, and
    left out where the page's cookie or the subprotocol said already who this is. With `resume`, the
    secret of a socket that was cut, this one takes over from it. Answered by `welcome`; without a
    good one within 5 s the socket is closed with 4401."""

    version: int
    token: Annotated[str, Meta(max_length=4096)] = ""
    resume: Annotated[str, Meta(max_length=64)] = ""
    client: Annotated[str, Meta(max_length=200)] = ""


class Enter(_Said, frozen=True):
    """Come into a room; one at a time. With `after`, the sequence of the last event that was seen,
    the events since then follow, each once and in order; without it only what happens from now on.
    After a cut, `keep` names the connections that are to go on; all others of this client in the
    room end. `consent` is the version of the text on detection to which this person agrees, empty
    for no; left out, what they said before in this room counts. The text is at the address of the
    room's detection. A room may let in only those who agree: `consent_required`. With `reading`,
    the client is there for what is written only: it sends and watches nothing, is not among those
    `present`, and nobody has to agree to anything for it. Answered by `snapshot`. On a socket that
    is bound to a room, `room` may be left out."""

    room: RoomName = ""
    after: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    keep: Annotated[tuple[Name, ...], Meta(max_length=16)] = ()
    consent: ConsentVersion | None = None
    reading: bool = False


class Consent(_Said, frozen=True):
    """Agree, in the room that this client is in, to the text of this version on detection, or with
    an empty version take that back: nothing of this person is looked at any more. Where only those
    come in who agree, taking it back is leaving. Answered by `consented`."""

    version: ConsentVersion


class Leave(_Said, frozen=True):
    """Leave the room; what is sent and watched there ends. Answered by `ack`."""


class Publish(_Said, frozen=True):
    """Send media: an SDP offer, and by MID which section is what (default: sound is the
    microphone, pictures are the camera). Needs the right to publish each. Answered by
    `published`."""

    offer: Sdp
    sources: dict[str, Source] = {}


class Unpublish(_Said, frozen=True):
    """End a connection that sends. Answered by `ack`."""

    media: Name


class Watch(_Said, frozen=True):
    """See and hear the others of the room, or one of them. Needs the right to subscribe. Answered
    by `ack`; an `offer` follows at once and whenever somebody comes or goes."""

    publisher: Name | None = None


class Answer(_Said, frozen=True):
    """The SDP answer to the last `offer`. Answered by `answered`."""

    media: Name
    sdp: Sdp


class Unwatch(_Said, frozen=True):
    """End a connection that watches. Answered by `ack`."""

    media: Name


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What there is use for of one track: the height at which it is shown, in pixels."""

    max_height: Annotated[int, Meta(ge=0, le=16384)] | None = None
    priority: Annotated[int, Meta(ge=-100, le=100)] = 0
    pinned: bool = False
    paused: bool = False


class Wishes(_Said, frozen=True):
    """What the page has use for, by MID of the connection that watches; a track that is not named
    is wanted whole. Answered by `ack`."""

    media: Name
    tracks: dict[str, Wish] = {}
    last_speakers: Annotated[int, Meta(ge=0, le=1000)] | None = None


class MediaState(_Said, frozen=True):
    """What this client sends just now, and whether a hand is raised. The others are told by an
    event `media.state`. Answered by `ack`."""

    microphone: bool = False
    camera: bool = False
    screen: bool = False
    hand: bool = False


class Gesture(_Said, frozen=True):
    """Something short that all see for a moment. The others are told by an event
    `person.gesture`. Answered by `ack`."""

    gesture: Literal["thumbs_up", "clap", "heart", "laugh", "surprise", "celebrate"]


class Presence(_Said, frozen=True):
    """What somebody is doing, for all who may know. Answered by `ack`."""

    status: Literal["online", "busy", "away"]


class SendSystem(_Said, frozen=True):
    """A system message: to one person by operators, to everybody who is connected by
    administrators. Answered by `ack`."""

    text: Text
    to: Name | None = None


class SendCommand(_Said, frozen=True):
    """A system command to one person's clients. For administrators. Answered by `ack`."""

    to: Name
    command: Annotated[str, Meta(min_length=1, max_length=64)]
    arguments: dict[str, Scalar] = {}


class SendMessage(_Said, frozen=True):
    """Say something: in a room, by default the one that this client is in, or to one person.
    `client_id` is the client's own name for the message: sent again, it is answered as it was the
    first time; with another content it is refused with `message_differs`. `file` is needed for
    `image`, `voice`, `video` and `file`, and its text is the caption. Answered by `posted`, once
    it is on the disk; everybody in the room gets an event `message.posted`."""

    client_id: ClientId
    room: RoomName = ""
    to: Name = ""
    kind: MessageKind = "text"
    text: MessageText = ""
    file: Name | None = None
    reply_to: Name | None = None
    mentions: Annotated[tuple[Name, ...], Meta(max_length=50)] = ()


class ForwardMessage(_Said, frozen=True):
    """Say in a room what was said elsewhere, with the name of whoever said it first. Answered by
    `posted`."""

    message: Name
    client_id: ClientId
    room: RoomName = ""


class EditMessage(_Said, frozen=True):
    """Let a message of one's own say something else; what it said is kept for the room to see. An
    event `message.edited` follows. Answered by `changed`."""

    message: Name
    text: MessageText


class DeleteMessage(_Said, frozen=True):
    """Take a message back; moderators take back anybody's. An event `message.deleted` follows, and
    what was said is gone from the earlier ones. Answered by `changed`."""

    message: Name


class ReactToMessage(_Said, frozen=True):
    """Answer a message with one symbol, or take that back. An event `message.reacted` follows.
    Answered by `changed`."""

    message: Name
    emoji: Annotated[str, Meta(min_length=1, max_length=64)]
    on: bool = True


class PinMessage(_Said, frozen=True):
    """Keep a message in sight, or no longer. For moderators, and in rooms of two. An event
    `message.pinned` follows. Answered by `changed`."""

    message: Name
    on: bool = True


class MarkMessageRead(_Said, frozen=True):
    """This person has seen everything up to a sequence; more than there is counts as all. A
    position never falls. Everybody in the room gets `receipt`, all devices of this person
    `unread_news`. Answered by `ack`."""

    sequence: Annotated[int, Meta(ge=0, le=2**53)]
    room: RoomName = ""


class MarkMessageDelivered(_Said, frozen=True):
    """A device of this person has received everything up to a sequence. Answered by `ack`."""

    sequence: Annotated[int, Meta(ge=0, le=2**53)]
    room: RoomName = ""


class Typing(_Said, frozen=True):
    """This person writes something in the room that this client is in, or stopped. Nothing of it
    is kept. Answered by `ack`."""

    on: bool = True


class TakeChallenge(_Said, frozen=True):
    """Agree to what `challenge_offered` explained. Answered by `challenge_begun`, which the page
    shows at once. Refused with `challenge_over` when it was taken elsewhere, refused or has
    expired."""

    challenge: Name


class ReadyChallenge(_Said, frozen=True):
    """Said at once when `challenge_begun` has come, before anything else is done: the server
    measures by it how long the way to this page is. Answered by `ack`."""

    challenge: Name


class RefuseChallenge(_Said, frozen=True):
    """Do not take a challenge, or stop one that has begun. It counts against nobody; whoever asked
    and the moderators are told. Answered by `ack`."""

    challenge: Name


class WatchRisk(_Said, frozen=True):
    """Be told how people stand in every room, and of alerts; or no longer. For operators, and
    audited. Answered by `ack`; a `risk_news` for each room follows, and more whenever something
    changes."""

    on: bool = True


class Ping(_Said, frozen=True):
    """Is anybody there? Answered by `pong`. The frames of the same name are sent as well."""


Said = (
    Hello
    | Enter
    | Consent
    | Leave
    | Publish
    | Unpublish
    | Watch
    | Answer
    | Unwatch
    | Wishes
    | MediaState
    | Gesture
    | Presence
    | SendSystem
    | SendCommand
    | SendMessage
    | ForwardMessage
    | EditMessage
    | DeleteMessage
    | ReactToMessage
    | PinMessage
    | MarkMessageRead
    | MarkMessageDelivered
    | Typing
    | TakeChallenge
    | ReadyChallenge
    | RefuseChallenge
    | WatchRisk
    | Ping
)


# --- what the server answers ---


class Ack(_Told, frozen=True):
    """Done."""

    re: int


class Trouble(msgspec.Struct, frozen=True):
    """A code of the one table, a sentence that says what to do, and where it pinches."""

    code: str
    message: str
    detail: str | None = None
    retry_after_s: float | None = None


class Error(_Told, frozen=True):
    """Not done. `re` is 0 if the message had no number that could be read."""

    re: int
    error: Trouble


class CallStanding(msgspec.Struct, frozen=True):
    """A call that is under way, and how one stands there: `ringing`, `busy` or `joined`."""

    call: str
    room: str
    medium: str
    caller: str
    state: str


class Welcome(_Told, frozen=True):
    """Who this is from now on; the server pings a silent client after `heartbeat_s`. If the socket
    is cut, what is sent and watched goes on for 20 s: connect again, and say `resume` in `hello`.
    `resumed` names the connections that go on so; `enter` then says how far the client had come.
    A client that closes the socket itself leaves at once. `calls` are those that ring for this
    person or that they are in, as a page has to know that was opened just now."""

    re: int
    version: int
    identity: str
    name: str
    heartbeat_s: float
    resume: str
    resumed: tuple[str, ...] = ()
    calls: tuple[CallStanding, ...] = ()


class Pong(_Told, frozen=True):
    """Yes."""

    re: int


class MemberShown(msgspec.Struct, frozen=True):
    """Somebody who belongs to the room; `silenced` names what is not forwarded of them."""

    identity: str
    name: str
    role: str
    silenced: tuple[str, ...] = ()
    status: str = "offline"


class Present(msgspec.Struct, frozen=True):
    """Somebody who is in the room just now, and what they send."""

    identity: str
    name: str
    devices: int
    microphone: bool
    camera: bool
    screen: bool
    hand: bool = False


class DetectionHere(msgspec.Struct, frozen=True):
    """How this room is with looking at people: whether it runs, who sees everybody's score
    (`operators`, `hosts` or `everybody`), whether one sees one's own, whether one has to agree to
    come in, whether media are encrypted from end to end and cannot be looked at; the version of the
    text that is asked about, and whether this person has agreed to it."""

    runs: bool
    seen_by: str
    own_seen: bool
    consent_required: bool
    encrypted: bool
    version: str
    consented: bool


class Snapshot(_Told, frozen=True):
    """The room as it is. It holds everything up to `sequence`; events behind `after` follow,
    those up to `sequence` among them."""

    re: int
    room: str
    sequence: int
    after: int
    may: dict[str, Any]
    members: tuple[MemberShown, ...]
    present: tuple[Present, ...]
    call: dict[str, Any] | None = None
    detection: DetectionHere | None = None


class Consented(_Told, frozen=True):
    """What was said is in the store, and counts from now on."""

    re: int
    detection: DetectionHere


class Published(_Told, frozen=True):
    """The SDP answer to an offer; `notes` says what of it could not be served."""

    re: int
    media: str
    answer: str
    notes: tuple[str, ...] = ()


class Answered(_Told, frozen=True):
    """An answer was taken; `notes` says what cannot be shown to this client."""

    re: int
    notes: tuple[str, ...] = ()


class Posted(_Told, frozen=True):
    """The message is on the disk, and has its place in the room; `again` if it was there before,
    under the same `client_id`."""

    re: int
    message: str
    room: str
    sequence: int
    at: datetime
    again: bool = False


class LightShown(msgspec.Struct, frozen=True, tag_field="kind", tag="light"):
    """The screen's colours (sRGB), each for so long; `rest` before the first and after the last."""

    colours: tuple[tuple[int, int, int], ...]
    colour_s: float
    rest: tuple[int, int, int]


class MovementShown(msgspec.Struct, frozen=True):
    """One thing to do: turn `left`, `right` or `up` (the person's own left), pass a `hand` before
    the face, or `lean` in; times are after the beginning. Between them: look straight ahead."""

    act: Literal["left", "right", "up", "hand", "lean"]
    begins_s: float
    ends_s: float


class MotionShown(msgspec.Struct, frozen=True, tag_field="kind", tag="motion"):
    """Movements one after the other, none shown before it begins."""

    movements: tuple[MovementShown, ...]


class CodeShown(msgspec.Struct, frozen=True, tag_field="kind", tag="code"):
    """Digits to be said aloud in English, one after the other, all shown from the beginning on."""

    digits: str


class ChallengeBegun(_Told, frozen=True):
    """What to show, from `begins_in_s` after this message came and for `lasts_s`. The page says
    `ready_challenge` first, shows the rest colour (or a word to get ready) until then, and stops at
    `challenge_ended`, which may come sooner than the end: a clear answer needs no more. Light is
    shown over the whole page, as bright as the page can, with the self-view hidden."""

    re: int
    challenge: str
    begins_in_s: float
    lasts_s: float
    show: LightShown | MotionShown | CodeShown


class Changed(_Told, frozen=True):
    """The message is as it was asked for; `sequence` is of the event that tells of it, null if
    there was nothing to do."""

    re: int
    message: str
    sequence: int | None


# --- what the server tells ---


class Happened(_Told, frozen=True):
    """What is said of any event: where, which in its room's stream, what, by whom and when."""

    room: str
    sequence: int
    kind: str
    actor: str
    at: datetime
    body: dict[str, Any]


class Event(Happened, frozen=True):
    """Something happened in the room. `sequence` has no gaps; whoever was away says the last one
    that they saw in `enter.after`."""


class Section(msgspec.Struct, frozen=True):
    """What a section of an offer carries: whose, and which of theirs."""

    mid: str
    identity: str
    source: str
    kind: str
    codec: str


class Notice(Happened, frozen=True):
    """An event of a room in which this client is not, because it names this person: a call that
    rings, was answered on another device or is over (`call.…`), being let in, made a moderator or
    sent away (`member.…`). Notices have gaps; the room's stream has them all."""


class PresenceNews(_Told, frozen=True):
    """Somebody of a common room is `online`, `busy`, `away` or `offline` from now on."""

    identity: str
    status: str
    seen_at: datetime


class Offer(_Told, frozen=True):
    """An SDP offer that has to be answered by `answer` before the next one comes."""

    media: str
    sdp: str
    sections: tuple[Section, ...]


class TrackNews(_Told, frozen=True):
    """Why a track is shown as it is; the reasons are those of the page on media."""

    media: str
    mid: str
    reason: str
    height: int


class SpeakerNews(_Told, frozen=True):
    """Who is heard most; null for nobody."""

    identity: str | None


class EncodingsWanted(_Told, frozen=True):
    """Which encodings of a track that this client sends anybody has use for."""

    media: str
    mid: str
    rids: tuple[str, ...]


class Quality(_Told, frozen=True):
    """How a connection is: `connecting`, `connected`, `quiet`, `failed` or `closed`."""

    media: str
    state: str


class MediaLost(_Told, frozen=True):
    """The media process of a connection has died. Publish or watch again at once."""

    media: str


class Receipt(_Told, frozen=True):
    """How far somebody in the room has got; told while it happens, and found again at the address
    of the room's positions."""

    room: str
    identity: str
    read: int
    read_at: datetime | None
    delivered: int
    delivered_at: datetime | None


class UnreadNews(_Told, frozen=True):
    """What is left to read in a room of this person's, up to 1,000 messages; told within a second
    to devices that are elsewhere, and to all when something was read."""

    room: str
    last_sequence: int
    read: int
    unread: int
    mentions: int


class TypingNews(_Told, frozen=True):
    """Somebody in the room writes something; forget it after a few seconds."""

    room: str
    identity: str
    on: bool


class Partner(msgspec.Struct, frozen=True):
    """Whom one was matched with, or is proposed to."""

    identity: str
    name: str


class MatchNews(_Told, frozen=True):
    """What became of one's wait to be matched, on all of one's devices. `kind` is `number` or
    `heart-link`; `state` is `waiting`, `proposed`, `accepted`, `matched` (`room` says where the two
    meet), `cancelled` or `expired`. It expires at `expires_at` if nothing comes of it."""

    kind: str
    state: str
    number: str | None
    expires_at: datetime
    room: str | None
    partner: Partner | None


class ChallengeOffered(_Told, frozen=True):
    """This person is asked to show that a camera sees them. `text` is the key of words that explain
    what happens, how long it takes, and that it may be refused; nothing is shown before
    `take_challenge`. `kind` is `light`, `motion` or `code`; `why` is `join`, `host`, `operator`,
    `suspicion` or `random`. The page offers to take and to refuse it until `expires_at`, and closes
    it at `challenge_ended`."""

    challenge: str
    room: str
    kind: str
    why: str
    text: str
    lasts_s: float
    expires_at: datetime


class ChallengeEnded(_Told, frozen=True):
    """What became of a challenge of this person's. `outcome` is `passed`, `failed`, `inconclusive`,
    `refused` or `expired`; only `failed` counts against anybody. `reason` is a code for words.
    `strength` is how good the material was that a pass stands on, 0 to 1; `chance` how likely
    somebody who was not there would have done as well, null where nobody knows."""

    challenge: str
    outcome: str
    reason: str
    strength: float
    chance: float | None


class ChallengeNews(_Told, frozen=True):
    """How a challenge of somebody in the room stands, for those who moderate it. `state` is
    `offered`, `begun`, or one of the outcomes of `challenge_ended`."""

    challenge: str
    room: str
    identity: str
    kind: str
    why: str
    state: str
    reason: str = ""
    strength: float = 0.0
    chance: float | None = None


class RiskReason(msgspec.Struct, frozen=True):
    """A piece of evidence: `share` is its part of the log-odds, above zero for synthetic."""

    signal: str
    reason: str
    words: str
    share: float
    age_s: float


class RiskVerified(msgspec.Struct, frozen=True):
    """A challenge was passed; `strength` is what is left of it."""

    signal: str
    challenge: str
    age_s: float
    strength: float


class RiskOverride(msgspec.Struct, frozen=True):
    """An operator judged otherwise."""

    state: str
    by: str
    at: datetime


class PersonRisk(msgspec.Struct, frozen=True):
    """How somebody stands. `why` is the code of why somebody is `unknown`; `score` names what is
    kept of it, and is empty where nothing was kept yet. An `override` is shown beside the score,
    which it does not change."""

    identity: str
    state: str
    why: str
    risk: float
    confidence: float
    age_s: float | None
    at: datetime
    reasons: tuple[RiskReason, ...] = ()
    verified: RiskVerified | None = None
    alert: bool = False
    offer_challenge: bool = False
    score: str = ""
    override: RiskOverride | None = None


class RiskNews(_Told, frozen=True):
    """How people in a room stand from now on, and who sends nothing any more (`gone`). Told to
    those in the room who may see it by its rules, to each person about themselves where the rules
    say so, and to operators who asked by `watch_risk`, of every room. `call` is empty where people
    meet without one."""

    room: str
    call: str
    people: tuple[PersonRisk, ...]
    gone: tuple[str, ...] = ()


class AlertShown(msgspec.Struct, frozen=True):
    """Somebody in a call was probably not real. `state` is `new`, `acknowledged`, `escalated` or
    `closed`, `severity` `low`, `medium` or `high`; a closed one has an `outcome`: `true`, `false`
    or `inconclusive`. `times` is how often it was raised; risk, confidence and score are those of
    the highest risk."""

    id: str
    room: str
    call: str
    identity: str
    severity: str
    state: str
    outcome: str | None
    owner: str | None
    times: int
    risk: float
    confidence: float
    score: str
    raised_at: datetime
    last_at: datetime
    closed_at: datetime | None


class AlertNews(_Told, frozen=True):
    """An alert was raised, or somebody did something with one; told to operators who asked by
    `watch_risk`. `act` is `raise`, `acknowledge`, `escalate`, `close`, `reopen`, `assign` or
    `note`."""

    act: str
    alert: AlertShown


class System(_Told, frozen=True):
    """A message from those who run this server; pages show it until it is closed."""

    text: str


class Command(_Told, frozen=True):
    """A command from an administrator."""

    command: str
    arguments: dict[str, Any]


class Bye(_Told, frozen=True):
    """The server closes this socket, and is back after so many seconds."""

    seconds: float
    reason: str


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
