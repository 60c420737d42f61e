"""One turn of a call: what an act changes in the store, and what the room's stream says of it.

Everything happens in the caller's transaction, with the room's row locked, so that turns of one
call come one after the other.  It refuses to know who may do what.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from signaling.call_rules import ABSENT, Outcome, first_state, outcome, step
from signaling.errors import Refused
from signaling.identifiers import new_id
from signaling.store import calls, rooms
from signaling.store.calls import Call, Member
from signaling.streams import Happening

# What the stream says of a person who was moved; who rings is told for all at once.
SAID = {
    "accept": "call.accepted",
    "decline": "call.declined",
    "join": "call.joined",
    "leave": "call.left",
    "expire": "call.missed",
}


class Turn:
    """A call with its room locked; `call` and `members` follow the changes."""

    def __init__(self, happening: Happening, call: Call) -> None:
        self.call = call
        self._happening = happening
        self._connection = happening.connection
        self._people = {each.user_id: each for each in calls.members(self._connection, call.id)}

    @property
    def members(self) -> list[Member]:
        return [self._people[user_id] for user_id in sorted(self._people)]

    def state_of(self, user_id: str) -> str:
        """`absent` for somebody the call does not know."""
        known = self._people.get(user_id)
        return ABSENT if known is None else known.state

    def move(self, act: str, user_id: str, at: datetime | None = None) -> None:
        """Carry out one person's act, and what follows from it for the call.

        Refused("wrong_moment") if it makes no sense where they stand.
        """
        before = self.state_of(user_id)
        if act == "join" and before == "ringing":
            act = "accept"
        if self._put(act, user_id, at or self._happening.now):
            self.tell(SAID[act], "" if act == "expire" else user_id, user=user_id)
        self.settle(user_id, at)

    def ring(self, user_ids: Iterable[str], actor: str) -> None:
        """Make the devices of some people ring; those in another call are told to be busy."""
        wanted = sorted(set(user_ids))
        busy = calls.busy(self._connection, wanted, self.call.id)
        now = self._happening.now
        rung = [name for name in wanted if name not in busy and self._put("ring", name, now)]
        engaged = [name for name in wanted if name in busy and self._put("engage", name, now)]
        self._tell_rung(rung, engaged, actor)

    def settle(self, actor: str, at: datetime | None = None) -> None:
        """Make the call what its people have made of it."""
        states = {name: each.state for name, each in self._people.items()}
        result = outcome(self.call.state, states, self.call.started_by)
        if result.over:
            self.close(result, actor, at)
        elif result.state != self.call.state:
            self._become_active(actor)

    def close(self, result: Outcome, actor: str, at: datetime | None = None) -> None:
        """End the call for everybody, as of `at`."""
        ended_at = at or self._happening.now
        were = {name: each.state for name, each in self._people.items()}
        for name in were:
            self._put("close", name, ended_at)
        values = {"state": result.state, "end_reason": result.reason, "ended_at": ended_at}
        self._change(**values)
        calls.change(self._connection, self.call.id, {"open_in": None})
        self.tell(
            "call.ended",
            actor,
            state=result.state,
            reason=result.reason,
            duration_s=self.call.duration_s(ended_at),
            # Their devices ring no more, or are free again.
            users=sorted(name for name, state in were.items() if state in {"ringing", "joined"}),
        )

    def set_medium(self, medium: str, actor: str) -> None:
        if medium != self.call.medium:
            self._change(medium=medium)
            self.tell("call.medium", actor, medium=medium)

    def move_to(self, room_id: str, actor: str) -> None:
        """Go on in another room, which has no call."""
        before = self.call.room_id
        self.tell("call.moved", actor, room=room_id)
        calls.change(self._connection, self.call.id, {"open_in": room_id})
        self._change(room_id=room_id)
        self.tell_started(actor, came_from=before)

    def tell(self, kind: str, actor: str, **body: Any) -> None:
        named = {"call": self.call.id, "caller": self.call.started_by}
        self._happening.append(self.call.room_id, kind, actor, named | body)

    def tell_started(self, actor: str, **more: Any) -> None:
        call = self.call
        self.tell("call.started", actor, medium=call.medium, **more)

    def _put(self, act: str, user_id: str, at: datetime) -> bool:
        before = self.state_of(user_id)
        after = step(act, before)
        if after is None:
            raise Refused("wrong_moment", f"You cannot {act}: for this call you are {before}.")
        if after == before:
            return False
        values = {"state": after} | _moments(after, at)
        calls.put_member(self._connection, self.call.id, user_id, values)
        known = self._people.get(user_id) or Member(user_id, after)
        self._people[user_id] = replace(known, **values)
        return True

    def _become_active(self, actor: str) -> None:
        self._change(state="active", answered_at=self._happening.now)
        self.tell("call.active", actor)

    def _change(self, **values: Any) -> None:
        calls.change(self._connection, self.call.id, values)
        self.call = replace(self.call, **values)

    def _tell_rung(self, rung: list[str], engaged: list[str], actor: str) -> None:
        if rung:
            self.tell("call.ringing", actor, users=rung, medium=self.call.medium)
        if engaged:
            self.tell("call.busy", actor, users=engaged)

    def begin(self, caller: str, others: Iterable[str]) -> None:
        """The first turn: the caller is in, the others are rung, if there are any."""
        now = self._happening.now
        wanted = sorted(set(others) - {caller})
        busy = calls.busy(self._connection, wanted, self.call.id) if wanted else set[str]()
        new = [Member(caller, "joined", joined_at=now)]
        new += [
            Member(name, "busy") if name in busy else Member(name, "ringing", rang_at=now)
            for name in wanted
        ]
        calls.add_members(self._connection, self.call.id, new)
        self._people = {each.user_id: each for each in new}
        self.tell_started(caller)
        self._tell_rung([one for one in wanted if one not in busy], sorted(busy), caller)
        first = first_state({each.user_id: each.state for each in new}, caller)
        if first.state == "active":
            self._become_active(caller)
        self.settle(caller)


def begin(
    happening: Happening, room_id: str, caller: str, medium: str, others: Iterable[str]
) -> Turn:
    """A new call in a room that is locked and has none under way."""
    now = happening.now
    call = Call(new_id(now), room_id, medium, "ringing", caller, now)
    made = calls.add(happening.connection, call)
    assert made, "the room is locked, and was seen to have no call"
    turn = Turn(happening, call)
    turn.begin(caller, others)
    return turn


def locked(happening: Happening, call_id: str) -> Turn | None:
    """The call with its room locked; None if there is no such call."""
    connection = happening.connection
    while (seen := calls.by_id(connection, call_id)) is not None:
        rooms.lock_row(connection, seen.room_id)
        call = calls.by_id(connection, call_id)
        # Until the lock was ours, the call may have moved to another room.
        if call is not None and call.room_id == seen.room_id:
            return Turn(happening, call)
    return None


def remove(happening: Happening, room_id: str, user_id: str) -> None:
    """Somebody is not in the room any more, which is locked: neither are they in its call."""
    call = calls.open_in(happening.connection, room_id)
    if call is None:
        return
    turn = Turn(happening, call)
    act = {"joined": "leave", "ringing": "expire"}.get(turn.state_of(user_id))
    if act is not None:
        turn.move(act, user_id)


def _moments(state: str, at: datetime) -> dict[str, Any]:
    match state:
        case "joined":
            return {"joined_at": at, "left_at": None}
        case "left":
            return {"left_at": at}
        case "ringing":
            return {"rang_at": at}
    return {}
