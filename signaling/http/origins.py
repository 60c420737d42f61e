"""Whose pages may make requests: our own, and those that the configuration names.

A browser tells the origin of every request that changes something.  A client that tells neither
Origin nor Sec-Fetch-Site is no browser, so nobody can have been lured into sending its cookies.
"""

from aiohttp import web

from signaling.config import Http
from signaling.errors import Refused

CORS_METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
CORS_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match"


def refuse_foreign(request: web.BaseRequest, http: Http, *, secure: bool) -> None:
    """Refused("foreign_origin") for a request that another site's page made."""
    origin = request.headers.get("Origin")
    if origin is not None:
        if not _is_ours(origin, request, http, secure=secure):
            raise Refused("foreign_origin")
        return
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        raise Refused("foreign_origin")


def cors_headers(
    request: web.BaseRequest, http: Http, *, from_anywhere: bool = False
) -> dict[str, str]:
    """What lets an allowed site's page read the answer; cookies never travel there."""
    origin = request.headers.get("Origin")
    if origin is None or not (from_anywhere or origin in http.allowed_origins):
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "Accept-Patch, ETag, Link, Location, Retry-After",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Origin",
    }


def preflight_headers(
    request: web.BaseRequest, http: Http, *, from_anywhere: bool = False
) -> dict[str, str]:
    """The answer to a browser that asks before it sends (Fetch, 3.2.2)."""
    allowed = cors_headers(request, http, from_anywhere=from_anywhere)
    if not allowed:
        return {}
    return allowed | {
        "Access-Control-Allow-Methods": CORS_METHODS,
        "Access-Control-Allow-Headers": CORS_HEADERS,
        "Access-Control-Max-Age": "600",
    }


def _is_ours(origin: str, request: web.BaseRequest, http: Http, *, secure: bool) -> bool:
    if origin in http.allowed_origins:
        return True
    if http.public_url:
        return origin == http.public_url.rstrip("/")
    return origin == f"{'https' if secure else 'http'}://{request.host}"
