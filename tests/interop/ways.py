"""Other ways than datagrams of IPv4: sockets that a `LoadClient` takes for its own."""

import select
import socket
from collections.abc import Callable

from bench.load_client import RECEIVE_BUFFER_BYTES, LoadClient
from sfu import Sfu
from sfu.streams import Frames
from tests.netsim import through

SEND_TIMEOUT_S = 10.0


class Stream:
    """A connection that sends and receives datagrams, each with its length before it."""

    def __init__(self, host: str, port: int, receive_buffer_bytes: int | None = None) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.raw = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer_bytes is not None:
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        self.raw.connect((host, port))
        self.raw.setblocking(False)
        self.fileno = self.raw.fileno
        self.getsockname = self.raw.getsockname
        self.getpeername = self.raw.getpeername
        self.gettimeout = self.raw.gettimeout
        self.close = self.raw.close
        self._frames = Frames()
        self._received: list[bytes] = []

    def connect(self, address: object) -> None:
        """It is."""

    def send(self, data: bytes) -> int:
        left = len(data).to_bytes(2, "big") + data
        while left:
            select.select([], [self.raw], [], SEND_TIMEOUT_S)
            left = left[self.raw.send(left) :]
        return len(data)

    def recv(self, size: int) -> bytes:
        """The next frame; BlockingIOError if none is complete."""
        while not self._received:
            data = self.raw.recv(65_536)
            if not data:
                raise ConnectionError("the server closed the connection")
            self._received += self._frames.feed(data)
        return self._received.pop(0)[:size]


class Datagrams(socket.socket):
    """A UDP socket that goes to one address, whatever it is told."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        super().connect((host, port))
        self.setblocking(False)

    def connect(self, address: object) -> None:
        """It is."""


Way = Callable[[str, int], Stream | Datagrams]


def client_over(way: Way, sfu: Sfu) -> LoadClient:
    """A client that goes this way to the first media process."""
    address = sfu.media_addresses()[0]
    client = LoadClient()
    client.socket.close()
    client.socket = way(address.host, address.port)  # type: ignore[assignment]
    return client


async def publish(client: LoadClient, sfu: Sfu, room: str = "room", identity: str = "ada") -> str:
    """Connected as a publisher; the answer."""
    session = await sfu.publish(room, identity, client.description("sendonly"))
    await client.connect(through(session.answer, ("127.0.0.1", 9)))
    return session.answer


async def watch(client: LoadClient, sfu: Sfu, room: str = "room", identity: str = "bob") -> str:
    """Connected as a viewer; the answer."""
    session = await sfu.subscribe(room, identity, client.description("recvonly"))
    await client.connect(through(session.answer, ("127.0.0.1", 9)))
    return session.answer
