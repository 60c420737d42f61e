"""The messages: strict on the way in, whole on the way out, each written down."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import protocol
from signaling.acts import HANDLERS
from signaling.errors import CODES, Refused, Unavailable
from signaling.protocol import Said, Told
from tests.signaling.protocol_page import EXAMPLES, page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "PROTOCOL.md"
SAID = [one for one in EXAMPLES if isinstance(one, get_args(Said))]
TOLD = [one for one in EXAMPLES if isinstance(one, get_args(Told))]


def name(message: Any) -> str:
    return str(message.__struct_config__.tag)


def test_the_page_is_what_the_messages_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("kind", get_args(Said), ids=name)
def test_each_message_has_a_function_and_a_paragraph(kind: type[msgspec.Struct]) -> None:
    assert kind in HANDLERS
    assert kind.__doc__
    assert f"### `{kind.__struct_config__.tag}`" in PAGE.read_text(encoding="utf-8")


def test_no_function_is_without_a_message() -> None:
    assert HANDLERS.keys() == set(get_args(Said))


@pytest.mark.parametrize("message", SAID, ids=name)
def test_what_is_said_comes_through_whole(message: Said) -> None:
    assert protocol.parse(protocol.encode(message).decode()) == message


@pytest.mark.parametrize("message", TOLD, ids=name)
def test_what_is_told_comes_through_whole(message: Told) -> None:
    assert protocol.parse_told(protocol.encode(message)) == message


@pytest.mark.parametrize("message", SAID, ids=name)
def test_an_unknown_field_is_refused(message: Said) -> None:
    more = json.loads(protocol.encode(message)) | {"more": 1}
    with pytest.raises(Refused) as refused:
        protocol.parse(json.dumps(more))
    assert refused.value.code == "invalid"
    assert "more" in (refused.value.detail or "")


REFUSED = {
    "nothing": ("", "bad_json"),
    "no object": ("1", "invalid"),
    "no type": ('{"id":1}', "invalid"),
    "unknown type": ('{"type":"sudo","id":1}', "invalid"),
    "told, not said": ('{"type":"ack","re":1}', "invalid"),
    "no number": ('{"type":"ping"}', "invalid"),
    "number 0": ('{"type":"ping","id":0}', "invalid"),
    "a fraction": ('{"type":"ping","id":1.5}', "invalid"),
    "half a pair": ('{"type":"hello","id":1,"version":1,"client":"\\udfff"}', "bad_json"),
    "not a source": ('{"type":"publish","id":1,"offer":"","sources":{"0":"heart"}}', "invalid"),
    "a room with a slash": ('{"type":"enter","id":1,"room":"a/b"}', "invalid"),
    "an argument that is a list": (
        '{"type":"send_command","id":1,"to":"a","command":"b","arguments":{"c":[]}}',
        "invalid",
    ),
    "too long": (" " * (protocol.MAX_FRAME_BYTES + 1), "too_large"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_message_is_refused_in_words(case: str) -> None:
    text, code = REFUSED[case]
    with pytest.raises(Refused) as refused:
        protocol.parse(text)
    assert refused.value.code == code
    assert refused.value.detail


@pytest.mark.parametrize(
    ("text", "number"),
    [('{"type":"x","id":7}', 7), ('{"id":0}', 0), ("{", 0), ("[1]", 0), ('{"id":"7"}', 0)],
)
def test_a_refusal_names_the_message_where_it_can(text: str, number: int) -> None:
    assert protocol.number_of(text) == number


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_any_text_is_a_message_or_refused(text: str) -> None:
    with suppress(Refused):
        protocol.parse(text)


def test_an_error_says_what_to_do() -> None:
    refused = protocol.error(3, Refused("rate_limited", "slowly", retry_after_s=2.0))
    unavailable = protocol.error(4, Unavailable("busy", "a secret reason"))
    assert refused.error.retry_after_s == 2.0
    assert refused.error.message == CODES["rate_limited"].message
    assert b"secret" not in protocol.encode(unavailable)
