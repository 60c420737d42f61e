"""From a handler's answer, or an error, to what goes over the wire."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import msgspec
from aiohttp import web
from yarl import URL

from signaling.errors import CODES, Refused, Unavailable
from signaling.http.call import Answer, Content, Cookie, Outgoing
from signaling.http.replays import KeptAnswer

JSON = "application/json; charset=utf-8"
SECURE_COOKIE = "__Host-candor"
PLAIN_COOKIE = "candor"

SECURITY_HEADERS = {
    "Server": "candor",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), "
    "geolocation=(), payment=(), usb=()",
    # Pages say what they need themselves; everything else may do nothing at all.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cache-Control": "no-store",
}


class ErrorDetail(msgspec.Struct, frozen=True):
    """What went wrong: a code of the table, and a sentence that says what to do."""

    code: str
    message: str
    detail: str | None


class ErrorBody(msgspec.Struct, frozen=True):
    """The one shape of every error."""

    error: ErrorDetail


@dataclass(frozen=True, slots=True)
class StreamedAnswer:
    """An answer that is sent while it is read, and can be sent only once."""

    status: int
    headers: list[tuple[str, str]]
    body: AsyncIterator[bytes]


def streamed(answer: Answer) -> KeptAnswer | StreamedAnswer:
    """An answer of a route that sends contents; some of its answers have none."""
    outgoing = answer.body
    if not isinstance(outgoing, Outgoing):
        return kept(answer, secure=False)
    headers = [*answer.headers.items(), ("Content-Type", outgoing.media_type)]
    if outgoing.size is not None:
        headers.append(("Content-Length", str(outgoing.size)))
    return StreamedAnswer(answer.status, headers, outgoing.pieces)


def kept(answer: Answer, *, secure: bool) -> KeptAnswer:
    """The answer as it can be kept and sent, again and again."""
    headers = list(answer.headers.items())
    if answer.cookie is not None:
        headers.append(("Set-Cookie", _set_cookie(answer.cookie, secure=secure)))
    if answer.body is None:
        return KeptAnswer(answer.status, headers, b"")
    assert not isinstance(answer.body, Outgoing), "only routes that say so send contents"
    if isinstance(answer.body, Content):
        headers.append(("Content-Type", answer.body.media_type))
        return KeptAnswer(answer.status, headers, answer.body.data)
    headers.append(("Content-Type", JSON))
    return KeptAnswer(answer.status, headers, msgspec.json.encode(answer.body))


def error_body(error: Refused | Unavailable) -> ErrorBody:
    """The error in the one shape."""
    detail = error.detail if isinstance(error, Refused) else None
    return ErrorBody(ErrorDetail(error.code, CODES[error.code].message, detail))


def failed(error: Refused | Unavailable) -> KeptAnswer:
    """The error in the one shape, with its status and Retry-After."""
    code, body = CODES[error.code], error_body(error)
    headers = [("Content-Type", JSON)]
    seconds = _retry_after_s(error)
    if seconds is not None:
        headers.append(("Retry-After", str(seconds)))
    if code.status == 401:  # noqa: PLR2004 (RFC 9110, 15.5.2)
        headers.append(("WWW-Authenticate", 'Bearer realm="candor"'))
    return KeptAnswer(code.status, headers, msgspec.json.encode(body))


def on_the_wire(answer: KeptAnswer | StreamedAnswer, extra: Mapping[str, str]) -> web.Response:
    """The response with the security headers and whatever this request needs besides."""
    response = web.Response(status=answer.status, body=answer.body or None)
    response.headers.update(SECURITY_HEADERS)
    response.headers.update(extra)
    for name, value in answer.headers:
        if name == "Set-Cookie":
            response.headers.add(name, value)
        else:
            response.headers[name] = value
    return response


def cookie_of(request: web.BaseRequest, *, secure: bool) -> str | None:
    """The session's cookie, if the browser sent one."""
    return request.cookies.get(SECURE_COOKIE if secure else PLAIN_COOKIE)


def origin_of(url: URL) -> str:
    """What a browser calls the site of this address."""
    return str(url.origin())


def _set_cookie(cookie: Cookie, *, secure: bool) -> str:
    name = SECURE_COOKIE if secure else PLAIN_COOKIE
    flags = "; Secure" if secure else ""
    return f"{name}={cookie.value}; Path=/; Max-Age={cookie.seconds}; HttpOnly; SameSite=Lax{flags}"


def _retry_after_s(error: Refused | Unavailable) -> int | None:
    if isinstance(error, Unavailable):
        return 2
    if error.retry_after_s is None:
        return None
    return max(1, int(error.retry_after_s + 0.999))
