"""A peer that does as little as possible: it is checked, shakes hands, and then only counts.

It serves any server that answers SDP, so that servers can be measured side by side.  It decodes
nothing and decrypts nothing; the handshake is aiortc's, over a socket of its own.
"""

import asyncio
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress

from aioice import stun
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)
from aiortc.sdp import SessionDescription

from bench.load_description import VIDEO_TYPE, Section, Transport, describe

PAYLOAD_TYPE = VIDEO_TYPE
RECEIVE_BUFFER_BYTES = 4 << 20
# What browsers begin with; aiortc would wait for a second.
HELLO_INTERVAL_S = 0.050


class LoadClient:
    """One connection; without further words it publishes or watches one VP8 track."""

    # One for all: to make one takes longer than a handshake.
    certificate = RTCCertificate.generateCertificate()

    role = "controlling"
    state = "completed"

    def __init__(self) -> None:
        self.socket = _open_socket()
        self.ssrc = secrets.randbits(31)
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(12)
        self.dtls = RTCDtlsTransport(self, [self.certificate])  # type: ignore[arg-type]
        self.early: list[bytes] = []
        """Media that came before the handshake was over at our end."""
        self.remote = ""
        """The description of the other side."""
        self._remote_ufrag = self._remote_password = ""
        self._hello = b""
        self._answered = False

    def description(self, direction: str, setup: str = "actpass", mid: str = "0") -> str:
        """Ours, as an offer (`actpass`) or as the answer to one."""
        ssrc = self.ssrc if direction == "sendonly" else None
        return self.describe([Section("video", direction, mid, ssrc)], setup)

    def describe(self, sections: Sequence[Section], setup: str = "actpass") -> str:
        """The same for any sections."""
        fingerprint = next(
            one for one in self.certificate.getFingerprints() if one.algorithm == "sha-256"
        )
        port = self.socket.getsockname()[1]
        own = Transport(self.ufrag, self.password, fingerprint.value, port, setup)
        return describe(sections, own)

    async def connect(self, remote: str) -> None:
        """Check and shake hands with whoever described itself so."""
        self.remote = remote
        parsed = SessionDescription.parse(remote).media[0]
        assert parsed.dtls
        assert parsed.ice
        assert parsed.ice.usernameFragment
        assert parsed.ice.password
        candidate = next(
            one for one in parsed.ice_candidates if one.protocol == "udp" and ":" not in one.ip
        )
        self._remote_ufrag, self._remote_password = (
            parsed.ice.usernameFragment,
            parsed.ice.password,
        )
        self.socket.connect((candidate.ip, candidate.port))
        await self._check()
        self.dtls._set_role("server" if parsed.dtls.role == "client" else "client")  # noqa: SLF001
        fingerprints = [
            RTCDtlsFingerprint(one.algorithm, one.value) for one in parsed.dtls.fingerprints
        ]
        insisting = asyncio.create_task(self._insist())
        try:
            await asyncio.wait_for(self.dtls.start(RTCDtlsParameters(fingerprints)), 10.0)
        finally:
            insisting.cancel()
        assert self.dtls.state == "connected"

    def send_rtp(self, packet: bytes) -> None:
        self.socket.send(self.dtls._tx_srtp.protect(packet))  # noqa: SLF001

    def send_rtcp(self, packet: bytes) -> None:
        self.socket.send(self.dtls._tx_srtp.protect_rtcp(packet))  # noqa: SLF001

    def receive_rtp(self, data: bytes) -> bytes:
        """Decrypted; raises what the library raises for what is not authentic."""
        return self.dtls._rx_srtp.unprotect(data)  # noqa: SLF001

    def receive_rtcp(self, data: bytes) -> bytes:
        return self.dtls._rx_srtp.unprotect_rtcp(data)  # noqa: SLF001

    def send_check(self) -> None:
        """Say that we are still here; whoever only listens has to."""
        self.socket.send(self._request())

    async def move(self) -> None:
        """Go on from another address, as a phone does; checked and nominated again."""
        server = self.socket.getpeername()
        self.socket.close()
        self.socket = _open_socket()
        self.socket.connect(server)
        await self._check()

    def waiting(self) -> Iterator[bytes]:
        """What has arrived and nobody read."""
        with suppress(BlockingIOError):
            while True:
                yield self.socket.recv(2048)

    async def stop(self) -> None:
        await self.dtls.stop()
        self.socket.close()

    async def _insist(self) -> None:
        """Send the ClientHello again until it is answered; some servers are not ready at once."""
        while not self._answered:
            await asyncio.sleep(HELLO_INTERVAL_S)
            if self._hello and not self._answered:
                self.socket.send(self._hello)

    async def _check(self) -> None:
        for _ in range(50):
            self.socket.send(self._request())
            try:
                await asyncio.wait_for(self._receive_answer(), 0.2)
            except TimeoutError:
                continue
            return
        raise TimeoutError("no answer to a check")

    async def _receive_answer(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            data = await loop.sock_recv(self.socket, 2048)
            if data[0] < 4 and stun.parse_message(data).message_class is stun.Class.RESPONSE:
                return

    def _request(self) -> bytes:
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self._remote_ufrag}:{self.ufrag}"
        request.attributes["PRIORITY"] = 1_853_824_767
        request.attributes["ICE-CONTROLLING"] = secrets.randbits(64)
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(self._remote_password.encode())
        return bytes(request)

    def answer_check(self, data: bytes) -> None:
        """Answer a check of theirs; a full agent wants that before it sends anything."""
        request = stun.parse_message(data)
        if request.message_class is not stun.Class.REQUEST:
            return
        response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
        response.attributes["XOR-MAPPED-ADDRESS"] = self.socket.getpeername()
        response.add_message_integrity(self.password.encode())
        self.socket.send(bytes(response))

    # What `RTCDtlsTransport` asks of an ICE transport.

    async def _recv(self) -> bytes:
        if self.dtls.state == "connected":
            # What comes now is for the process that counts; whoever else reads takes it away.
            await asyncio.Event().wait()
        loop = asyncio.get_running_loop()
        while True:
            data = await loop.sock_recv(self.socket, 2048)
            if data and data[0] < 4:
                self.answer_check(data)
            elif data and 20 <= data[0] <= 63:
                self._answered = True
                return data
            elif data:
                self.early.append(data)

    async def _send(self, data: bytes) -> None:
        self._hello = self._hello or data
        self.socket.send(data)


def _open_socket() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    opened.bind(("0.0.0.0", 0))
    opened.setblocking(False)
    return opened
