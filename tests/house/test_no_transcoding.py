"""The server forwards: nothing of it decodes, encodes, or runs media through aiortc's senders."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("RTCRtpReceiver", "RTCRtpSender", "MediaRelay", "RTCPeerConnection")
SERVER = [
    path
    for package in ("sfu", "signaling")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "client" not in path.relative_to(ROOT).parts
]


@pytest.mark.parametrize("path", SERVER, ids=lambda path: str(path.relative_to(ROOT)))
def test_media_pass_through_untouched(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [name for name in NAMES if name in text] == []
