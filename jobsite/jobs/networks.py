"""Public and private addresses. A name that a user enters must not lead into the own network."""

import ipaddress
from collections.abc import Sequence

from psutil import net_if_addrs

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
        "168.63.129.16/32",  # Azure's host agent
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "::/128",
        "::1/128",
        "::/8",  # reserved, and IPv4 addresses in older clothes, such as ::127.0.0.1
        "::ffff:0:0/96",  # IPv4 in IPv6 clothes
        "64:ff9b::/96",  # IPv4 through a translator
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/32",  # Teredo and 6to4 carry an IPv4 address inside
        "2001:10::/28",
        "2001:20::/28",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)


def is_inside(address: Address, networks: Sequence[Network]) -> bool:
    """Return whether an address lies in one of the networks."""
    return any(address.version == net.version and address in net for net in networks)


def is_own(address: Address) -> bool:
    """Return whether an address is one of this machine's: behind the firewall all ports answer."""
    found = [entry.address for entries in net_if_addrs().values() for entry in entries]
    return str(address) in {text.partition("%")[0] for text in found}


def may_connect(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """Return whether an address is another machine's on the public internet.

    So is one in a network that the operator has opened.
    """
    if is_inside(address, allowed):
        return True
    return not is_inside(address, PRIVATE_NETWORKS) and not is_own(address)
