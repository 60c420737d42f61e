"""The agent of ICE-lite."""

import pytest
from aioice import stun as reference
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import DropReason, RemoteError
from sfu.stun import Answer, Check, answer_binding
from tests import builders

PASSWORD = b"secret"


def password_of(ufrag: str) -> bytes | None:
    return PASSWORD if ufrag == "local" else None


def ask(data: bytes, host: str = "192.0.2.7", port: int = 4711) -> Answer | None:
    return answer_binding(data, host, port, password_of)


def understood(response: bytes) -> reference.Message:
    """The response as another implementation reads it; it checks integrity and fingerprint."""
    message = reference.parse_message(response)
    assert message.check_message_integrity(PASSWORD)
    return message


@pytest.mark.parametrize(
    ("host", "seen"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::9", "2001:db8::9"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_a_check_is_answered_with_the_address_it_came_from(host: str, seen: str) -> None:
    answer = ask(builders.binding_request(), host, 65535)
    assert answer is not None
    response = understood(answer.response)
    assert response.message_class == reference.Class.RESPONSE
    assert response.transaction_id == bytes(range(12))
    assert response.attributes["XOR-MAPPED-ADDRESS"] == (seen, 65535)


def test_the_answer_is_that_of_the_standard_to_the_byte() -> None:
    answer = ask(builders.binding_request(), "192.0.2.1", 32853)
    assert answer is not None
    # RFC 5769, 2.2 has this address and port, under another transaction id.
    address = bytes.fromhex("0020 0008 0001 a147 e112a643")
    assert answer.response == builders.stun(
        address, message_type=0x0101, password=PASSWORD, fingerprint=True
    )


@given(st.ip_addresses().map(str), st.integers(0, 65535), st.binary(min_size=12, max_size=12))
def test_any_address_survives(host: str, port: int, transaction_id: bytes) -> None:
    request = reference.Message(
        reference.Method.BINDING, reference.Class.REQUEST, transaction_id=transaction_id
    )
    request.attributes["USERNAME"] = "local:remote"
    request.attributes["PRIORITY"] = 5
    request.add_message_integrity(PASSWORD)
    answer = ask(bytes(request), host, port)
    assert answer is not None
    seen, seen_port = understood(answer.response).attributes["XOR-MAPPED-ADDRESS"]
    assert seen_port == port
    assert host in {seen, f"::ffff:{seen}"} or host.startswith("::ffff:")


@pytest.mark.parametrize("nominate", [True, False])
def test_nomination_and_both_names_are_told(nominate: bool) -> None:
    answer = ask(builders.binding_request(nominate=nominate))
    assert answer is not None
    assert answer.check == Check("local", "remote", 0x6E0001FF, nominate)


def test_a_request_of_another_implementation_is_understood() -> None:
    request = reference.Message(reference.Method.BINDING, reference.Class.REQUEST)
    request.attributes["USERNAME"] = "local:theirs"
    request.attributes["PRIORITY"] = 77
    request.attributes["ICE-CONTROLLING"] = 1234
    request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity(PASSWORD)
    request.add_fingerprint()
    answer = ask(bytes(request))
    assert answer is not None
    assert answer.check == Check("local", "theirs", 77, True)


@pytest.mark.parametrize("fingerprint", [True, False])
def test_a_fingerprint_is_welcome_but_not_needed(fingerprint: bool) -> None:
    answer = ask(builders.binding_request(fingerprint=fingerprint))
    assert answer is not None
    assert answer.check


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (builders.binding_request(priority=None), 400),
        (builders.binding_request(controlled=bytes(8)), 400),
        # Whatever the tie-breaker says, a lite agent cannot take the controlling role.
        (builders.binding_request(controlling=None, controlled=bytes(8)), 487),
        (builders.binding_request(controlling=None, controlled=b"\xff" * 8), 487),
        (builders.binding_request(more=builders.stun_attribute(0x7777, b"abc")), 420),
    ],
)
def test_signed_requests_that_we_cannot_grant_get_a_signed_error(
    request_: bytes, code: int
) -> None:
    answer = ask(request_)
    assert answer is not None
    assert answer.check is None
    response = understood(answer.response)
    assert response.message_class == reference.Class.ERROR
    assert response.attributes["ERROR-CODE"][0] == code


def test_a_peer_that_gives_way_after_a_role_conflict_is_accepted() -> None:
    conflict = ask(builders.binding_request(controlling=None, controlled=bytes(8)))
    assert conflict is not None
    assert conflict.check is None
    settled = ask(builders.binding_request(controlling=bytes(8)))
    assert settled is not None
    assert settled.check


def test_attributes_that_one_may_ignore_are_ignored() -> None:
    assert ask(builders.binding_request(more=builders.stun_attribute(0xC057, b"\0\1\0\2")))


def test_what_follows_the_signature_is_ignored() -> None:
    plain = builders.binding_request(fingerprint=False)
    smuggled = builders.stun_attribute(0x0025, b"")
    data = plain[:2] + (len(plain) - 20 + 4).to_bytes(2, "big") + plain[4:] + smuggled
    answer = ask(data)
    assert answer is not None
    assert answer.check is not None
    assert not answer.check.nominated


@pytest.mark.parametrize("message_type", [0x0011, 0x0101, 0x0111])
def test_indications_and_responses_are_not_answered(message_type: int) -> None:
    assert ask(builders.stun(message_type=message_type)) is None


GOOD = builders.binding_request()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", DropReason.TOO_SHORT),
        (b"\0", DropReason.TOO_SHORT),
        (GOOD[:19], DropReason.TOO_SHORT),
        (GOOD[:-4], DropReason.BAD_STUN),
        (GOOD + bytes(4), DropReason.BAD_STUN),
        (GOOD[:4] + bytes(4) + GOOD[8:], DropReason.BAD_STUN),
        (builders.stun(message_type=0x0003), DropReason.BAD_STUN),
        (GOOD[:-1] + bytes([GOOD[-1] ^ 1]), DropReason.BAD_STUN),
        (builders.binding_request(priority=b"\1\2\3"), DropReason.BAD_STUN),
        (builders.binding_request(controlled=b"\1\2\3\4"), DropReason.BAD_STUN),
        (builders.binding_request(username=b"\xff"), DropReason.BAD_STUN),
        (builders.binding_request(username=b"\xff:\xff"), DropReason.BAD_STUN),
        (builders.binding_request(username=b""), DropReason.BAD_STUN),
        (builders.binding_request(username=b"local:" + b"a" * 503), DropReason.BAD_STUN),
        (builders.stun(b"\0\6\xff\xff"), DropReason.BAD_STUN),
        (builders.stun(b"\x80\1\0\0" * 33), DropReason.BAD_STUN),
        (builders.stun(b"\x80\1\0\0" * 16_000), DropReason.BAD_STUN),
        (builders.binding_request(username=b"who:remote"), DropReason.UNKNOWN_USER),
        (builders.binding_request(password=b"wrong"), DropReason.BAD_INTEGRITY),
        (builders.binding_request(password=None), DropReason.BAD_INTEGRITY),
        (GOOD.replace(b"\x6e\x00\x01\xff", b"\x6e\x00\x01\xfe")[:-8], DropReason.BAD_STUN),
    ],
)
def test_whoever_shows_no_password_gets_no_answer(data: bytes, reason: DropReason) -> None:
    with pytest.raises(RemoteError) as caught:
        ask(data)
    assert caught.value.reason is reason


@given(st.integers(20, len(builders.binding_request(fingerprint=False)) - 1), st.integers(1, 255))
def test_no_byte_of_a_signed_request_can_be_changed(position: int, flip: int) -> None:
    good = builders.binding_request(fingerprint=False)
    changed = bytearray(good)
    changed[position] ^= flip
    with pytest.raises(RemoteError):
        ask(bytes(changed))
