"""HOSTILE W14: the server cases of the Autobahn test-suite that apply, as frames on raw sockets.

Numbers are Autobahn's.  Where it has a text echoed, ours is a message of exactly that length from
somebody who has not said who they are, or text that is no JSON: either is answered by an error of
its own, which shows that it was taken whole.  Cases 12 and 13 need compression, which is not
offered.
"""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
import pytest_asyncio

from signaling.config import load
from signaling.protocol import MAX_FRAME_BYTES
from tests.conftest import SECRET
from tests.hostile.conftest import House, open_house
from tests.hostile.test_websocket import BINARY, CLOSE, PING, TEXT, Socket, frame, upgraded

WITHIN_S = 20.0
MORE, PONG = 0, 10
PIECE = 997
HELLO = "Hello-µ@ßöäüàá-UTF-8!!".encode()
KOSME = "κόσμε".encode()

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True, slots=True)
class Case:
    """What is sent, piece by piece, and what comes back, in words."""

    sent: list[bytes]
    heard: list[str]


def ask(length: int = 0) -> bytes:
    """A message that is answered, of so many bytes."""
    return b'{"type":"ping","id":1}'.ljust(length)


ANSWER = "error unauthenticated"
REFUSED = "error bad_json"
BROKEN, NOT_TEXT, NOT_OURS, TOO_BIG = "close 1002", "close 1007", "close 1003", "close 1009"


def text(payload: bytes, *, final: bool = True) -> bytes:
    return frame(payload, final=0x80 if final else 0)


def more(payload: bytes, *, final: bool) -> bytes:
    return frame(payload, MORE, final=0x80 if final else 0)


def fragments(*payloads: bytes) -> list[bytes]:
    """One text message."""
    last = len(payloads) - 1
    return [
        frame(one, MORE if index else TEXT, final=0x80 if index == last else 0)
        for index, one in enumerate(payloads)
    ]


def octets(data: bytes) -> list[bytes]:
    return [data[index : index + 1] for index in range(len(data))]


def pieces(data: bytes, length: int) -> list[bytes]:
    return [data[begin : begin + length] for begin in range(0, len(data), length)]


def ping(payload: bytes = b"") -> bytes:
    return frame(payload, PING)


def pong(payload: bytes) -> str:
    return f"PONG {payload.hex()}"


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(struct.pack("!H", code) + reason, CLOSE)


def reserved(bits: int, payload: bytes = b"", opcode: int = TEXT) -> bytes:
    return frame(payload, opcode, final=0x80 | bits << 4)


def framing() -> Iterator[tuple[str, Case]]:
    """1: lengths at which the head changes."""
    yield "1.1.1 empty", Case([text(b"")], [REFUSED])
    for number, length in enumerate((125, 126, 127, 128, 65535, 65536), 2):
        yield f"1.1.{number} of {length}", Case([text(ask(length))], [ANSWER])
    yield "1.1.8 in pieces", Case(pieces(text(ask(65536)), PIECE), [ANSWER])
    for number, length in enumerate((0, 125, 126, 65535, 65536), 1):
        yield f"1.2.{number} binary", Case([frame(bytes(length), BINARY)], [NOT_OURS])


def pings() -> Iterator[tuple[str, Case]]:
    """2: pings and pongs."""
    odd, long = bytes.fromhex("00fffefdfcfb00ff"), b"\xfe" * 125
    ten = [b"payload-%d" % number for number in range(10)]
    answers = [pong(one) for one in ten]
    yield "2.1 empty", Case([ping()], [pong(b"")])
    yield "2.2 text", Case([ping(b"Hello, world!")], [pong(b"Hello, world!")])
    yield "2.3 no text", Case([ping(odd)], [pong(odd)])
    yield "2.4 of 125", Case([ping(long)], [pong(long)])
    yield "2.5 of 126", Case([ping(long + b"\xfe")], [BROKEN])
    yield "2.6 octet by octet", Case(octets(ping(long)), [pong(long)])
    yield "2.7 pong that nobody asked for", Case([frame(b"", PONG)], [])
    yield "2.8 the same with a payload", Case([frame(b"unsolicited", PONG)], [])
    yield "2.9 and a ping", Case([frame(b"unsolicited", PONG), ping(b"x")], [pong(b"x")])
    yield "2.10 ten", Case([ping(one) for one in ten], answers)
    yield "2.11 octet by octet", Case(octets(b"".join(map(ping, ten))), answers)


def reserved_bits() -> Iterator[tuple[str, Case]]:
    """3: bits that nobody agreed upon."""
    yield "3.1 text", Case([reserved(1, ask())], [BROKEN])
    after = [text(ask()), reserved(2, ask()), ping()]
    yield "3.2 after a good one", Case(after, [ANSWER, BROKEN])
    yield "3.3 all at once", Case([text(ask()) + reserved(3, ask())], [ANSWER, BROKEN])
    slow = octets(text(ask()) + reserved(4, ask()) + ping())
    yield "3.4 octet by octet", Case(slow, [ANSWER, BROKEN])
    yield "3.5 binary", Case([reserved(5, b"\xff" * 8, BINARY)], [BROKEN])
    yield "3.6 ping", Case([reserved(6, b"x", PING)], [BROKEN])
    yield "3.7 close", Case([reserved(7, b"\x03\xe8", CLOSE)], [BROKEN])


def opcodes() -> Iterator[tuple[str, Case]]:
    """4: opcodes that nobody gave a meaning."""
    for group, first in ((1, 3), (2, 11)):
        for number in range(5):
            broken = frame(b"" if number % 2 == 0 else b"reserved", first + number)
            name = f"4.{group}.{number + 1} opcode {first + number}"
            if number < 2:
                yield name, Case([broken], [BROKEN])
            else:
                sent = [text(ask()), broken, ping()]
                yield name, Case(octets(b"".join(sent)) if number == 4 else sent, [ANSWER, BROKEN])


def fragmentation() -> Iterator[tuple[str, Case]]:
    """5: messages in fragments, and control frames between them."""
    begun, rest = text(ask()[:9], final=False), more(ask()[9:], final=True)
    two, middle = [begun, rest], [begun, ping(b"x"), rest]
    answered = [pong(b"x"), ANSWER]
    yield "5.1 ping", Case([frame(b"a", PING, final=0), more(b"b", final=True)], [BROKEN])
    yield "5.2 pong", Case([frame(b"a", PONG, final=0), more(b"b", final=True)], [BROKEN])
    yield "5.3 text in two", Case(two, [ANSWER])
    yield "5.4 at once", Case([b"".join(two)], [ANSWER])
    yield "5.5 octet by octet", Case(octets(b"".join(two)), [ANSWER])
    yield "5.6 a ping between", Case(middle, answered)
    yield "5.7 at once", Case([b"".join(middle)], answered)
    yield "5.8 octet by octet", Case(octets(b"".join(middle)), answered)
    for number, final in ((9, True), (12, False)):
        sent = [more(b"non-continuation", final=final), text(ask())]
        yield f"5.{number} nothing to go on with", Case(sent, [BROKEN])
        yield f"5.{number + 1} at once", Case([b"".join(sent)], [BROKEN])
        yield f"5.{number + 2} octet by octet", Case(octets(b"".join(sent)), [BROKEN])
    beyond = [*two, more(b"more", final=False), text(ask())]
    yield "5.15 behind the last", Case(beyond, [ANSWER, BROKEN])
    for number, final in ((16, False), (17, True)):
        again = [more(b"more", final=final), text(b"t", final=False), more(b"r", final=True)]
        yield f"5.{number} before the first", Case(again * 2, [BROKEN])
    yield "5.18 text within text", Case([begun, text(ask())], [BROKEN])
    parts = pieces(ask(), 5)
    first, second, *others = fragments(*parts)
    busy = [first, second, ping(b"1"), *others[:2], ping(b"2"), *others[2:]]
    yield "5.19 five and two pings", Case(busy, [pong(b"1"), pong(b"2"), ANSWER])
    yield "5.20 octet by octet", Case(octets(b"".join(busy)), [pong(b"1"), pong(b"2"), ANSWER])


# 6.5 to 6.23, after Markus Kuhn's UTF-8 stress test: first, last and boundary of each length; not
# characters, but valid; and what no decoder may take.
VALID = (
    "ceba e1bdb9cf83cebcceb5|00|c280|e0a080|f0908080|7f|dfbf|efbfbf|f48fbfbf|ed9fbf|ee8080|efbfbd"
    "|efbfbe|f09fbfbe|f09fbfbf|f0afbfbe|f0afbfbf|f0bfbfbe|f0bfbfbf|f18fbfbf|f19fbfbf|f1afbfbf"
    "|f1bfbfbf|f28fbfbf|f29fbfbf|f2afbfbf|f2bfbfbf|f38fbfbf|f39fbfbf|f3afbfbf|f3bfbfbf|f48fbfbe"
)
INVALID = (
    "f8888080 80|fc84808080 80|f7bfbfbf|fbbfbfbfbf|fdbfbfbfbfbf|f4908080|80|bf|80bf|80bf80|80bf80bf"
    "|80bf80bf80|80bf80bf80bf|808182838485868788898a8b8c8d8e8f|c020c120c220df20|e020e120ef20"
    "|f020f120f720|f820f920fb20|fc20fd20|c0|e080|f08080|f8808080|fc80808080|df|efbf|f7bfbf|fbbfbfbf"
    "|fdbfbfbfbf|c0e080f08080|fe|ff|fefeffff|c0af|e080af|f08080af|f8808080af|fc80808080af|c1bf"
    "|e09fbf|f08fbfbf|f887bfbfbf|fc83bfbfbfbf|c080|e08080|f0808080|f880808080|fc8080808080|eda080"
    "|edadbf|edae80|edafbf|edb080|edbe80|edbfbf|eda080edb080|eda080edbfbf|edadbfedb080|edadbfedbfbf"
    "|edae80edb080|edae80edbfbf|edafbfedb080|edafbfedbfbf|cebae1bdb9cf83cebcceb5eda080656469746564"
    "|ce|cebae1|cebae1bd|cebae1bdb9cf"
)


def utf8() -> Iterator[tuple[str, Case]]:
    """6: what is text."""
    yield "6.1.1 empty", Case([text(b"")], [REFUSED])
    yield "6.1.2 three empty fragments", Case(fragments(b"", b"", b""), [REFUSED])
    yield "6.1.3 one of three not", Case(fragments(b"", ask(), b""), [ANSWER])
    yield "6.2.1 whole", Case([text(HELLO)], [REFUSED])
    yield "6.2.2 between characters", Case(fragments(HELLO[:10], HELLO[10:]), [REFUSED])
    yield "6.2.3 within characters", Case(fragments(*octets(HELLO)), [REFUSED])
    yield "6.2.4 greek", Case(fragments(*octets(KOSME)), [REFUSED])
    bad = KOSME + b"\xed\xa0\x80edited"
    yield "6.3.1 a surrogate", Case([text(bad)], [NOT_TEXT])
    yield "6.3.2 octet by octet", Case(fragments(*octets(bad)), [NOT_TEXT])
    yield from ((f"6.5 valid {one}", utf8_case(one, REFUSED)) for one in VALID.split("|"))
    yield from ((f"6.6 invalid {one}", utf8_case(one, NOT_TEXT)) for one in INVALID.split("|"))


def utf8_case(digits: str, heard: str) -> Case:
    return Case([text(b"x" + bytes.fromhex(digits))], [heard])


def early() -> Iterator[tuple[str, Case]]:
    """6.4: what cannot become text is refused before its message ends."""
    for number, bad in ((1, b"\xf4\x90\x80\x80"), (2, b"\xf4\x90")):
        begun = [text(KOSME, final=False), more(bad, final=False)]
        yield f"6.4.{number} in a fragment", Case(begun, [NOT_TEXT])
        whole = text(KOSME + bad + b"\x80\x80edited")
        yield f"6.4.{number + 2} in a frame", Case([whole[: 6 + len(KOSME + bad)]], [NOT_TEXT])
    slow = octets(text(KOSME + b"\xf4\x90", final=False))
    yield "6.4.5 octet by octet", Case(slow, [NOT_TEXT])


GOOD_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
BAD_CODES = (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999)


def closing() -> Iterator[tuple[str, Case]]:
    """7: how either side ends it."""
    begun, rest = text(ask()[:9], final=False), more(ask()[9:], final=True)
    yield "7.1.1 a message before", Case([text(ask()), close(1000)], [ANSWER, "close 1000"])
    yield "7.1.2 twice", Case([close(1000), close(1000)], ["close 1000"])
    yield "7.1.3 a ping behind", Case([close(1000) + ping()], ["close 1000"])
    yield "7.1.4 a message behind", Case([close(1000) + text(ask())], ["close 1000"])
    yield "7.1.5 within a message", Case([begun, close(1000), rest], ["close 1000"])
    yield "7.3.1 nothing said", Case([frame(b"", CLOSE)], ["close 1000"])
    yield "7.3.2 half a code", Case([frame(b"x", CLOSE)], [BROKEN])
    yield "7.3.3 a code", Case([close(1000)], ["close 1000"])
    yield "7.3.4 a reason", Case([close(1000, b"Hello, world!")], ["close 1000"])
    yield "7.3.5 of 123 bytes", Case([close(1000, b"*" * 123)], ["close 1000"])
    yield "7.3.6 of 124 bytes", Case([close(1000, b"*" * 124)], [BROKEN])
    yield "7.5.1 a reason that is no text", Case([close(1000, b"\xce\xba\xed\xa0\x80")], [NOT_TEXT])
    for number, code in enumerate(GOOD_CODES, 1):
        yield f"7.7.{number} code {code}", Case([close(code)], ["close 1000"])
    for number, code in enumerate(BAD_CODES, 1):
        yield f"7.9.{number} code {code}", Case([close(code)], [BROKEN])


def limits() -> Iterator[tuple[str, Case]]:
    """9 and 10: large messages, whole and in parts; ours end at 64 KiB."""
    largest = ask(MAX_FRAME_BYTES)
    for number, length in enumerate((256, 4096, 16_384, MAX_FRAME_BYTES), 1):
        yield f"9.1.{number} of {length}", Case([text(ask(length))], [ANSWER])
    for number, length in enumerate((64, 256, 1024, 4096, 16_384, 65_536), 1):
        sent = fragments(*pieces(largest, length))
        yield f"9.3.{number} fragments of {length}", Case(sent, [ANSWER])
    for number, length in enumerate((64, 128, 256, 512, 1024, 2048), 1):
        yield f"9.5.{number} pieces of {length}", Case(pieces(text(largest), length), [ANSWER])
    for number, length in enumerate((0, 16, 64, 256, 1024), 1):
        many = [text(ask(length))] * 100
        yield f"9.7.{number} a hundred", Case(many, [ANSWER] * 100)
    yield "9.8 one byte too many", Case([text(largest + b" ")], [TOO_BIG])
    yield "9.8 in fragments", Case(fragments(*pieces(largest + b" ", 16_384)), [TOO_BIG])
    yield "10.1 fragments of 1300", Case(fragments(*pieces(largest, 1300)), [ANSWER])


GROUPS = (
    framing,
    pings,
    reserved_bits,
    opcodes,
    fragmentation,
    utf8,
    early,
    closing,
    limits,
)
CASES = {name: case for group in GROUPS for name, case in group()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One for all cases: a broken client must leave nothing behind for the next."""
    data = tmp_path_factory.mktemp("cases")
    options = {"port": 0, "data": data, "auth.secret": SECRET}
    async with open_house(load(environment={}, options=options)) as opened:
        yield opened


@pytest.mark.parametrize("name", CASES)
async def test_a_server_case_of_autobahn(name: str, server: House) -> None:
    case = CASES[name]
    async with upgraded(server) as socket, asyncio.timeout(WITHIN_S):
        sending = asyncio.create_task(send(socket, case.sent))
        try:
            assert [await told(socket) for _ in case.heard] == case.heard
            if not case.heard or not case.heard[-1].startswith("close"):
                await sending
                # Whatever was not expected would come in front of the answer to this.
                await send(socket, [close(1000)])
                assert await told(socket) == "close 1000"
            else:
                sending.cancel()
                await send(socket, [close(1000)])
            assert await rest(socket) == b""
        finally:
            sending.cancel()


async def rest(socket: Socket) -> bytes:
    """What comes until the end; a reset is one, when we sent what nobody read."""
    with suppress(ConnectionError):
        return await socket.reader.read()
    return b""


async def send(socket: Socket, parts: Iterable[bytes]) -> None:
    """Each part by itself; the server may close at any time."""
    with suppress(ConnectionError):
        for part in parts:
            socket.writer.write(part)
            await socket.writer.drain()
            await asyncio.sleep(0)


async def told(socket: Socket) -> str:
    """The next frame, in words."""
    opcode, payload = await socket.next()
    if opcode == CLOSE:
        return f"close {int.from_bytes(payload[:2], 'big')}"
    if opcode == PONG:
        return pong(payload)
    return f"error {json.loads(payload)['error']['code']}"
