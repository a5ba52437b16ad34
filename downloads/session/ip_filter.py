"""Which addresses the session may contact, and how peers near by are limited."""

from collections.abc import Iterable, Sequence

import libtorrent as lt

from downloads.session.block_list import Range
from jobsite.jobs.networks import PRIVATE_NETWORKS, Network

ALLOWED, BLOCKED = 0, 1


def ip_filter(
    allowed: Sequence[Network], blocked: Iterable[Range] = (), banned: Iterable[str] = ()
) -> lt.ip_filter:
    """Return the filter: no private networks and none of the list but those that are allowed.

    `banned`: addresses of peers that are contacted in no case.
    """
    private = ((str(network[0]), str(network[-1])) for network in PRIVATE_NETWORKS)
    opened = ((str(network[0]), str(network[-1])) for network in allowed)
    peers = ((address, address) for address in banned)
    rules = lt.ip_filter()
    # A later rule holds before an earlier one.
    for ranges, verdict in (
        (private, BLOCKED),
        (blocked, BLOCKED),
        (opened, ALLOWED),
        (peers, BLOCKED),
    ):
        for first, last in ranges:
            rules.add_rule(first, last, verdict)
    return rules


def limit_local_peers(session: lt.session) -> None:
    """Apply the global rate limits to peers on local networks, too."""
    everybody = lt.ip_filter()
    globally = 1 << session.global_peer_class_id
    everybody.add_rule("0.0.0.0", "255.255.255.255", globally)  # noqa: S104 (a range, not bound)
    everybody.add_rule("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", globally)
    session.set_peer_class_filter(everybody)
