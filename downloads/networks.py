"""Which hosts may be contacted: public ones, and private ones only where the operator says so.

What a person pastes may name trackers. A tracker's address is fetched by this machine, from
inside its network; so a link must not be able to point at the router or at a neighbour's server.
"""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Everything that is not the public internet. libtorrent's filter gets these as ranges.
PRIVATE_NETWORKS: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "::/128",
        "::1/128",
        "::ffff:0:0/96",  # IPv4 in IPv6 clothes
        "64:ff9b::/96",  # IPv4 through a translator
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/32",  # Teredo and 6to4 carry an IPv4 address inside
        "2001:db8::/32",
        "2002::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)

# Names that never leave the local network.
_LOCAL_SUFFIXES = (
    ".local", ".localhost", ".localdomain", ".internal", ".intranet", ".private", ".corp",
    ".lan", ".home", ".home.arpa", ".arpa", ".test", ".invalid", ".example", ".onion", ".i2p",
)  # fmt: skip


def is_inside(address: Address, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks."""
    return any(address.version == net.version and address in net for net in networks)


@lru_cache(maxsize=4096)
def may_contact(host: str, allowed: tuple[Network, ...] = ()) -> bool:
    """Whether a host named by a user may be contacted.

    A name counts as public where it has a dot and is not of a local zone; what it resolves to is
    filtered once more when libtorrent connects.
    """
    host = host.strip("[]").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return _is_public_name(host)
    return is_inside(address, allowed) or not is_inside(address, PRIVATE_NETWORKS)


def _is_public_name(host: str) -> bool:
    labels = host.split(".")
    if len(labels) < 2 or not all(labels) or len(host) > 253:
        return False
    if host.endswith(_LOCAL_SUFFIXES):
        return False
    # 2130706433, 0x7f.1 and 127.1 are addresses to a resolver, though not to `ipaddress`.
    return labels[-1][0].isalpha() and all(c.isalnum() or c in "-_." for c in host)
