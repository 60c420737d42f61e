"""How often: a leaky bucket for each key, in constant memory, with the clock as an argument.

Pure.  Which keys there are and what happens to whoever comes too often is decided elsewhere.
"""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

# A key costs about 200 bytes; a flood of addresses pushes out the one that was quiet longest.
KEYS = 50_000
IPV6_SITE_BITS = 64


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` in `seconds` on the long run, and as many at once."""

    count: int
    seconds: float

    @property
    def interval_s(self) -> float:
        return self.seconds / self.count


class Buckets:
    """Generic cell rate algorithm: one number for each key, the time at which it is empty again."""

    def __init__(self, rate: Rate, keys: int = KEYS) -> None:
        self._rate = rate
        self._keys = keys
        self._empty_at: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str, now: float) -> float:
        """0.0 if the key may go on; otherwise how many seconds it has to wait."""
        wait = self.wait(key, now)
        if wait == 0.0:
            self.charge(key, now)
        return wait

    def wait(self, key: str, now: float) -> float:
        """How long until `take` would succeed; takes nothing."""
        fill = max(self._empty_at.get(key, now) - now, 0.0)
        return max(fill + self._rate.interval_s - self._rate.seconds, 0.0)

    def charge(self, key: str, now: float) -> None:
        """Count one, whether it fits or not: what is too much is waited for later."""
        filled = max(self._empty_at.get(key, now), now)
        self._empty_at[key] = filled + self._rate.interval_s
        self._empty_at.move_to_end(key)
        if len(self._empty_at) > self._keys:
            self._empty_at.popitem(last=False)


def neighbourhood(address: str) -> str:
    """What one person can change at will counts as one: an IPv4 address, an IPv6 site."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, IPV6_SITE_BITS), strict=False))
    return address
