"""Which addresses we may be sent to by somebody else's wish: only those outside.  Pure.

Whoever names a URL must not reach through us what they cannot reach themselves: this machine, the
network behind it, the metadata of a cloud (HOSTILE H18).
"""

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# IPv6 addresses that lead to an IPv4 address (RFC 6052); its last four bytes.
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_outside(address: Address, allowed: Iterable[Network] = ()) -> bool:
    """Whether we may connect; `allowed` are networks that the operator opens nevertheless."""
    inner = _inner(address)
    if any(each in network for each in {address, inner} for network in allowed):
        return True
    return all(_is_public(each) for each in {address, inner})


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast


def _inner(address: Address) -> Address:
    """The address that another one stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    teredo = None if address.teredo is None else address.teredo[1]
    return address.ipv4_mapped or address.sixtofour or teredo or address
