"""What the server answers to what was said."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from signaling.protocol.shapes import Telling


class Ack(Telling, frozen=True):
    """Done."""

    re: int


class Trouble(msgspec.Struct, frozen=True):
    """A code of the one table, a sentence that says what to do, and where it pinches."""

    code: str
    message: str
    detail: str | None = None
    retry_after_s: float | None = None


class Error(Telling, frozen=True):
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


class Welcome(Telling, frozen=True):
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


class Pong(Telling, frozen=True):
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


class Snapshot(Telling, frozen=True):
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


class Consented(Telling, frozen=True):
    """What was said is in the store, and counts from now on."""

    re: int
    detection: DetectionHere


class Published(Telling, frozen=True):
    """The SDP answer to an offer; `notes` says what of it could not be served."""

    re: int
    media: str
    answer: str
    notes: tuple[str, ...] = ()


class Answered(Telling, frozen=True):
    """An answer was taken; `notes` says what cannot be shown to this client."""

    re: int
    notes: tuple[str, ...] = ()


class Posted(Telling, frozen=True):
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


class ChallengeBegun(Telling, frozen=True):
    """What to show, from `begins_in_s` after this message came and for `lasts_s`. The page says
    `ready_challenge` first, shows the rest colour (or a word to get ready) until then, and stops at
    `challenge_ended`, which may come sooner than the end: a clear answer needs no more. Light is
    shown over the whole page, as bright as the page can, with the self-view hidden."""

    re: int
    challenge: str
    begins_in_s: float
    lasts_s: float
    show: LightShown | MotionShown | CodeShown


class PasskeyAsked(Telling, frozen=True):
    """What `navigator.credentials.get` is to be told: a challenge, and which keys may sign, in
    base64url; with its owner verified."""

    re: int
    proof: str
    challenge: str
    rp_id: str
    credentials: tuple[str, ...]


class Changed(Telling, frozen=True):
    """The message is as it was asked for; `sequence` is of the event that tells of it, null if
    there was nothing to do."""

    re: int
    message: str
    sequence: int | None
