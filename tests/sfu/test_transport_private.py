"""Private names of aiortc and pylibsrtp that `sfu.transport` needs; an upgrade must face them."""

import inspect
import re

import pylibsrtp
from aiortc.rtcdtlstransport import RTCDtlsTransport
from pylibsrtp import _binding

from sfu.transport import Identity, _IceStandIn, _slots


def test_every_private_name_in_use_is_still_there() -> None:
    transport = RTCDtlsTransport(_IceStandIn(), [Identity().certificate])  # type: ignore[arg-type]
    for name in ("_set_role", "_rx_srtp", "_tx_srtp"):
        assert hasattr(transport, name), name
    assert hasattr(pylibsrtp.Session(), "_srtp")
    assert callable(_binding.lib.srtp_protect)


def test_the_handshake_asks_no_more_of_ice_than_the_stand_in_has() -> None:
    asked = set(re.findall(r"self\.transport\.(\w+)", inspect.getsource(RTCDtlsTransport)))
    assert asked == {name for name in dir(_IceStandIn) if not name.startswith("__")}


def test_encryption_in_place_is_what_the_library_makes() -> None:
    policy = pylibsrtp.Policy(key=b"k" * 30, ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
    packet = b"\x80\x60\x00\x01" + bytes(4) + b"abcd" + b"payload" * 20
    expected = pylibsrtp.Session(policy).protect(packet)
    session = pylibsrtp.Session(policy)
    _slots.views[0][: len(packet)] = packet
    _slots.length[0] = len(packet)
    assert _binding.lib.srtp_protect(session._srtp[0], _slots.pointers[0], _slots.length) == 0
    assert bytes(_slots.views[0][: _slots.length[0]]) == expected
