"""FFmpeg publishes by WHIP with H.264 and Opus; a stock viewer decodes what it sent."""

import asyncio
import math
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from signaling.config import Config
from tests.client import Client
from tests.interop.candor import real_candor
from tests.interop.media import bar_position, frames, loudness, watching
from tests.interop.test_whip import ByHttp, token

pytestmark = pytest.mark.skipif(
    "whip" not in av.formats_available, reason="this FFmpeg has no WHIP muxer"
)

READY_WITHIN_S = 20.0
# The muxer answers a handshake; asked to, it opens one.
WAYS = {"dtls server": {}, "dtls client": {"whip_flags": "dtls_active"}}


def certificate(folder: Path) -> dict[str, str]:
    """The muxer's options for a certificate of P-256 that was just made.

    With GnuTLS, FFmpeg makes itself one of P-224, which is no curve of WebRTC (RFC 8827, 6.5):
    OpenSSL ends the handshake with an alert, whichever side opened it.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "encoder")])
    now, day = datetime.now(UTC), timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "certificate.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(private)
    files = {"cert_file": "certificate.pem", "key_file": "key.pem"}
    return {option: str(folder / file) for option, file in files.items()}


@asynccontextmanager
async def encoding(client: Client, room: str, options: dict[str, str]) -> AsyncIterator[None]:
    """FFmpeg publishes for as long as the block lasts."""
    told = {"authorization": token("encoder", room=room), **options}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.interop.ffmpeg_publisher"),
        *(f"{client.address}/whip/{room}", *(f"{name}={value}" for name, value in told.items())),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout
        said = await asyncio.wait_for(process.stdout.readline(), READY_WITHIN_S)
        assert said == b"connected\n"
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


@pytest.mark.parametrize("way", WAYS)
async def test_what_ffmpeg_publishes_is_decoded_by_a_viewer(
    way: str, config: Config, tmp_path: Path
) -> None:
    options = WAYS[way] | certificate(tmp_path)
    async with (
        real_candor(config) as client,
        encoding(client, "tea", options),
        watching(ByHttp(client), "tea", "bob") as (_, viewer),  # type: ignore[arg-type]
    ):
        pictures, sounds = await asyncio.gather(
            frames(viewer, "video", 45), frames(viewer, "audio", 50)
        )
    positions = [bar_position(picture) for picture in pictures]
    assert (pictures[0].width, pictures[0].height) == (320, 240)
    assert not any(math.isnan(position) for position in positions)
    assert max(positions) - min(positions) > 100
    assert sum(loudness(sound) > 500 for sound in sounds) > 25
