"""What a client says."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from signaling.protocol.shapes import (
    ClientId,
    ConsentVersion,
    MessageKind,
    MessageText,
    Name,
    Octets,
    RoomName,
    Saying,
    Scalar,
    Sdp,
    Source,
    Text,
)


class Hello(Saying, frozen=True):
    """The first message. `version` is the protocol's; `token` an access token or a room token, and
    left out where the page's cookie or the subprotocol said already who this is. With `resume`, the
    secret of a socket that was cut, this one takes over from it. Answered by `welcome`; without a
    good one within 5 s the socket is closed with 4401."""

    version: int
    token: Annotated[str, Meta(max_length=4096)] = ""
    resume: Annotated[str, Meta(max_length=64)] = ""
    client: Annotated[str, Meta(max_length=200)] = ""


class Enter(Saying, frozen=True):
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


class Consent(Saying, frozen=True):
    """Agree, in the room that this client is in, to the text of this version on detection, or with
    an empty version take that back: nothing of this person is looked at any more. Where only those
    come in who agree, taking it back is leaving. Answered by `consented`."""

    version: ConsentVersion


class Leave(Saying, frozen=True):
    """Leave the room; what is sent and watched there ends. Answered by `ack`."""


class Publish(Saying, frozen=True):
    """Send media: an SDP offer, and by MID which section is what (default: sound is the
    microphone, pictures are the camera). Needs the right to publish each. Answered by
    `published`."""

    offer: Sdp
    sources: dict[str, Source] = msgspec.field(default_factory=dict)


class Unpublish(Saying, frozen=True):
    """End a connection that sends. Answered by `ack`."""

    media: Name


class Watch(Saying, frozen=True):
    """See and hear the others of the room, or one of them. Needs the right to subscribe. Answered
    by `ack`; an `offer` follows at once and whenever somebody comes or goes."""

    publisher: Name | None = None


class Answer(Saying, frozen=True):
    """The SDP answer to the last `offer`. Answered by `answered`."""

    media: Name
    sdp: Sdp


class Unwatch(Saying, frozen=True):
    """End a connection that watches. Answered by `ack`."""

    media: Name


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What there is use for of one track: the height at which it is shown, in pixels."""

    max_height: Annotated[int, Meta(ge=0, le=16384)] | None = None
    priority: Annotated[int, Meta(ge=-100, le=100)] = 0
    pinned: bool = False
    paused: bool = False


class Wishes(Saying, frozen=True):
    """What the page has use for, by MID of the connection that watches; a track that is not named
    is wanted whole. Answered by `ack`."""

    media: Name
    tracks: dict[str, Wish] = msgspec.field(default_factory=dict)
    last_speakers: Annotated[int, Meta(ge=0, le=1000)] | None = None


class MediaState(Saying, frozen=True):
    """What this client sends just now, and whether a hand is raised. The others are told by an
    event `media.state`. Answered by `ack`."""

    microphone: bool = False
    camera: bool = False
    screen: bool = False
    hand: bool = False


class Gesture(Saying, frozen=True):
    """Something short that all see for a moment. The others are told by an event
    `person.gesture`. Answered by `ack`."""

    gesture: Literal["thumbs_up", "clap", "heart", "laugh", "surprise", "celebrate"]


class Presence(Saying, frozen=True):
    """What somebody is doing, for all who may know. Answered by `ack`."""

    status: Literal["online", "busy", "away"]


class SendSystem(Saying, frozen=True):
    """A system message: to one person by operators, to everybody who is connected by
    administrators. Answered by `ack`."""

    text: Text
    to: Name | None = None


class SendCommand(Saying, frozen=True):
    """A system command to one person's clients. For administrators. Answered by `ack`."""

    to: Name
    command: Annotated[str, Meta(min_length=1, max_length=64)]
    arguments: dict[str, Scalar] = msgspec.field(default_factory=dict)


class SendMessage(Saying, frozen=True):
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


class ForwardMessage(Saying, frozen=True):
    """Say in a room what was said elsewhere, with the name of whoever said it first. Answered by
    `posted`."""

    message: Name
    client_id: ClientId
    room: RoomName = ""


class EditMessage(Saying, frozen=True):
    """Let a message of one's own say something else; what it said is kept for the room to see. An
    event `message.edited` follows. Answered by `changed`."""

    message: Name
    text: MessageText


class DeleteMessage(Saying, frozen=True):
    """Take a message back; moderators take back anybody's. An event `message.deleted` follows, and
    what was said is gone from the earlier ones. Answered by `changed`."""

    message: Name


class ReactToMessage(Saying, frozen=True):
    """Answer a message with one symbol, or take that back. An event `message.reacted` follows.
    Answered by `changed`."""

    message: Name
    emoji: Annotated[str, Meta(min_length=1, max_length=64)]
    on: bool = True


class PinMessage(Saying, frozen=True):
    """Keep a message in sight, or no longer. For moderators, and in rooms of two. An event
    `message.pinned` follows. Answered by `changed`."""

    message: Name
    on: bool = True


class MarkMessageRead(Saying, frozen=True):
    """This person has seen everything up to a sequence; more than there is counts as all. A
    position never falls. Everybody in the room gets `receipt`, all devices of this person
    `unread_news`. Answered by `ack`."""

    sequence: Annotated[int, Meta(ge=0, le=2**53)]
    room: RoomName = ""


class MarkMessageDelivered(Saying, frozen=True):
    """A device of this person has received everything up to a sequence. Answered by `ack`."""

    sequence: Annotated[int, Meta(ge=0, le=2**53)]
    room: RoomName = ""


class Typing(Saying, frozen=True):
    """This person writes something in the room that this client is in, or stopped. Nothing of it
    is kept. Answered by `ack`."""

    on: bool = True


class TakeChallenge(Saying, frozen=True):
    """Agree to what `challenge_offered` explained. Answered by `challenge_begun`, which the page
    shows at once. Refused with `challenge_over` when it was taken elsewhere, refused or has
    expired."""

    challenge: Name


class ReadyChallenge(Saying, frozen=True):
    """Said at once when `challenge_begun` has come, before anything else is done: the server
    measures by it how long the way to this page is. Answered by `ack`."""

    challenge: Name


class RefuseChallenge(Saying, frozen=True):
    """Do not take a challenge, or stop one that has begun. It counts against nobody; whoever asked
    and the moderators are told. Answered by `ack`."""

    challenge: Name


class AnswerProof(Saying, frozen=True):
    """Prove the account by a code: six digits of one's authenticator app, or a recovery code.
    Answered by `ack`, and `proof_ended` follows; refused with `wrong_code`, after the third of
    which it has failed. Refused with `proof_over` when nothing is asked any more."""

    proof: Name
    code: Annotated[str, Meta(min_length=1, max_length=32)]


class AskPasskey(Saying, frozen=True):
    """Ask for a challenge that a passkey is to sign for a proof. Answered by `passkey_asked`; each
    is good for one answer, and the last one only."""

    proof: Name


class AnswerPasskey(Saying, frozen=True):
    """Prove the account by a passkey: what `navigator.credentials.get` gave, in base64url. Answered
    by `ack`, and `proof_ended` follows; refused with `passkey_refused`, after the third of which
    it has failed."""

    proof: Name
    credential: Octets
    client_data: Octets
    authenticator_data: Octets
    signature: Octets


class RefuseProof(Saying, frozen=True):
    """Do not prove the account; whoever asked and may see it is told. Answered by `ack`."""

    proof: Name


class WatchRisk(Saying, frozen=True):
    """Be told how people stand in every room, and of alerts; or no longer. For operators, and
    audited. Answered by `ack`; a `risk_news` for each room follows, and more whenever something
    changes."""

    on: bool = True


class Ping(Saying, frozen=True):
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
    | AnswerProof
    | AskPasskey
    | AnswerPasskey
    | RefuseProof
    | WatchRisk
    | Ping
)
