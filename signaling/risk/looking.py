"""Which tracks are looked at: those of a face or a voice whose owner agreed, while they show one.

Knows of each publishing session what it shows, and tells media processes which of its tracks to
tap and detection what they are.  It refuses to know why somebody agreed, and what is found out.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from sfu import NoSuchSession, SfuError
from signaling.errors import Unavailable
from signaling.media import Participant

# A screen shows nobody.
LOOKED_AT = frozenset({"camera", "microphone"})


class Taps(Protocol):
    """What is asked of media processes."""

    async def tap(self, session: str, mids: Collection[str]) -> None: ...


class Looker(Protocol):
    """What detection is told."""

    def describe(self, session: str, sources: Mapping[str, str]) -> None: ...

    def forget(self, session: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Sending:
    """What somebody sends, over all of their sessions, and why it may not be seen."""

    sources: frozenset[str]
    off: frozenset[str]
    """Sources that their own page has switched off."""
    silenced: frozenset[str]
    """Sources that a moderator does not let through."""
    why_not: str
    """Why they may not be looked at, as a code of `unknown`; empty where they may."""


@dataclass(slots=True)
class _Session:
    who: Participant
    sources: Mapping[str, str]
    why_not: str = "not_consented"
    off: frozenset[str] = frozenset()


class Looking:
    """The service; without media and a `looker` it only knows who sends what."""

    def __init__(
        self,
        taps: Taps | None,
        looker: Looker | None,
        why_not: Callable[[Participant], Awaitable[str]],
    ) -> None:
        self._taps = taps
        self._looker = looker
        self._why_not = why_not
        self._sessions: dict[str, _Session] = {}
        self._of: dict[Participant, dict[str, _Session]] = {}
        self._silenced: dict[Participant, frozenset[str]] = {}

    # --- what happens ---

    async def published(
        self, session_id: str, who: Participant, sources: Mapping[str, str]
    ) -> None:
        """A session sends from now on; what its sections show, by MID."""
        session = self._sessions[session_id] = _Session(who, sources)
        self._of.setdefault(who, {})[session_id] = session
        if self._looker is not None:
            self._looker.describe(session_id, sources)
        session.why_not = await self._why_not(who)
        await self._apply(session_id)

    def ended(self, session_id: str) -> None:
        """A session is over; one that never sent is none of ours."""
        session = self._sessions.pop(session_id, None)
        if session is None:
            return
        del self._of[session.who][session_id]
        if not self._of[session.who]:
            del self._of[session.who]
        if self._looker is not None:
            self._looker.forget(session_id)

    async def ask_again(self, room: str, identity: str | None = None) -> None:
        """Somebody agreed or took it back, or the room's rules have changed."""
        for session_id, session in list(self._sessions.items()):
            if session.who.room == room and identity in {None, session.who.identity}:
                session.why_not = await self._why_not(session.who)
                await self._apply(session_id)

    async def silence(self, who: Participant, sources: frozenset[str]) -> None:
        """A moderator lets nothing of these sources through."""
        if sources:
            self._silenced[who] = sources
        else:
            self._silenced.pop(who, None)
        for session_id in list(self._of.get(who, ())):
            await self._apply(session_id)

    async def switch_off(self, session_id: str, sources: frozenset[str]) -> None:
        """The page says that it sends nothing of these: continuity ends there."""
        session = self._sessions.get(session_id)
        if session is not None and session.off != sources:
            session.off = sources
            await self._apply(session_id)

    # --- what is so ---

    def sending(self) -> dict[Participant, Sending]:
        """Everybody who sends, and what."""
        return {who: self._summed(who) for who in self._of}

    def sending_of(self, who: Participant) -> Sending | None:
        """What somebody sends; None for nothing."""
        return self._summed(who) if who in self._of else None

    def _summed(self, who: Participant) -> Sending:
        sessions = self._of[who].values()
        sent = frozenset(source for one in sessions for source in one.sources.values())
        shown = {
            source for one in sessions for source in one.sources.values() if source not in one.off
        }
        silenced = self._silenced.get(who, frozenset())
        why_not = next((one.why_not for one in sessions if one.why_not), "")
        return Sending(sent, sent - shown, silenced & sent, why_not)

    async def _apply(self, session_id: str) -> None:
        session = self._sessions.get(session_id)
        if self._taps is None or self._looker is None or session is None:
            return
        try:
            await self._taps.tap(session_id, self._wanted(session))
        except NoSuchSession:
            return
        except SfuError as error:
            # Whoever took consent back must not believe that nobody looks any more.
            raise Unavailable("media_unavailable", str(error)) from error

    def _wanted(self, session: _Session) -> frozenset[str]:
        if session.why_not:
            return frozenset()
        looked_at = LOOKED_AT - session.off - self._silenced.get(session.who, frozenset())
        return frozenset(mid for mid, source in session.sources.items() if source in looked_at)
