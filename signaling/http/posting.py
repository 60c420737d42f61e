"""A POST to a URL that somebody named, to addresses outside only.

The name is resolved once, every address that it has is checked, and only those are connected to:
what it leads to a moment later does not matter.  Redirects are not followed.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from signaling.outside import Network, is_outside
from signaling.webhook_rules import Undelivered

ANSWER_WITHIN_S = 10.0


class Poster:
    """`allowed` are networks that are reached although they are inside."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self._allowed = tuple(allowed)

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Return when it was taken; `Undelivered` says why it was not."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
        connector = aiohttp.TCPConnector(resolver=_Outside(self._allowed), use_dns_cache=False)
        try:
            self._refuse_inside(url)
            async with (
                aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
                http.post(url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                if not 200 <= answer.status < 300:  # noqa: PLR2004 - what HTTP calls success
                    raise Undelivered(f"answered {answer.status}")
        except TimeoutError:
            raise Undelivered(f"no answer in {ANSWER_WITHIN_S:.0f} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Undelivered(f"cannot be reached: {type(error).__name__}") from None

    def _refuse_inside(self, url: str) -> None:
        """A host that is an address already is not resolved."""
        with suppress(ValueError):
            host = ipaddress.ip_address(urlsplit(url).hostname or "")
            if not is_outside(host, self._allowed):
                raise Undelivered("leads inside")


class _Outside(AbstractResolver):
    def __init__(self, allowed: tuple[Network, ...]) -> None:
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found: list[Any] = await loop.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, family=family
        )
        for _, _, _, _, address in found:
            if not is_outside(ipaddress.ip_address(address[0]), self._allowed):
                raise Undelivered("leads inside")
        return [
            ResolveResult(
                hostname=host,
                host=address[0],
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""
