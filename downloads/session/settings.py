"""Settings of the libtorrent session, chosen by measurement or by the operator."""

from dataclasses import dataclass

import libtorrent as lt

from downloads.session.network_interface import device_of, is_address
from downloads.session.proxy import Proxy
from jobsite.jobs.networks import Network

ALERTS = (
    lt.alert.category_t.status_notification
    | lt.alert.category_t.storage_notification
    | lt.alert.category_t.error_notification
    | lt.alert.category_t.tracker_notification
    | lt.alert.category_t.dht_notification
)

BOOTSTRAP = (
    "dht.libtorrent.org:25401",
    "router.bittorrent.com:6881",
    "router.utorrent.com:6881",
    "dht.transmissionbt.com:6881",
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
    proxy: Proxy | None = None
    """The proxy through which alone anything is sent."""
    encryption: str = "allow"
    """One of `ENCRYPTION`."""
    is_anonymous: bool = False
    forwards_port: bool = False
    """Whether the router is asked, by UPnP and NAT-PMP, to let peers in."""
    announces_to_all: bool = True
    """Whether all trackers of a torrent are announced to, not only the first that answers."""
    connections: int = 800
    torrent_connections: int = 0
    """Of one torrent; 0: no limit but that of all together."""
    upload_slots: int = 20
    """Peers that are uploaded to at once."""

    @property
    def has_dht(self) -> bool:
        """Whether the DHT is asked for peers; a proxy over HTTP carries no datagrams."""
        return self.dht and (self.proxy is None or self.proxy.carries_datagrams)


_POLICY, _LEVEL = lt.enc_policy, lt.enc_level
# Word of the operator -> who is connected to, and what is spoken then.
ENCRYPTION = {
    "allow": (_POLICY.pe_enabled, _LEVEL.pe_both),
    "require": (_POLICY.pe_forced, _LEVEL.pe_rc4),
    "off": (_POLICY.pe_disabled, _LEVEL.pe_both),
}


def settings_for(options: Options) -> dict[str, object]:
    """Return libtorrent's settings: every line differs from its default for a reason."""
    return {
        **interfaces(options, device_of(options.interface) if options.interface else ""),
        "user_agent": f"jobsite libtorrent/{lt.__version__}",
        "alert_mask": int(ALERTS),
        # 500 torrents that end in the same second are some 5,000 alerts; a dropped one is lost.
        "alert_queue_size": 50_000,
        # Nothing opens ports in somebody's router or shouts on the local network unasked.
        "enable_upnp": options.forwards_port and options.proxy is None,
        "enable_natpmp": options.forwards_port and options.proxy is None,
        "enable_lsd": False,
        **(options.proxy.settings() if options.proxy else {}),
        **_encryption(options.encryption),
        "anonymous_mode": options.is_anonymous,
        "announce_to_all_tiers": options.announces_to_all,
        "announce_to_all_trackers": options.announces_to_all,
        "ssrf_mitigation": True,
        "apply_ip_filter_to_trackers": True,
        "enable_dht": options.has_dht,
        "dht_bootstrap_nodes": _bootstrap(options),
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
        "connections_limit": options.connections,
        "unchoke_slots_limit": options.upload_slots,
        "connection_speed": 100,
        # With the default of 60 s, a peer that hung up is missed for a minute.
        "min_reconnect_time": 10,
        "allow_multiple_connections_per_ip": bool(options.allowed_networks),
        # A clean stop does not wait for the goodbye to slow trackers.
        "stop_tracker_timeout": 1,
    }


def _encryption(word: str) -> dict[str, object]:
    policy, level = ENCRYPTION[word]
    policies = dict.fromkeys(("in_enc_policy", "out_enc_policy"), int(policy))
    return {**policies, "allowed_enc_level": int(level)}


def _bootstrap(options: Options) -> str:
    """Return the hosts by which the DHT is entered; behind a proxy only those with an address.

    libtorrent would look their names up beside the proxy. Peers name nodes as well.
    """
    hosts = options.bootstrap or BOOTSTRAP
    if options.proxy is not None:
        hosts = tuple(one for one in hosts if is_address(one.rpartition(":")[0].strip("[]")))
    return ",".join(hosts)


def with_port(listen: str, port: int) -> str:
    """Return addresses such as 0.0.0.0:6881,[::]:6881 with another port."""
    return ",".join(f"{one.rpartition(':')[0]}:{port}" for one in listen.split(","))


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
