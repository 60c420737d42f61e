"""Passkeys: what a real one hands over is taken, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.auth import cbor, webauthn
from signaling.auth.webauthn import ALGORITHMS, Signed, Unacceptable, site_of
from tests.signaling.security_key import ORIGIN, SecurityKey, written

CHALLENGE = bytes(range(32))
SITE = site_of("")


def registered(key: SecurityKey) -> webauthn.Credential:
    client_data = key.client_data("webauthn.create", CHALLENGE)
    return webauthn.registered(key.attestation(), client_data, CHALLENGE, SITE)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_was_registered_signs(algorithm: int) -> None:
    key = SecurityKey(algorithm, count=7)
    credential = registered(key)
    assert (credential.id, credential.sign_count) == (key.id, 7)
    key.count = 9
    public, signed = credential.public_key, key.signed(CHALLENGE)
    assert webauthn.checked(public, 7, signed, CHALLENGE, SITE) == 9
    other = registered(SecurityKey(algorithm)).public_key
    with pytest.raises(Unacceptable, match="not signed by"):
        webauthn.checked(other, 7, signed, CHALLENGE, SITE)


LIES: dict[str, dict[str, Any]] = {
    "another site": {"rp_id": "localhost.example"},
    "nobody verified": {"flags": 0x01},
    "nobody present": {"flags": 0x04},
    "another origin": {"client": {"origin": "http://localhost.example:8080"}},
    "no origin": {"client": {"origin": "http://[localhost"}},
    "in a frame of another page": {"client": {"origin": ORIGIN, "crossOrigin": True}},
    "another challenge": {"client": {"origin": ORIGIN, "challenge": "AAAA"}},
    "another use": {"client": {"origin": ORIGIN, "type": "payment.get"}},
    "no text": {"client": {"origin": 5}},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_nothing_is_taken_that_was_made_for_something_else(lie: dict[str, Any]) -> None:
    public = registered(key := SecurityKey()).public_key
    for name, value in lie.items():
        setattr(key, name, value)
    with pytest.raises(Unacceptable):
        webauthn.checked(public, 0, key.signed(CHALLENGE), CHALLENGE, SITE)
    with pytest.raises(Unacceptable):
        registered(key)


@pytest.mark.parametrize(
    ("kept", "told", "is_taken"),
    [(0, 0, True), (0, 1, True), (5, 6, True), (5, 5, False), (5, 4, False), (5, 0, False)],
)
def test_a_counter_that_does_not_rise_tells_of_a_copy(kept: int, told: int, is_taken: bool) -> None:
    public = registered(key := SecurityKey()).public_key
    key.count = told
    signed = key.signed(CHALLENGE)
    if is_taken:
        assert webauthn.checked(public, kept, signed, CHALLENGE, SITE) == told
    else:
        with pytest.raises(Unacceptable, match="counter"):
            webauthn.checked(public, kept, signed, CHALLENGE, SITE)


def test_a_signature_is_for_these_bytes() -> None:
    public = registered(key := SecurityKey()).public_key
    signed = key.signed(CHALLENGE)
    more = replace(signed, authenticator_data=signed.authenticator_data + b"\0")
    with pytest.raises(Unacceptable, match="not signed by"):
        webauthn.checked(public, 0, more, CHALLENGE, SITE)


def test_a_key_that_is_none_is_refused() -> None:
    key = SecurityKey()
    x = key.cose()[-2]
    for cose in (
        {1: 2, 3: -7, -1: 1, -2: x, -3: x},
        {1: 2, 3: -7, -1: 2, -2: x, -3: x},
        {1: 2, 3: -47, -1: 8, -2: x, -3: x},
        {1: 1, 3: -8, -1: 6, -2: b"short"},
        {1: 3, 3: -257, -1: b"\xff" * 64, -2: b"\x03"},
        {1: 3, 3: -257, -1: b"\xff" * 4096, -2: b"\x03"},
        {},
    ):
        key.cose = lambda cose=cose: cose  # type: ignore[method-assign,misc]
        with pytest.raises(Unacceptable):
            registered(key)


def test_a_site_is_the_address_that_people_use() -> None:
    site = site_of("https://call.example/")
    assert (site.rp_id, site.origin) == ("call.example", "https://call.example")
    assert site.owns("https://call.example")
    for origin in ("http://call.example", "https://call.example:8443", "https://a.call.example"):
        assert not site.owns(origin)


PLAIN = st.integers(-60_000, 60_000) | st.binary(max_size=300) | st.text(max_size=10)
NAMES = st.integers(-300, 300) | st.text(max_size=5)
MAPS = st.dictionaries(NAMES, PLAIN, max_size=3)


@given(PLAIN | MAPS | st.dictionaries(NAMES, MAPS, max_size=3))
def test_what_was_written_is_read(value: Any) -> None:
    assert cbor.read(written(value)) == (value, len(written(value)))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (
        lambda: cbor.read(data),
        lambda: webauthn.registered(data, data, CHALLENGE, SITE),
        lambda: webauthn.checked(PUBLIC, 0, Signed(data, data, data), CHALLENGE, SITE),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(webauthn, "_check_client", lambda *_: None)
            try:
                read()
            except (cbor.Malformed, Unacceptable):
                continue


PUBLIC = registered(SecurityKey()).public_key
REAL = SecurityKey().attestation()


@given(st.integers(0, len(REAL) - 1), st.integers(0, 255), st.integers(0, len(REAL)))
def test_a_broken_attestation_is_read_or_refused(at: int, value: int, end: int) -> None:
    broken = (REAL[:at] + bytes([value]) + REAL[at + 1 :])[: max(at + 1, end)]
    client_data = SecurityKey.client_data(SecurityKey(), "webauthn.create", CHALLENGE)
    try:
        webauthn.registered(broken, client_data, CHALLENGE, SITE)
    except Unacceptable:
        return


def test_a_small_message_that_claims_to_be_large_is_refused() -> None:
    for bomb in (b"\x9b" + b"\xff" * 8, b"\xbf", b"\x81" * 100, b"\x5b" + b"\xff" * 8, b"\xc0\x00"):
        with pytest.raises(cbor.Malformed):
            cbor.read(bomb)
