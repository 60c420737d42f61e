"""Structured logs on standard error: one line for each change of life, nothing private.

Chat, tokens and pictures never come here; addresses are shortened unless the level is debug.
What a client wrote cannot break a line: both renderers escape it.
"""

import ipaddress
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from signaling.config import Log

ADDRESS_KEYS = ("address", "remote", "peer")
IPV4_SHOWN_BITS = 24
IPV6_SHOWN_BITS = 48


def configure(settings: Log) -> None:
    """Set up structlog, and route what libraries log through it."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if level > logging.DEBUG:
        shared.append(shorten_addresses)
    structlog.configure(
        processors=[*shared, *_renderers(settings)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_Bridge()]
    # What libraries call information is debugging to us.
    root.setLevel(max(level, logging.WARNING))
    logging.getLogger("candor.http").setLevel(level)


def shorten_addresses(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """`203.0.113.77` becomes `203.0.113.0/24`: a flood can be seen, a person cannot."""
    for key in ADDRESS_KEYS:
        if key in event:
            event[key] = _shortened(str(event[key]))
    return event


def _renderers(settings: Log) -> list[Any]:
    text = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())
    if text:
        return [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                # The default shows every local value of every frame, passwords among them.
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _shortened(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.is_loopback:
        return address
    bits = IPV4_SHOWN_BITS if parsed.version == 4 else IPV6_SHOWN_BITS  # noqa: PLR2004
    return str(ipaddress.ip_network((parsed, bits), strict=False))


class _Bridge(logging.Handler):
    """One structured line for a library's record; a client's bad bytes need no traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        message = record.getMessage()
        if record.name == "candor.http" and message.startswith("Error handling request"):
            error = record.exc_info[1] if record.exc_info else None
            log.debug("http.malformed", reason=type(error).__name__)
            return
        log.log(
            record.levelno, "library", source=record.name, message=message, exc_info=record.exc_info
        )
