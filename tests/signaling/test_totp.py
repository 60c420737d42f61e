"""Codes by the clock: those of the RFC, near in time, and written as apps read them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.auth import totp

SECRET = b"12345678901234567890"


# RFC 6238, appendix B, of which an app with six digits shows the last six.
@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_codes_are_those_of_the_rfc(second: int, code: str) -> None:
    moment = datetime.fromtimestamp(second, UTC)
    assert totp.code_of(SECRET, totp.step_at(moment)) == code
    assert totp.step_of(SECRET, code, moment) == second // 30


@pytest.mark.parametrize(("late", "is_good"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_code_is_good_one_step_before_and_after(late: int, is_good: bool) -> None:
    moment = datetime.fromtimestamp(1111111111, UTC)
    found = totp.step_of(SECRET, "050471", moment + late * totp.STEP)
    assert found == (1111111111 // 30 if is_good else None)


@given(st.text(max_size=40))
def test_no_text_is_more_than_wrong(text: str) -> None:
    assert totp.step_of(SECRET, text, datetime(2030, 1, 1, tzinfo=UTC)) is None


def test_an_app_reads_the_secret_and_whose_it_is() -> None:
    assert totp.address_of(SECRET, "ada & bob?") == (
        "otpauth://totp/Candor:ada%20%26%20bob%3F"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Candor"
    )


@given(st.text(max_size=64))
def test_whatever_the_name_the_pages_can_draw_it(name: str) -> None:
    assert len(totp.address_of(SECRET, name)) <= 213
