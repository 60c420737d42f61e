"""Media as signaling sees it: who may send and receive in a room, and what became of it.

Translates rights and rooms into sessions of the `Sfu`, and its refusals into ours.  Knows of each
session whose it is and which look for a path (ICE session) is its last; what travels in it is not
known here.
"""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from sfu import (
    BadSdp,
    CodecNotSupported,
    Full,
    NoSuchSession,
    NothingToWatch,
    NoWorker,
    Offer,
    Session,
    SessionChanged,
    SessionLost,
    Sfu,
    SfuConfig,
    SfuError,
    SfuEvent,
    ViewerWishes,
    parse_fragment,
)
from signaling.call_statistics import Connection, connections_by_person
from signaling.certificate import own_addresses
from signaling.config import Config
from signaling.errors import Refused, Unavailable

READY_WITHIN_S = 20.0
# Somebody may leave, and somebody may come.
FULL_RETRY_S = 10.0
NOTHING_RETRY_S = 5.0
# What a source is called is its sender's word: whoever is muted could call the voice a screen's
# sound.  So to mute takes all sound, and to stop the video all pictures.
SILENCED_BY = {
    "microphone": {"microphone"},
    "screen_audio": {"microphone", "screen_audio"},
    "camera": {"camera"},
    "screen": {"camera", "screen"},
}
LAST_OF = {"audio": "screen_audio", "video": "screen"}


@dataclass(frozen=True, slots=True)
class Participant:
    """Who sends or receives, and where."""

    room: str
    identity: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What a client gets for its offer; `ice_session` changes with every restart."""

    session_id: str
    answer: str
    ice_session: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restarted:
    """What a client gets for new credentials of its own."""

    answer: str
    ice_session: str


@dataclass(frozen=True, slots=True)
class _Held:
    """Whose a session is, and its last ICE session: our name for it, and theirs."""

    owner: Participant
    ice_session: str
    client_ufrag: str
    sources: Mapping[str, str] = field(default_factory=dict)
    """What each section carries that the owner sends, by its MID."""


Listener = Callable[[SfuEvent], None]


class Watcher(Protocol):
    """Who has to know what is sent, because somebody may look at it."""

    async def published(
        self, session_id: str, who: Participant, sources: Mapping[str, str]
    ) -> None: ...

    def ended(self, session_id: str) -> None: ...

    async def silence(self, who: Participant, sources: frozenset[str]) -> None: ...


def sfu_config(config: Config, tap_socket: Path | None = None) -> SfuConfig:
    """What the media processes are told of the configuration, and who looks at what they send."""
    workers = config.media_workers or max((os.cpu_count() or 1) - 1, 1)
    return SfuConfig(
        workers=workers,
        bind_hosts=(config.host,),
        advertised_hosts=config.advertise_ip or _reachable(config.host),
        first_port=config.media_port,
        tap_socket=tap_socket,
    )


def _reachable(host: str) -> tuple[str, ...]:
    """What to tell clients: the one address that is bound, or all where all are."""
    if host not in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return (host,)
    return tuple(one for one in own_addresses() if (":" in one) == (":" in host))


class Media:
    """The service; without an `Sfu` (on the command line) nobody can send or receive."""

    def __init__(self, sfu: Sfu | None, watcher: Watcher) -> None:
        self._sfu = sfu
        self._watcher = watcher
        self._held: dict[str, _Held] = {}
        self._silenced: dict[Participant, frozenset[str]] = {}
        self._listeners: dict[str, set[Listener]] = {}

    def addresses(self) -> tuple[str, ...]:
        """Where media processes listen, as ADDRESS:PORT."""
        if self._sfu is None:
            return ()
        return tuple(
            f"[{each.host}]:{each.port}" if ":" in each.host else f"{each.host}:{each.port}"
            for each in self._sfu.media_addresses()
        )

    async def wait_ready(self) -> None:
        """Return when every media process listens; TimeoutError if that takes too long."""
        try:
            await self._here.wait_ready(READY_WITHIN_S)
        except NoWorker as error:
            raise TimeoutError(str(error)) from error

    async def publish(
        self, who: Participant, offer: str, sources: Mapping[str, str] | None = None
    ) -> Opened:
        """Take what somebody sends; Refused for an offer that cannot be taken.

        `sources` names what each section carries by its MID; without it, their order does.
        """
        with _in_our_words():
            session = await self._here.publish(who.room, who.identity, offer)
        told = _sources_of(offer) if sources is None else sources
        opened = self._hold(who, session, offer, told)
        # The answer has not been given: nothing was forwarded yet.
        if who in self._silenced:
            await self._apply_silence(session.id)
        await self._watcher.published(session.id, who, told)
        return opened

    async def subscribe(self, who: Participant, offer: str, publisher: str | None) -> Opened:
        """Send somebody what a publisher (default: the first) sends."""
        with _in_our_words():
            session = await self._here.subscribe(who.room, who.identity, offer, publisher)
        return self._hold(who, session, offer)

    async def view(self, who: Participant, publisher: str | None) -> Offer:
        """Let somebody watch by our offers; the first may carry nothing yet."""
        with _in_our_words():
            offer = await self._here.watch(who.room, who.identity, publisher)
        self._held[offer.session] = _Held(who, _new_ice_session(), "")
        return offer

    async def renew(self, who: Participant, session_id: str) -> Offer:
        """What somebody can watch by now."""
        self._own(who, session_id)
        with _in_our_words():
            return await self._here.renew(session_id)

    async def accept(self, who: Participant, session_id: str, answer: str) -> tuple[str, ...]:
        """Take a viewer's answer; in words, what cannot be shown."""
        self._own(who, session_id)
        with _in_our_words():
            return await self._here.accept(session_id, answer)

    async def set_wishes(self, who: Participant, session_id: str, wishes: ViewerWishes) -> None:
        """What a viewer has use for from now on."""
        self._own(who, session_id)
        with _in_our_words():
            await self._here.set_wishes(session_id, wishes)

    def source_name(self, session_id: str, mid: str, kind: str) -> str:
        """What a publisher's section is called; the usual for its kind, where nobody said."""
        usual = "microphone" if kind == "audio" else "camera"
        held = self._held.get(session_id)
        return usual if held is None else held.sources.get(mid, usual)

    async def statistics(self, room: str) -> dict[str, list[Connection]]:
        """How the connections of a room are, by whose they are."""
        if self._sfu is None:
            return {}
        with _in_our_words():
            taken = await self._sfu.statistics(room)
        return connections_by_person(taken.values(), room, self.source_name)

    def participants(self) -> set[Participant]:
        """Everybody who sends or watches just now, and where."""
        return {held.owner for held in self._held.values()}

    @contextmanager
    def heard_by(self, room: str, listener: Listener) -> Iterator[None]:
        """Tell the listener what happens to media in a room, for as long as the block lasts."""
        self._listeners.setdefault(room, set()).add(listener)
        try:
            yield
        finally:
            self._listeners[room].discard(listener)
            if not self._listeners[room]:
                del self._listeners[room]

    def ice_session(self, who: Participant, session_id: str) -> str:
        """Which it is by now; Refused("not_found") unless the session is theirs."""
        return self._own(who, session_id).ice_session

    async def tell(self, who: Participant, session_id: str, fragment: str) -> Restarted | None:
        """Take a fragment of an offer (RFC 8840); None if it asks for no restart.

        Candidates need nothing done: our side is lite, and never looks for a path.
        """
        held = self._own(who, session_id)
        with _in_our_words():
            told = parse_fragment(fragment)
            if told.ice_ufrag in {"", held.client_ufrag}:
                return None
            answer = await self._here.restart(session_id, fragment)
        ice_session = _new_ice_session()
        self._held[session_id] = replace(held, ice_session=ice_session, client_ufrag=told.ice_ufrag)
        return Restarted(answer, ice_session)

    async def close(self, who: Participant, session_id: str) -> None:
        """End one's own session; Refused("not_found") for any other."""
        self._own(who, session_id)
        self._forget(session_id)
        await self._here.close(session_id)

    async def silence(self, who: Participant, sources: frozenset[str]) -> None:
        """Forward nothing of these sources of somebody from now on, and all of the others."""
        if sources:
            self._silenced[who] = sources
        else:
            self._silenced.pop(who, None)
        for session_id in self._sessions_of(who):
            await self._apply_silence(session_id)
        await self._watcher.silence(who, sources)

    async def expel(self, who: Participant) -> None:
        """End every session of somebody who does not belong to the room any more."""
        self._silenced.pop(who, None)
        for session_id in self._sessions_of(who):
            self._forget(session_id)
            with suppress(SfuError):  # its process died, and the session with it
                await self._here.close(session_id)
        await self._watcher.silence(who, frozenset())

    async def watch(self) -> None:
        """Forget sessions that ended by themselves, until cancelled."""
        async for event in self._here.events():
            match event:
                case SessionLost(session=over) | SessionChanged(session=over, state="failed"):
                    self._forget(over)
                case SessionChanged(session=over, state="closed"):
                    self._forget(over)
                case _:
                    pass
            for listener in tuple(self._listeners.get(getattr(event, "room", ""), ())):
                listener(event)

    @property
    def _here(self) -> Sfu:
        if self._sfu is None:
            raise Unavailable("media_unavailable", "this process forwards no media")
        return self._sfu

    def _own(self, who: Participant, session_id: str) -> _Held:
        held = self._held.get(session_id)
        if held is None or held.owner != who:
            raise Refused("not_found")
        return held

    def _forget(self, session_id: str) -> None:
        self._held.pop(session_id, None)
        self._watcher.ended(session_id)

    def _sessions_of(self, who: Participant) -> list[str]:
        return [name for name, held in self._held.items() if held.owner == who]

    async def _apply_silence(self, session_id: str) -> None:
        held = self._held.get(session_id)
        if held is None or not held.sources:
            return
        silenced = self._silenced.get(held.owner, frozenset())
        mids = [mid for mid, source in held.sources.items() if SILENCED_BY[source] & silenced]
        # A session that is over forwards nothing; from a process that does not answer we cannot
        # know, and say so.
        with _in_our_words(), suppress(NoSuchSession):
            await self._here.silence(session_id, mids)

    def _hold(
        self,
        who: Participant,
        session: Session,
        offer: str,
        sources: Mapping[str, str] | None = None,
    ) -> Opened:
        held = _Held(who, _new_ice_session(), _ufrag_of(offer), sources or {})
        self._held[session.id] = held
        return Opened(session.id, session.answer, held.ice_session, session.notes)


def _new_ice_session() -> str:
    return secrets.token_urlsafe(9)


def _sources_of(offer: str) -> dict[str, str]:
    """What clients send that do not say it: first voice and face, then the screen's."""
    order = {"audio": iter(("microphone", "screen_audio")), "video": iter(("camera", "screen"))}
    found: dict[str, str] = {}
    source = None
    for line in offer.splitlines():
        if line.startswith("m="):
            kind = line[2:].partition(" ")[0]
            # More of them than we have names for are silenced with the last.
            source = next(order[kind], LAST_OF[kind]) if kind in order else None
        elif line.startswith("a=mid:") and source is not None:
            found[line.removeprefix("a=mid:").strip()] = source
    return found


def _ufrag_of(offer: str) -> str:
    """Of an offer that was taken, hence the same in all of its sections."""
    name = "a=ice-ufrag:"
    lines = (line for line in offer.splitlines() if line.startswith(name))
    return next(lines, name).removeprefix(name).strip()


@contextmanager
def _in_our_words() -> Iterator[None]:
    """What the `Sfu` refuses, as a code of ours."""
    try:
        yield
    except CodecNotSupported as error:
        raise Refused("codec_not_supported", str(error)) from None
    except BadSdp as error:
        raise Refused("bad_sdp", str(error)) from None
    except NothingToWatch:
        raise Refused("nothing_to_watch", retry_after_s=NOTHING_RETRY_S) from None
    except NoSuchSession:
        raise Refused("not_found") from None
    except Full:
        raise Refused("media_full", retry_after_s=FULL_RETRY_S) from None
    except SfuError as error:
        raise Unavailable("media_unavailable", str(error)) from error
