"""From an aiohttp request to what a handler needs: where from, how long, what it says."""

import asyncio
import ipaddress
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from signaling.auth.identity import Device
from signaling.auth.names import invisible
from signaling.config import Http, Network
from signaling.errors import Refused
from signaling.http.call import Content, Filled, Form, Incoming, Route, Wanted

LONGEST_AGENT = 200
# A body that comes piece by piece may take its time, but not slower than this for long.
SLOWEST_BYTES_PER_S = 16 << 10
# What stands in a form in front of its file, all together.
FIELDS_BYTES = 64 << 10
PIECE = 64 << 10
BROKEN = (web.RequestPayloadError, HttpProcessingError, ValueError, ConnectionError)
PART = re.compile(r"[A-Za-z0-9._~-]{1,128}")


def device_of(request: web.BaseRequest, http: Http) -> Device:
    """The client as far as it can be known: a proxy is believed only if it was configured."""
    address = _peer(request)
    if _is_in(address, http.trusted_proxies):
        address = _forwarded(request.headers.getall("X-Forwarded-For", []), http, address)
    agent = request.headers.get("User-Agent", "")[:LONGEST_AGENT]
    return Device(address, "".join(c for c in agent if not invisible(c)))


def is_secure(request: web.BaseRequest, http: Http) -> bool:
    """True if the client's side of the connection is encrypted."""
    if _is_in(_peer(request), http.trusted_proxies):
        return request.headers.get("X-Forwarded-Proto", request.scheme) == "https"
    return request.scheme == "https"


def from_network(request: web.BaseRequest, http: Http, networks: tuple[Network, ...]) -> bool:
    """True if the client itself, not just its proxy, is in one of the networks."""
    return _is_in(device_of(request, http).address, networks)


def path_of(request: web.Request) -> Mapping[str, str]:
    """The variable parts of the path; what cannot be an identifier of ours is not found."""
    for part in request.match_info.values():
        if not PART.fullmatch(part):
            raise Refused("not_found")
    return request.match_info


def query_of(request: web.BaseRequest, route: Route) -> Any:
    """The query as the route's type; a name given twice or unknown is refused."""
    given: dict[str, str] = {}
    for name, value in request.query.items():
        if name in given:
            raise Refused("invalid", _one_line(f"{name}: given twice."))
        given[name] = value
    try:
        return msgspec.convert(given, route.query, strict=False)
    except msgspec.ValidationError as error:
        raise Refused("invalid", _located(error)) from None


async def raw_body(request: web.BaseRequest, route: Route, http: Http) -> bytes:
    """The body's bytes, bounded in size and time; b"" where the route takes none."""
    if route.takes_pieces or not request.body_exists:
        return b""
    _refuse_wrong_type(request, route)
    limit = http.body_bytes if route.body_bytes is None else route.body_bytes
    if (request.content_length or 0) > limit:
        raise Refused("too_large", f"At most {limit} bytes.")
    with _refusing("The body is not what its headers say."):
        async with asyncio.timeout(http.body_seconds):
            return await _bounded(request, limit)


async def pieces_of(read: Callable[[], Awaitable[bytes]], http: Http) -> AsyncIterator[bytes]:
    """A body as it comes; it may be as long as it likes, but not as slow."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + http.body_seconds
    while True:
        with _refusing("The body is not what its headers say."):
            async with asyncio.timeout_at(deadline):
                piece = await read()
        if not piece:
            return
        earned = deadline + len(piece) / SLOWEST_BYTES_PER_S
        deadline = min(earned, loop.time() + http.body_seconds)
        yield piece


async def filled(request: web.Request, http: Http) -> Filled:
    """A form, read up to its first file."""
    with _refusing("The body is no form with a file."):
        async with asyncio.timeout(http.body_seconds):
            return await _filled(request, http)


@contextmanager
def _refusing(broken: str) -> Iterator[None]:
    """What can go wrong while a body comes, as refusals; `broken` says what the body is not."""
    try:
        yield
    except TimeoutError:
        raise Refused("too_slow") from None
    except BROKEN:
        # Broken, or broken off: then nobody is there to read the answer.
        raise Refused("bad_request", broken) from None


async def _filled(request: web.Request, http: Http) -> Filled:
    fields: dict[str, str] = {}
    left = FIELDS_BYTES
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader):
            break
        if part.filename is not None:
            return Filled(fields, part.filename, pieces_of(partial(part.read_chunk, PIECE), http))
        value = bytearray()
        while piece := await part.read_chunk(PIECE):
            value += piece
            if len(value) > left:
                raise Refused("too_large", f"At most {FIELDS_BYTES} bytes besides the file.")
        left -= len(value)
        fields[part.name or ""] = value.decode()
    raise Refused("bad_request", "The form has no file.")


def wanted_of(request: web.BaseRequest) -> Wanted:
    """Which part of a content is asked for, and on which condition."""
    headers = request.headers
    return Wanted(*(headers.get(name, "") for name in ("Range", "If-Range", "If-None-Match")))


def body_of(raw: bytes, request: web.Request, route: Route, http: Http) -> Any:
    """The body as the route's type."""
    if route.body is None:
        return None
    if route.takes_pieces:
        _refuse_wrong_type(request, route)
        if route.body is Form:
            return Form(request.content_length or http.body_bytes, partial(filled, request, http))
        return Incoming(request.content_type, pieces_of(request.content.readany, http))
    if not route.is_json:
        return Content(request.content_type, raw)
    try:
        return msgspec.json.decode(raw or b"{}", type=route.body)
    except msgspec.ValidationError as error:
        raise Refused("invalid", _located(error)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Refused("bad_json", _one_line(str(error))) from None


async def _bounded(request: web.BaseRequest, limit: int) -> bytes:
    """Counted after decompression, so a small body that swells is stopped as it swells."""
    parts: list[bytes] = []
    size = 0
    while part := await request.content.readany():
        size += len(part)
        if size > limit:
            raise Refused("too_large", f"At most {limit} bytes.")
        parts.append(part)
    return b"".join(parts)


def _refuse_wrong_type(request: web.BaseRequest, route: Route) -> None:
    right = "Content-Type" in request.headers and request.content_type in route.accepts
    if route.takes_body and not right:
        raise Refused("unsupported_type", f"This address takes {', '.join(route.accepts)}.")


def _peer(request: web.BaseRequest) -> str:
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return str(peer[0]) if peer else "unknown"


def _forwarded(headers: list[str], http: Http, peer: str) -> str:
    """The last hop that is no proxy of ours: everything left of it may be invented."""
    hops = [hop.strip() for header in headers for hop in header.split(",")]
    for hop in reversed(hops):
        try:
            ipaddress.ip_address(hop)
        except ValueError:
            return peer
        if not _is_in(hop, http.trusted_proxies):
            return hop
        peer = hop
    return peer


def _is_in(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _located(error: msgspec.ValidationError) -> str:
    """msgspec's sentence, with the field named as the client wrote it."""
    return _one_line(str(error)).replace("`$.", "`").replace(" - at `$`", "")


def _one_line(text: str) -> str:
    return "".join(c if not invisible(c) else " " for c in text)[:300]
