"""Media as signaling sees it: who may send and receive in a room, and what became of it.

Translates rights and rooms into sessions of the `Sfu`, and its refusals into ours.  What travels
in a session is not known here.
"""

import os
from collections.abc import Awaitable
from dataclasses import dataclass

from sfu import (
    BadSdp,
    CodecNotSupported,
    Full,
    NothingToWatch,
    NoWorker,
    Session,
    SessionChanged,
    SessionLost,
    Sfu,
    SfuConfig,
    SfuError,
)
from signaling.certificate import own_addresses
from signaling.child import ChildSpec
from signaling.config import Config
from signaling.errors import Refused, Unavailable

READY_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Participant:
    """Who sends or receives, and where."""

    room: str
    identity: str


def sfu_config(config: Config) -> SfuConfig:
    """What the media processes are told of the configuration."""
    workers = config.media_workers or max((os.cpu_count() or 1) - 1, 1)
    is_ipv6 = ":" in config.host
    own = [address for address in own_addresses() if (":" in address) == is_ipv6]
    return SfuConfig(
        workers=workers,
        bind_hosts=(config.host,),
        advertised_hosts=config.advertise_ip or tuple(own),
        first_port=config.media_port,
    )


def children_of(sfu: Sfu) -> list[ChildSpec]:
    """The media processes, for the supervisor."""
    return [
        ChildSpec(
            name=spec.name,
            argv=spec.argv,
            environment=spec.environment,
            heartbeat_timeout_s=spec.heartbeat_timeout_s,
            stop_grace_s=spec.stop_grace_s,
            memory_bytes=spec.memory_bytes,
        )
        for spec in sfu.worker_specs()
    ]


class Media:
    """The service; without an `Sfu` (on the command line) nobody can send or receive."""

    def __init__(self, sfu: Sfu | None) -> None:
        self._sfu = sfu
        self._owners: dict[str, Participant] = {}

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

    async def publish(self, who: Participant, offer: str) -> Session:
        """Take what somebody sends; Refused for an offer that cannot be taken."""
        return await self._opened(who, self._here.publish(who.room, who.identity, offer))

    async def subscribe(self, who: Participant, offer: str, publisher: str | None) -> Session:
        """Send somebody what a publisher (default: the first) sends."""
        watching = self._here.subscribe(who.room, who.identity, offer, publisher)
        return await self._opened(who, watching)

    async def close(self, who: Participant, session_id: str) -> None:
        """End one's own session; Refused("not_found") for any other."""
        if self._owners.get(session_id) != who:
            raise Refused("not_found")
        del self._owners[session_id]
        await self._here.close(session_id)

    async def watch(self) -> None:
        """Forget sessions that ended by themselves, until cancelled."""
        async for event in self._here.events():
            match event:
                case SessionLost(session=over) | SessionChanged(session=over, state="failed"):
                    self._owners.pop(over, None)
                case SessionChanged(session=over, state="closed"):
                    self._owners.pop(over, None)
                case _:
                    pass

    def check_owner(self, who: Participant, session_id: str) -> None:
        """Refused("not_found") unless the session is theirs."""
        if self._owners.get(session_id) != who:
            raise Refused("not_found")

    @property
    def _here(self) -> Sfu:
        if self._sfu is None:
            raise Unavailable("media_unavailable", "this process forwards no media")
        return self._sfu

    async def _opened(self, who: Participant, opening: Awaitable[Session]) -> Session:
        try:
            session = await opening
        except BadSdp as error:
            raise Refused("bad_sdp", str(error)) from None
        except CodecNotSupported as error:
            raise Refused("codec_not_supported", str(error)) from None
        except NothingToWatch:
            raise Refused("nothing_to_watch") from None
        except Full:
            raise Refused("media_full") from None
        except SfuError as error:
            raise Unavailable("media_unavailable", str(error)) from error
        self._owners[session.id] = who
        return session
