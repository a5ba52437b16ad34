"""Settings of the libtorrent session, chosen by measurement, and its IP filter."""

from collections.abc import Sequence
from dataclasses import dataclass

import libtorrent as lt

from downloads.session.network_interface import device_of
from jobsite.jobs.networks import PRIVATE_NETWORKS, Network

ALERTS = (
    lt.alert.category_t.status_notification
    | lt.alert.category_t.storage_notification
    | lt.alert.category_t.error_notification
    | lt.alert.category_t.tracker_notification
    | lt.alert.category_t.dht_notification
)


@dataclass(frozen=True)
class Options:
    """The options that the operator may set."""

    listen: str = "0.0.0.0:6881"
    interface: str = ""
    """The device, or its address, through which alone anything is sent; empty: as it comes."""
    dht: bool = True
    bootstrap: tuple[str, ...] = ()
    allowed_networks: tuple[Network, ...] = ()


def settings_for(options: Options) -> dict[str, object]:
    """Return libtorrent's settings: every line differs from its default for a reason."""
    return {
        **interfaces(options, device_of(options.interface) if options.interface else ""),
        "user_agent": f"jobsite libtorrent/{lt.__version__}",
        "alert_mask": int(ALERTS),
        # 500 torrents that end in the same second are some 5,000 alerts; a dropped one is lost.
        "alert_queue_size": 50_000,
        # Nothing opens ports in somebody's router or shouts on the local network unasked.
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_lsd": False,
        "ssrf_mitigation": True,
        "apply_ip_filter_to_trackers": True,
        "enable_dht": options.dht,
        "dht_bootstrap_nodes": ",".join(options.bootstrap)
        or "dht.libtorrent.org:25401,"
        "router.bittorrent.com:6881,router.utorrent.com:6881,dht.transmissionbt.com:6881",
        # Over loopback and fast lines uTP is 3 to 25 times slower than TCP, and with outgoing uTP
        # on libtorrent tries it first. Incoming uTP stays on: peers behind some routers have
        # nothing else. The price: no hole is punched to a peer where both sides are behind
        # routers that let nothing in; who opens the listening port has all of them.
        "mixed_mode_algorithm": int(lt.bandwidth_mixed_algo_t.prefer_tcp),
        "enable_outgoing_utp": False,
        # The kernel sizes the receive buffers of TCP by itself, up to 6 MiB; any size that is asked
        # for is cut to net.core.rmem_max (0.2 MiB), and then holds: 2 to 3 times slower beside
        # other work, and on long lines.
        "recv_socket_buffer_size": 0,
        # 1 GiB over loopback: 3.7 s and 166 MiB with the defaults of 1 and 10 threads, 2.2 s and
        # 92 MiB so. What waits to be written is lost in a crash: 4 MiB of it, not 16; more where
        # the disk's threads get no processor, for all that a socket holds is read past this limit.
        "hashing_threads": 2,
        "aio_threads": 2,
        "max_queued_disk_bytes": 4 * 2**20,
        # The reconciler decides what is active. libtorrent's own queue is looked at twice a
        # minute only, and silently stops announcing beyond its limits.
        "active_downloads": -1,
        "active_seeds": -1,
        "active_checking": 4,
        "active_limit": -1,
        "active_tracker_limit": -1,
        "active_dht_limit": -1,
        "active_lsd_limit": -1,
        "connections_limit": 800,
        "connection_speed": 100,
        # With the default of 60 s, a peer that hung up is missed for a minute.
        "min_reconnect_time": 10,
        "allow_multiple_connections_per_ip": bool(options.allowed_networks),
        # A clean stop does not wait for the goodbye to slow trackers.
        "stop_tracker_timeout": 1,
    }


def interfaces(options: Options, device: str) -> dict[str, object]:
    """Return the settings of where to listen and what to send through; both end at the device.

    Without the device that is wanted nothing is listened on, so that no tracker is asked, and
    connections have nothing to leave by.
    """
    if not options.interface:
        return {"listen_interfaces": options.listen, "outgoing_interfaces": ""}
    port = options.listen.rpartition(":")[2]
    return {
        "listen_interfaces": f"{device}:{port}" if device else "",
        "outgoing_interfaces": device or options.interface,
    }


def limit_local_peers(session: lt.session) -> None:
    """Apply the global rate limits to peers on local networks, too."""
    everybody = lt.ip_filter()
    globally = 1 << session.global_peer_class_id
    everybody.add_rule("0.0.0.0", "255.255.255.255", globally)  # noqa: S104 (a range, not bound)
    everybody.add_rule("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", globally)
    session.set_peer_class_filter(everybody)


def ip_filter(allowed: Sequence[Network]) -> lt.ip_filter:
    rules = lt.ip_filter()
    for networks, blocked in ((PRIVATE_NETWORKS, 1), (allowed, 0)):
        for network in networks:
            rules.add_rule(str(network[0]), str(network[-1]), blocked)
    return rules
