"""Hosts that may be contacted: public ones, and private ones only if the operator allows them.

What a person pastes may name trackers. A tracker's address is fetched by this machine, from
inside its network; so a link must not be able to point at the router or at a neighbour's server.
"""

import ipaddress
from functools import lru_cache

from jobsite.jobs.networks import Network, may_connect

# Names that never leave the local network.
_LOCAL_SUFFIXES = (
    ".local", ".localhost", ".localdomain", ".internal", ".intranet", ".private", ".corp",
    ".lan", ".home", ".home.arpa", ".arpa", ".test", ".invalid", ".example", ".onion", ".i2p",
)  # fmt: skip


@lru_cache(maxsize=4096)
def may_contact(host: str, allowed: tuple[Network, ...] = ()) -> bool:
    """Return whether a host named by a user may be contacted.

    A name counts as public if it has a dot and is not of a local zone; what it resolves to is
    filtered once more when libtorrent connects.
    """
    host = host.strip("[]").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return _is_public_name(host)
    return may_connect(address, allowed)


def _is_public_name(host: str) -> bool:
    labels = host.split(".")
    if len(labels) < 2 or not all(labels) or len(host) > 253:
        return False
    if host.endswith(_LOCAL_SUFFIXES):
        return False
    # 2130706433, 0x7f.1 and 127.1 are addresses to a resolver, though not to `ipaddress`.
    return labels[-1][0].isalpha() and all(c.isalnum() or c in "-_." for c in host)
