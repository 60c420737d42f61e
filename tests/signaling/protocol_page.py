"""`docs/PROTOCOL.md`, made from the messages themselves.

python -m tests.signaling.protocol_page > docs/PROTOCOL.md
"""

from datetime import UTC, datetime
from typing import get_args

import msgspec

from signaling import protocol
from signaling.protocol import CLOSES, Said, Told

OFFER = "v=0\r\n…"
MOMENT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)

DETECTION = protocol.DetectionHere(
    runs=True,
    seen_by="hosts",
    own_seen=False,
    consent_required=False,
    encrypted=False,
    version="1",
    consented=True,
)

EXAMPLES: tuple[Said | Told, ...] = (
    protocol.Hello(id=1, version=1, token="eyJhbGciOi…", client="candor web 1"),
    protocol.Enter(id=2, room="kfbm-sqpw-tzdr", after=17),
    protocol.Consent(id=3, version="1"),
    protocol.Leave(id=3),
    protocol.Publish(id=4, offer=OFFER, sources={"0": "microphone", "1": "screen"}),
    protocol.Unpublish(id=5, media="Zq3x_5Dk1vYw0aPb"),
    protocol.Watch(id=6),
    protocol.Answer(id=7, media="b1Jm8sRk2cTn4dQe", sdp=OFFER),
    protocol.Unwatch(id=8, media="b1Jm8sRk2cTn4dQe"),
    protocol.Wishes(
        id=9,
        media="b1Jm8sRk2cTn4dQe",
        tracks={"1": protocol.Wish(max_height=360, pinned=True)},
        last_speakers=9,
    ),
    protocol.MediaState(id=10, microphone=True, camera=False),
    protocol.Gesture(id=15, gesture="clap"),
    protocol.Presence(id=11, status="busy"),
    protocol.SendSystem(id=12, text="Candor restarts at eight."),
    protocol.SendCommand(id=13, to="0197d2c4", command="reload", arguments={"page": "call"}),
    protocol.WatchRisk(id=14),
    protocol.Ping(id=14),
    protocol.SendMessage(
        id=15, client_id="k3v9", text="See you at eight, 会议室.", mentions=("0197d2c4",)
    ),
    protocol.ForwardMessage(id=16, message="0197e001", client_id="k3va", room="tea"),
    protocol.EditMessage(id=17, message="0197e001", text="See you at nine."),
    protocol.DeleteMessage(id=18, message="0197e001"),
    protocol.ReactToMessage(id=19, message="0197e001", emoji="👍"),
    protocol.PinMessage(id=20, message="0197e001"),
    protocol.MarkMessageRead(id=21, sequence=19),
    protocol.MarkMessageDelivered(id=22, sequence=19),
    protocol.Typing(id=23),
    protocol.TakeChallenge(id=24, challenge="0197f3a0"),
    protocol.ReadyChallenge(id=25, challenge="0197f3a0"),
    protocol.RefuseChallenge(id=26, challenge="0197f3a0"),
    protocol.ChallengeBegun(
        re=24,
        challenge="0197f3a0",
        begins_in_s=1.0,
        lasts_s=13.6,
        show=protocol.LightShown(
            colours=((0, 255, 64), (255, 64, 255)), colour_s=0.4, rest=(128, 128, 128)
        ),
    ),
    protocol.ChallengeOffered(
        challenge="0197f3a0",
        room="tea",
        kind="light",
        why="join",
        text="challenge.light",
        lasts_s=13.6,
        expires_at=MOMENT,
    ),
    protocol.ChallengeEnded(
        challenge="0197f3a0",
        outcome="passed",
        reason="light_followed",
        strength=0.8,
        chance=0.0006,
    ),
    protocol.ChallengeNews(
        challenge="0197f3a0",
        room="tea",
        identity="0197d2c4",
        kind="light",
        why="join",
        state="begun",
    ),
    protocol.AnswerProof(id=27, proof="0197f3b0", code="492039"),
    protocol.AskPasskey(id=27, proof="0197f3b0"),
    protocol.PasskeyAsked(
        re=27, proof="0197f3b0", challenge="nW2x_5Dk", rp_id="call.example", credentials=("AQID",)
    ),
    protocol.AnswerPasskey(
        id=28,
        proof="0197f3b0",
        credential="AQID",
        client_data="eyJ0eXBlIjoi",
        authenticator_data="SZYN5YgO",
        signature="MEUCIQDx",
    ),
    protocol.RefuseProof(id=28, proof="0197f3b0"),
    protocol.ProofAsked(
        proof="0197f3b0",
        room="tea",
        why="host",
        by="Ada",
        ways=("authenticator",),
        expires_at=MOMENT,
    ),
    protocol.ProofEnded(proof="0197f3b0", outcome="proved", reason=""),
    protocol.ProofNews(
        proof="0197f3b0",
        room="tea",
        call="0197c3d2",
        identity="0197d2c4",
        account="bob",
        state="proved",
        at=MOMENT,
        way="authenticator",
        since=MOMENT,
    ),
    protocol.Posted(re=15, message="0197e001", room="tea", sequence=20, at=MOMENT),
    protocol.Changed(re=17, message="0197e001", sequence=21),
    protocol.Receipt(
        room="tea",
        identity="0197d2c4",
        read=19,
        read_at=MOMENT,
        delivered=20,
        delivered_at=MOMENT,
    ),
    protocol.UnreadNews(room="tea", last_sequence=20, read=19, unread=1, mentions=0),
    protocol.TypingNews(room="tea", identity="0197d2c4", on=True),
    protocol.Ack(re=3),
    protocol.Error(
        re=4,
        error=protocol.Trouble(
            "forbidden",
            "You may not do this. Ask somebody with the right role.",
            "No right to publish: screen.",
        ),
    ),
    protocol.Welcome(
        re=1,
        version=1,
        identity="0197d2c4",
        name="ada",
        heartbeat_s=30.0,
        resume="mPZkq9dXc1vTn0aB7yRw3uLh",
    ),
    protocol.Pong(re=14),
    protocol.Snapshot(
        re=2,
        room="kfbm-sqpw-tzdr",
        sequence=19,
        after=17,
        may={"publish": ["microphone"], "subscribe": True, "chat": True},
        members=(protocol.MemberShown("0197d2c4", "ada", "owner", ("camera",)),),
        present=(protocol.Present("0197d2c4", "ada", 2, True, False, False),),
        detection=DETECTION,
    ),
    protocol.Consented(re=3, detection=DETECTION),
    protocol.Published(re=4, media="Zq3x_5Dk1vYw0aPb", answer=OFFER),
    protocol.Answered(re=7, notes=("1: no codec fits both sides",)),
    protocol.Event(
        room="kfbm-sqpw-tzdr",
        sequence=18,
        kind="media.state",
        actor="0197d2c4",
        at=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
        body={"microphone": True, "camera": False, "screen": False, "hand": False},
    ),
    protocol.Notice(
        room="direct-5a1f",
        sequence=9,
        kind="call.ringing",
        actor="0197d2c4",
        at=datetime(2030, 1, 1, 12, 0, tzinfo=UTC),
        body={"call": "0197d2f0", "caller": "0197d2c4", "medium": "video", "users": ["0197d2c5"]},
    ),
    protocol.PresenceNews(
        identity="0197d2c5", status="away", seen_at=datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
    ),
    protocol.Offer(
        media="b1Jm8sRk2cTn4dQe",
        sdp=OFFER,
        sections=(protocol.Section("0", "0197d2c4", "microphone", "audio", "opus"),),
    ),
    protocol.TrackNews(media="b1Jm8sRk2cTn4dQe", mid="1", reason="no_bandwidth", height=0),
    protocol.SpeakerNews(identity="0197d2c4"),
    protocol.EncodingsWanted(media="Zq3x_5Dk1vYw0aPb", mid="1", rids=("low",)),
    protocol.Quality(media="Zq3x_5Dk1vYw0aPb", state="connected"),
    protocol.MediaLost(media="Zq3x_5Dk1vYw0aPb"),
    protocol.MatchNews(
        kind="number",
        state="matched",
        number="0421",
        expires_at=datetime(2030, 1, 2, 3, 5, 5, tzinfo=UTC),
        room="kfbm-sqpw-tzdr",
        partner=protocol.Partner("0197d2c4", "ada"),
    ),
    protocol.RiskNews(
        room="kfbm-sqpw-tzdr",
        call="0197d2c4-7a3e",
        people=(
            protocol.PersonRisk(
                identity="0197d2c4",
                state="suspicious",
                why="",
                risk=0.71,
                confidence=0.34,
                age_s=2.5,
                at=MOMENT,
                reasons=(
                    protocol.RiskReason("lips", "late", "Lips follow 310 ms late.", 0.5, 2.5),
                ),
                offer_challenge=True,
                score="0197d2c5-10ab",
            ),
        ),
        gone=("0197d2c9",),
    ),
    protocol.AlertNews(
        act="escalate",
        alert=protocol.AlertShown(
            id="0197d2c6-3b1c",
            room="kfbm-sqpw-tzdr",
            call="0197d2c4-7a3e",
            identity="0197d2c4",
            severity="medium",
            state="escalated",
            outcome=None,
            owner="0197aa01",
            times=2,
            risk=0.91,
            confidence=0.66,
            score="0197d2c5-10ab",
            raised_at=MOMENT,
            last_at=MOMENT,
            closed_at=None,
        ),
    ),
    protocol.System(text="Candor restarts at eight."),
    protocol.Command(command="reload", arguments={"page": "call"}),
    protocol.Bye(seconds=5.0, reason="draining"),
)

INTRODUCTION = """\
# The protocol

One WebSocket for everything that is live: `/ws`, or bound to one room `/ws/chat/{room}/` and
`/ws/call/{room}`. Each message is one JSON object in one text frame of at most 64 KiB. This page
is made from `signaling/protocol/` (`python -m tests.signaling.protocol_page >
docs/PROTOCOL.md`), and a test compares them.

## Coming in
- A page comes with its cookie, and says `hello` without a token. Anybody else says a token: in
  `hello`, in `Authorization: Bearer …`, or as a second subprotocol (`candor.v1`,
  `candor.token.…`). A token in the address is refused. Who has not said `hello` after 5 s is
  closed with 4401.
- `Origin` must be ours or one of `http.allowed_origins`; only who sends a bearer token in a
  header may leave it out.
- Both sides may ping; the server does after 30 s of silence, and takes a client that does not
  answer within 15 s for gone. Messages are not compressed. 200 messages at once or in ten seconds
  are taken, then 4429.
- What is said is answered once, by a message whose `re` is its `id`; unknown types and fields are
  refused.

## Being away
Events of a room are numbered without gaps. A client that was away says the last number that it
saw in `enter.after`, and gets what it missed, each event once and in order, and then what
happens. A `snapshot` says at which number it was taken; events up to there may tell again what it
holds. A client that reads too slowly is closed with 4408 when more than 1 MiB waits for it, or
when it takes nothing for ten seconds while it catches up; it comes back the same way.

A socket that is cut (no close frame came) is missed for 20 s, in which nobody is told of it and
media goes on. The client connects again, at once and then after 0.2, 0.4, 0.8 and each 1.5 s, and
brings the `resume` of its last `welcome` in `hello`. What the new `welcome` names as `resumed`
goes on if `enter.keep` names it; everything else is published and watched anew, as after a
restart of the server, when nothing is resumed. A page that is loaded again brings `resume` too if
it has kept it, and keeps nothing. Whoever enters a room ends what their own cut sockets left there.

## Being looked at
A page shows the text on detection, which is at the address of the room's detection, and says in
`enter.consent` what the person said to it. Nothing of anybody is looked at before their consent is
in the store; without it they are shown as `unknown: not_consented`. It counts for this person and
room until it is taken back by `consent`, or until the text gets another version. `snapshot` and
`consented` say how the room is with it; `room.detection` tells of rules that have changed. Cameras
and microphones are looked at, screens never. What `media_state` says is off is not looked at.

Kinds of events that sessions make: `person.arrived` and `person.left` (the first device of
somebody came, the last one went), `person.gesture` and `media.state`. Membership (`member.…`), the
room (`room.…`) and calls (`call.…`) tell of themselves.

## Chat
A message is an event of its room like any other: `message.posted` with `message` (its
identifier), `client_id`, `kind`, `text` and, where there are such, `file`, `reply_to`, `mentions`
and `forwarded_from`. `message.edited` brings the new `text`; `message.deleted` the identifier
only, and what the message said is gone from the earlier events, which say `gone` instead;
`message.reacted` an `emoji` and whether it is `on`; `message.pinned` whether it is `on`;
`chat.rules` what the room's chat is under. `posted` and `changed` come after the commit: what was
acknowledged is not lost. Order is by sequence, never by clock. Text is kept exactly as it came,
up to 16,384 bytes and 4,000 characters; pages isolate its direction.

## Challenges
A challenge asks somebody to show that a camera sees them. `challenge_offered` explains it and is
taken (`take_challenge`) or refused; whatever is not taken in a minute has expired. It is answered
by `challenge_begun`, whose `show` is, by its `kind`:

| `kind` | shown |
|---|---|
| `light` | `colours` (sRGB), each for `colour_s`, over the whole page; `rest` before and after |
| `motion` | of `movements` the one whose time has come, by its `act` |
| `code` | all `digits` at once, to be said aloud |

Times begin `begins_in_s` after the message came. `challenge_ended` brings what came of it within
15 s of that beginning. A page that hears nothing for 25 s closes it. Nothing is shown ahead of its
time, since what is known before can be made before; no two colours change faster than 2.5 times a
second, and none is a saturated red (WCAG 2.3.1).

## Media
`publish` is the client's offer, answered at once. To `watch`, the client is offered: `offer`
comes at once, and again whenever somebody comes or goes; the next offer waits for the answer to
the last. On `media_lost` the media process has died: publish and watch again, by oneself, without
asking anybody.
"""


def page() -> str:
    parts = [INTRODUCTION, "## What a client says\n", *_sections(get_args(Said))]
    parts += ["## What the server answers and tells\n", *_sections(get_args(Told))]
    parts += ["## Why a socket is closed\n", "| code | means |\n|---|---|"]
    parts += [f"| {close.code} | {close.means} |" for close in CLOSES.values()]
    return "\n".join(parts) + "\n"


def _sections(types: tuple[type[msgspec.Struct], ...]) -> list[str]:
    examples = {type(example): example for example in EXAMPLES}
    return [_section(one, examples[one]) for one in types]


def _section(kind: type[msgspec.Struct], example: Said | Told) -> str:
    words = " ".join((kind.__doc__ or "").split())
    shown = msgspec.json.format(protocol.encode(example), indent=2).decode()
    return f"### `{kind.__struct_config__.tag}`\n{words}\n\n```json\n{shown}\n```\n"


if __name__ == "__main__":
    print(page(), end="")
