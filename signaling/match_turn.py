"""What is done with a place among those who wait to be matched, in one transaction.

Knows when two meet, are proposed to each other, or part again: each act leaves both places, the
room, its events and the audit log in agreement.  Who may act, and how often, is decided elsewhere.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from signaling.audit import Act, detail
from signaling.errors import Refused
from signaling.rooms import readable_id
from signaling.store import audit, matches, rooms, users
from signaling.store.matches import HEART_LINK, NUMBER, Match, Sight
from signaling.store.rooms import Room
from signaling.streams import Happening

ROOM_KINDS = {NUMBER: "match", HEART_LINK: "heart-link"}
PROPOSED = ("proposed", "accepted")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long somebody waits for another, and two for each other's answer."""

    wait: timedelta
    answer: timedelta


class Turn:
    """One person's turn with one kind of matching; `changed` says whose places it has changed."""

    def __init__(
        self, happening: Happening, kind: str, user_id: str, address: str, patience: Patience
    ) -> None:
        self.changed: list[str] = []
        self._happening = happening
        self._connection = happening.connection
        self._now = happening.now
        self._kind = kind
        self._user_id = user_id
        self._address = address
        self._patience = patience

    def ask(self, number: str, wanted_id: str | None) -> None:
        """Wait, or be matched or proposed at once; asked again, it is the same place."""
        matches.lock(self._connection, self._kind, number)
        mine, now = self._place_of(self._user_id), self._now
        if mine is not None and is_present(mine, number, wanted_id, now):
            return
        place = Match(
            user_id=self._user_id,
            kind=self._kind,
            number=number,
            state="waiting",
            since=now,
            expires_at=now + self._patience.wait,
            changed_at=now,
            version=0 if mine is None else mine.version,
            wanted_id=wanted_id,
        )
        self._settle(place)

    def accept(self) -> None:
        """Say yes to whoever is proposed; the second yes opens the room."""
        mine = self._locked()
        if mine is not None and _has_accepted(mine, self._now):
            return
        mine, partner = self._proposal(mine)
        if partner is None:
            self._wait_on(mine)
        elif partner.state == "accepted":
            self._meet(mine, partner)
        else:
            self._put(replace(mine, state="accepted"))

    def decline(self) -> None:
        """Say no: the other one waits on, and the two are not proposed again for a day."""
        self._part(*self._proposal(self._locked()))

    def cancel(self) -> None:
        """Wait no more; what has come of it already stays, and a proposal is declined."""
        mine = self._locked()
        if mine is None or not mine.open_at(self._now):
            return
        if mine.state in PROPOSED:
            self._part(*self._proposal(mine))
        else:
            self._put(replace(mine, state="cancelled"))

    def sights(self) -> list[Sight]:
        """The places that were changed, as their owners see them now."""
        found = (matches.sight(self._connection, each, self._kind) for each in self.changed)
        return [sight for sight in found if sight is not None]

    # --- how ---

    def _place_of(self, user_id: str) -> Match | None:
        return matches.held(self._connection, user_id, self._kind)

    def _locked(self) -> Match | None:
        """One's own place; those who want a heart link act one after the other."""
        if self._kind == HEART_LINK:
            matches.lock(self._connection, self._kind, "")
        return self._place_of(self._user_id)

    def _put(self, *places: Match) -> None:
        for place in places:
            matches.put(self._connection, place, self._now)
            self.changed.append(place.user_id)

    def _settle(self, place: Match) -> None:
        """For somebody who has nobody yet: whoever fits, or a wait."""
        partner = matches.partner_for(self._connection, place, self._now)
        if partner is None:
            self._put(place)
        elif self._kind == NUMBER:
            self._meet(place, partner)
        else:
            self._propose(place, partner)

    def _propose(self, one: Match, other: Match) -> None:
        until = self._now + self._patience.answer
        for mine, theirs in ((one, other), (other, one)):
            proposed = replace(mine, state="proposed", partner_id=theirs.user_id)
            self._put(replace(proposed, expires_at=until))

    def _meet(self, one: Match, other: Match) -> None:
        """A room for the two, and for nobody else."""
        chosen, pair = readable_id(), (one.user_id, other.user_id)
        room = Room(chosen, chosen, ROOM_KINDS[self._kind], len(pair), self._now)
        rooms.add_pair(self._connection, room, pair)
        for user_id in pair:
            joined = {"user": user_id, "role": "member"}
            self._happening.append(room.id, "member.joined", user_id, joined)
        until = self._now + self._patience.wait
        for mine, theirs in ((one, other), (other, one)):
            met = replace(mine, state="matched", partner_id=theirs.user_id, room_id=room.id)
            self._put(replace(met, expires_at=until))
        with_whom = detail(kind=self._kind, partner=other.user_id)
        act = Act(self._user_id, "match.made", room.id, self._address, with_whom)
        audit.record(self._connection, act, self._now)

    def _proposal(self, mine: Match | None) -> tuple[Match, Match | None]:
        """One's own place and the partner's, who may be gone; Refused if nobody is proposed."""
        if mine is None or mine.state not in PROPOSED or not mine.open_at(self._now):
            raise Refused("nothing_proposed")
        assert mine.partner_id is not None, "somebody is proposed"
        partner, user = self._place_of(mine.partner_id), None
        if partner is not None and partner.partner_id == mine.user_id:
            user = users.by_id(self._connection, partner.user_id)
        return mine, None if user is None or user.banned_at is not None else partner

    def _part(self, mine: Match, partner: Match | None) -> None:
        self._put(replace(mine, state="cancelled", partner_id=None))
        if partner is not None:
            matches.note_declined(self._connection, mine.user_id, partner.user_id, self._now)
            self._wait_on(partner)

    def _wait_on(self, place: Match) -> None:
        """Whoever asked first keeps their place in the queue."""
        until = self._now + self._patience.wait
        self._settle(replace(place, state="waiting", partner_id=None, expires_at=until))


def is_present(mine: Match, number: str, wanted_id: str | None, now: datetime) -> bool:
    """True if this is what was asked for already; Refused if something else is waited for."""
    if now >= mine.expires_at or mine.state == "cancelled":
        return False
    if (mine.number, mine.wanted_id) == (number, wanted_id):
        return True
    if mine.open_at(now):
        raise Refused("already_waiting")
    return False


def _has_accepted(mine: Match, now: datetime) -> bool:
    return mine.state == "matched" or (mine.state == "accepted" and mine.open_at(now))
