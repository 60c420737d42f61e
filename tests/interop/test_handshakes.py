"""Peers of every kind shake hands: either role, with an ECDSA or an RSA certificate."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from aiortc.rtcdtlstransport import RTCCertificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from bench.load_client import LoadClient
from bench.load_media import frame_packets
from sfu import PictureSize, Sfu
from tests.interop.test_engine import next_event


def rsa_certificate() -> RTCCertificate:
    """As GStreamer makes them."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return RTCCertificate(key, certificate)  # type: ignore[arg-type]


class RsaClient(LoadClient):
    certificate = rsa_certificate()


# A peer that insists on the server's role and has an RSA certificate cannot be served: aiortc's
# client offers ECDSA suites only.  None was met: those who have RSA let us choose.
@pytest.mark.parametrize(
    ("client", "setup"),
    [
        (LoadClient, "actpass"),
        (LoadClient, "active"),
        (LoadClient, "passive"),
        (RsaClient, "actpass"),
        (RsaClient, "active"),
    ],
)
async def test_a_peer_connects_and_its_media_is_understood(
    client: type[LoadClient], setup: str, sfu: Sfu
) -> None:
    peer = client()
    session = await sfu.publish("room", "ada", peer.description("sendonly", setup))
    expected = "active" if setup == "passive" else "passive"
    assert f"a=setup:{expected}" in session.answer
    await peer.connect(session.answer)
    sending = asyncio.create_task(keep_sending(peer))
    assert await next_event(sfu, PictureSize) == PictureSize("room", session.id, "0", "", 320, 240)
    sending.cancel()
    await peer.stop()


async def keep_sending(peer: LoadClient) -> None:
    """Key frames until cancelled: our end may be ready a moment after the peer's."""
    for frame in count():
        for packet in frame_packets(peer.ssrc, 0, frame * 8, frame * 3000):
            peer.send_rtp(packet)
        await asyncio.sleep(0.05)
