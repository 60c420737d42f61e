"""One connection of somebody to a room, and the room as its connections see it.

Knows which router a transport's packets go to.  It refuses to know commands and who may do what.
"""

import secrets
from collections.abc import Callable

from sfu.description import Local, Offer
from sfu.faults import tell_fault
from sfu.offering import Offering
from sfu.port import Port
from sfu.route import Names
from sfu.router import Router
from sfu.transport import Fingerprint, Remote, Transport, TransportState, collect


class Room:
    """A router and its name; `active` since the last poll if a packet came."""

    __slots__ = ("active", "name", "router")

    def __init__(self, name: str, ntp_offset_s: float) -> None:
        self.name = name
        self.router: Router[Transport] = Router(secrets.randbits, ntp_offset_s)
        self.active = False


class Session:
    """One transport of a room: what it receives goes to the router, the copies to others.

    `offering`: how we offer to a viewer; None where the client offers.
    """

    __slots__ = (
        "_on_state",
        "_port",
        "answering",
        "came",
        "identity",
        "local",
        "name",
        "names",
        "offering",
        "publisher",
        "publishes",
        "room",
        "transport",
    )

    def __init__(
        self,
        who: tuple[str, str],
        room: Room,
        port: Port,
        on_state: Callable[["Session", TransportState], None],
    ) -> None:
        self.name, self.identity = who
        self.room = room
        self.publishes = False
        self.came = False
        """It was connected once."""
        self.offering: Offering | None = None
        self.answering: Callable[[Offer, Local], str] | None = None
        """The answer to another offer of the same; BadSdp if it is not the same."""
        self.names: dict[str, Names] = {}
        """How it hears what is offered, by producer."""
        self.publisher: str | None = None
        """Whom it watches; None: everybody."""
        self.transport: Transport
        self.local: Local
        self._port = port
        self._on_state = on_state

    def receive_rtp(self, data: bytes, now: float) -> None:
        try:
            copies = self.room.router.receive_rtp(self.name, data, now)
        except Exception:
            self._fail("receive_rtp")
            return
        self.room.active = True
        if copies:
            collect(copies, self._port.dirty)

    def receive_rtcp(self, data: bytes, now: float) -> None:
        try:
            copies = self.room.router.receive_rtcp(self.name, data, now)
        except Exception:
            self._fail("receive_rtcp")
            return
        self.room.active = True
        if copies:
            collect(copies, self._port.dirty)

    def _fail(self, where: str) -> None:
        """Ours.  This one peer ends, and may come again; nobody else notices."""
        tell_fault(where)
        self.transport.fail()

    def change_state(self, state: TransportState) -> None:
        self._on_state(self, state)


def remote_of(description: Offer) -> Remote:
    """What a description, offer or answer, tells of its side of the transport."""
    sources = [ssrc for section in description.sections for ssrc in section.sources]
    fingerprints = tuple(Fingerprint(*one) for one in description.fingerprints)
    # Each encoding may have a second source for what is sent again.
    unnamed = sum(2 * len(section.rids) for section in description.sections)
    return Remote(fingerprints, description.dtls_client, frozenset(sources), unnamed)
