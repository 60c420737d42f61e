"""Consent: what people are told before anybody looks at them, and what they said to it.

Knows the text, the rules of rooms and who agreed to what.  Nobody is looked at before their
consent is in the store.  It refuses to know what is found out about anybody.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.identifiers import new_id
from signaling.media import Participant
from signaling.protocol import DetectionHere
from signaling.risk.looking import Looking
from signaling.rooms import say_in
from signaling.store import Store, audit, consents
from signaling.store.consents import Consent, DetectionRules
from signaling.streams import Happening, Streams

# What was agreed to can be read years later: a text that has changed gets a new number, and is
# asked about again.
VERSION = "2"
TEXTS: Mapping[str, str] = {
    "1": (
        "This call is checked for synthetic faces and voices. For that, single pictures and short "
        "pieces of sound from your camera and microphone are looked at by a program while the call "
        "lasts. What it measures, and a score that follows from it, are kept for a limited time; "
        "pictures and sound are kept only with an alert. Whoever runs this server can see the "
        "score, and so can those whom the room's rules name. You can say no, and take this back "
        "at any time: then nothing of you is looked at, and you are shown as not checked."
    ),
    "2": (
        "This call is checked for synthetic faces and voices. For that, single pictures and short "
        "pieces of sound from your camera and microphone are looked at by a program while the call "
        "lasts. Your face and your voice are compared with how they were earlier in the same call; "
        "what that takes is held in memory for as long as you are in it, and is not stored. What "
        "is measured, and a score that follows from it, are kept for a limited time; pictures and "
        "sound are kept only with an alert. Whoever runs this server can see the score, and so can "
        "those whom the room's rules name. You can say no, and take this back at any time: then "
        "nothing of you is looked at, and you are shown as not checked."
    ),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a room is with looking at people, and what one said to it."""

    rules: DetectionRules
    given: bool

    @property
    def keeps_out(self) -> bool:
        """Whether only those take part in calls here who agree, and this one does not."""
        return self.rules.consent_required and not self.given


class Consents:
    """The service."""

    def __init__(
        self,
        store: Store,
        streams: Streams,
        looking: Looking,
        defaults: DetectionRules,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._streams = streams
        self._looking = looking
        self._defaults = defaults
        self._now = now

    async def standing(self, who: Participant) -> Standing:
        return await self._store.read(partial(_standing, defaults=self._defaults, who=who))

    async def enter(self, who: Participant, said: str | None) -> Standing:
        """Take what somebody says on their way in; None leaves it as it was.

        Refused("consent_required") where only those come in who agree.
        """
        if said is not None:
            await self.say(who, said)
        found = await self.standing(who)
        if found.keeps_out:
            raise Refused("consent_required")
        return found

    async def say(self, who: Participant, version: str) -> Standing:
        """Agree to the text of this version, or, with none, take it back."""
        if version not in {"", VERSION}:
            raise Refused("invalid", f"consent: the text that is asked about is {VERSION}.")

        def work(connection: sa.Connection) -> None:
            now = self._now()
            standing = consents.standing(connection, who.room, who.identity)
            if not version:
                consents.withdraw(connection, who.room, who.identity, now)
            elif standing is None or standing.version != version:
                given = Consent(new_id(now), who.room, who.identity, version, now)
                consents.give(connection, given)

        await self._store.write(work)
        await self._looking.ask_again(who.room, who.identity)
        return await self.standing(who)

    async def set_rules(
        self, who: Person, room_id: str, wanted: Mapping[str, Any], address: str
    ) -> DetectionRules:
        """Change some of the room's rules; for whoever moderates it, and for operators."""

        def work(happening: Happening) -> DetectionRules:
            connection = happening.connection
            say_in(connection, who, room_id, "Only the room's owner and moderators may.")
            before = consents.rules_of(connection, room_id) or self._defaults
            rules = replace(before, **wanted)
            consents.set_rules(connection, room_id, rules)
            happening.append(room_id, "room.detection", who.user.id, dict(wanted))
            act = Act(who.user.id, "room.detection", room_id, address, detail(**wanted))
            audit.record(connection, act, happening.now)
            return rules

        rules = await self._streams.write(work)
        await self._looking.ask_again(room_id)
        return rules


def shown(standing: Standing) -> DetectionHere:
    """How somebody stands with being looked at, as the protocol says it."""
    return DetectionHere(**asdict(standing.rules), version=VERSION, consented=standing.given)


async def why_not(store: Store, defaults: DetectionRules, who: Participant) -> str:
    """Why somebody may not be looked at, or nothing: the room lets it run, and they said yes."""
    found = await store.read(partial(_standing, defaults=defaults, who=who))
    if found.rules.encrypted:
        return "end_to_end_encrypted"
    if not found.rules.runs:
        return "not_checked"
    return "" if found.given else "not_consented"


def _standing(connection: sa.Connection, defaults: DetectionRules, who: Participant) -> Standing:
    rules = consents.rules_of(connection, who.room) or defaults
    said = consents.standing(connection, who.room, who.identity)
    return Standing(rules, said is not None and said.version == VERSION)
