"""The addresses that clients are told for a media process.

Knows how to ask the kernel for the address of a route, which sends nothing.
"""

import socket
from collections.abc import Sequence


def reachable_hosts(bind_hosts: Sequence[str]) -> tuple[str, ...]:
    """What to tell clients: the bound addresses, and in place of a wildcard that of our route."""
    return tuple(_of_default_route(host) if _is_wildcard(host) else host for host in bind_hosts)


def _is_wildcard(host: str) -> bool:
    return host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound


def _of_default_route(host: str) -> str:
    family, elsewhere, fallback = (
        (socket.AF_INET6, "2001:db8::1", "::1")
        if ":" in host
        else (socket.AF_INET, "192.0.2.1", "127.0.0.1")
    )
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            # Sends nothing: the kernel only looks up the route.
            probe.connect((elsewhere, 9))
        except OSError:
            return fallback
        return str(probe.getsockname()[0])
