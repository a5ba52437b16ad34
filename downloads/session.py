"""The libtorrent session: made through torrentp, with settings chosen by measurement.

Only the thread that made a `TorrentSession` may call it, and only in the process that made it: a
session does not survive a fork.
"""

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import libtorrent as lt
import torrentp

from . import events
from .networks import PRIVATE_NETWORKS, Network
from .speeds import Speed

ALERTS = (
    lt.alert.category_t.status_notification
    | lt.alert.category_t.storage_notification
    | lt.alert.category_t.error_notification
    | lt.alert.category_t.tracker_notification
    | lt.alert.category_t.dht_notification
)
DHT_STATE = lt.save_state_flags_t.save_dht_state
RESUME_FLAGS = lt.save_resume_flags_t.save_info_dict


@dataclass(frozen=True)
class Options:
    """What the operator may choose."""

    listen: str = "0.0.0.0:6881"
    dht: bool = True
    bootstrap: tuple[str, ...] = ()
    allowed_networks: tuple[Network, ...] = ()


def settings_for(options: Options) -> dict[str, object]:
    """libtorrent's settings: every line differs from its default for a reason."""
    settings: dict[str, object] = {
        "listen_interfaces": options.listen,
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
        "recv_socket_buffer_size": 4 * 2**20,
        # 1 GiB over loopback: 3.7 s and 166 MiB with the defaults of 1 and 10 threads, 2.2 s and
        # 92 MiB so. What waits to be written is lost in a crash: 4 MiB of it, not 16.
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
    return settings


class TorrentSession(torrentp.Session):
    """One libtorrent session and thin verbs over it; torrents go by their key, not by handle."""

    def __init__(self, options: Options, dht_state: bytes = b"") -> None:
        super().__init__(lt)
        self._options = options
        self._dht_state = dht_state
        self._handles: dict[str, lt.torrent_handle] = {}
        self._keys: dict[lt.torrent_handle, str] = {}
        self._leaving: set[str] = set()
        self._limits: dict[str, Speed] = {}  # as set; the empty key stands for all together
        self.create_session()

    def create_session(self) -> lt.session:
        """Make the session; torrentp's own would open 0.0.0.0:6881 with UPnP and NAT-PMP on."""
        params = lt.session_params()
        if self._dht_state:
            params = lt.read_session_params(self._dht_state, DHT_STATE)
        params.settings = cast(Any, settings_for(self._options))
        self._session = lt.session(params)
        self._session.set_ip_filter(_ip_filter(self._options.allowed_networks))
        limit_local_peers(self._session)
        return self._session

    # --- verbs ---

    def add(self, key: str, params: lt.add_torrent_params, save_path: Path) -> None:
        """Add a torrent that starts at once and is never touched by libtorrent's own queue."""
        params.save_path = str(save_path)
        params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
        params.flags |= lt.torrent_flags.update_subscribe | lt.torrent_flags.apply_ip_filter
        handle = self._session.add_torrent(params)
        if handle in self._keys and self._keys[handle] != key:
            raise ValueError(
                "This is the same torrent as another one here, under its other info hash."
            )
        self._handles[key] = handle
        self._keys[handle] = key

    def remove(self, key: str) -> None:
        """Let go of a torrent; its data stays. `Removed` follows, once, however often asked."""
        if key in self._handles and key not in self._leaving:
            self._leaving.add(key)
            self._session.remove_torrent(self._handles[key])

    def ask_for_peers(self, key: str) -> None:
        """Announce now: a hash that was added before the DHT was up waits for 15 minutes else."""
        handle = self._handles[key]
        handle.force_dht_announce()
        handle.force_reannounce()

    def ask_to_save(self, key: str, flush: bool = False) -> None:
        """Ask for resume data; exactly one `ResumeData` follows. `flush`: write the cache first."""
        flags = RESUME_FLAGS | lt.save_resume_flags_t.flush_disk_cache if flush else RESUME_FLAGS
        self._handles[key].save_resume_data(flags)

    def ask_to_flush(self, key: str) -> None:
        """Ask that all received blocks go to disk; `Flushed` follows."""
        self._handles[key].flush_cache()

    def limit_all(self, speed: Speed) -> None:
        """Set the limits of everything together."""
        if self._limits.get("") != speed:
            self._limits[""] = speed
            rates = {"download_rate_limit": speed.down, "upload_rate_limit": speed.up}
            self._session.apply_settings(cast(Any, rates))

    def limit(self, key: str, speed: Speed) -> None:
        """Set the limits of one torrent."""
        if self._limits.get(key, Speed()) != speed:
            self._limits[key] = speed
            self._handles[key].set_download_limit(speed.down)
            self._handles[key].set_upload_limit(speed.up)

    def ask_for_progress(self) -> None:
        """Ask for one `Moved` for each torrent that changed."""
        self._session.post_torrent_updates()

    def info(self, key: str) -> lt.torrent_info | None:
        """The metadata, once known."""
        return self._handles[key].torrent_file()

    def has(self, key: str) -> bool:
        """Whether the torrent is in the session."""
        return key in self._handles

    def is_leaving(self, key: str) -> bool:
        """Whether the torrent was removed and `Removed` is still to come."""
        return key in self._leaving

    def state(self) -> bytes:
        """The DHT's nodes, for the next start."""
        return lt.write_session_params_buf(self._session.session_state(DHT_STATE), DHT_STATE)

    @property
    def port(self) -> int:
        """The port that is really listened on."""
        return self._session.listen_port()

    # --- what happened ---

    def wait(self, seconds: float) -> Iterator[events.Event | events.Notice]:
        """Wait for something to happen, at most so long, and tell all that did, in its order.

        Each event is acted on before the next is made: what a torrent is then, is what it is.
        """
        self._session.wait_for_alert(max(0, int(seconds * 1000)))
        for alert in self._session.pop_alerts():
            yield from self._copy(alert)

    def _copy(self, alert: lt.alert) -> Iterable[events.Event | events.Notice]:
        if isinstance(alert, lt.state_update_alert):
            return self._progress(alert.status)
        if isinstance(alert, lt.dht_bootstrap_alert):
            return [events.DhtReady("The DHT is ready.")]
        if isinstance(alert, lt.listen_failed_alert):
            return [events.Notice(f"Cannot listen: {alert.message()}", "warning")]
        key = (
            self._keys.get(cast(lt.torrent_alert, alert).handle)
            if hasattr(alert, "handle")
            else None
        )
        if key is None:
            return ()
        if isinstance(alert, lt.torrent_removed_alert):
            del self._keys[self._handles.pop(key)]
            self._leaving.discard(key)
            self._limits.pop(key, None)
            return [events.Removed(key)]
        if isinstance(alert, lt.save_resume_data_alert):
            return [events.ResumeData(key, lt.write_resume_data_buf(alert.params))]
        if isinstance(alert, lt.torrent_conflict_alert):
            return [events.Conflict(key, self._keys.get(alert.conflicting_torrent, ""))]
        make = _SIMPLE.get(type(alert))
        return [make(key, alert)] if make else ()

    def _progress(self, statuses: Sequence[lt.torrent_status]) -> Iterator[events.Event]:
        for status in statuses:
            key = self._keys.get(status.handle)
            if key is not None:
                yield events.Moved(
                    key,
                    size=status.total_wanted,
                    done=status.total_wanted_done,
                    rate_down=status.download_payload_rate,
                    rate_up=status.upload_payload_rate,
                    peers=status.num_peers,
                    is_complete=status.is_seeding,
                    has_stopped_writing=bool(status.flags & lt.torrent_flags.upload_mode),
                    needs_saving=bool(status.need_save_resume_data),
                )


def limit_local_peers(session: lt.session) -> None:
    """Put peers on local networks, too, under the global rate limits."""
    everybody = lt.ip_filter()
    globally = 1 << session.global_peer_class_id
    everybody.add_rule("0.0.0.0", "255.255.255.255", globally)  # noqa: S104 (a range, not bound)
    everybody.add_rule("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", globally)
    session.set_peer_class_filter(everybody)


def _ip_filter(allowed: Sequence[Network]) -> lt.ip_filter:
    rules = lt.ip_filter()
    for networks, blocked in ((PRIVATE_NETWORKS, 1), (allowed, 0)):
        for network in networks:
            rules.add_rule(str(network[0]), str(network[-1]), blocked)
    return rules


def _error(key: str, error: lt.error_code, text: str) -> events.Failed:
    full = error.category() == lt.system_category() and error.value() == errno.ENOSPC
    return events.Failed(key, text, disk_full=full)


_SIMPLE: dict[type, Callable[[str, Any], events.Event]] = {
    lt.metadata_received_alert: lambda key, alert: events.MetadataArrived(key),
    lt.torrent_finished_alert: lambda key, alert: events.Finished(key),
    lt.cache_flushed_alert: lambda key, alert: events.Flushed(key),
    lt.save_resume_data_failed_alert: lambda key, alert: events.ResumeData(key, None),
    lt.torrent_error_alert: lambda key, alert: _error(key, alert.error, alert.error.message()),
    lt.file_error_alert: lambda key, alert: _error(
        key, alert.error, f"{alert.error.message()} ({Path(alert.filename()).name})"
    ),
    lt.metadata_failed_alert: lambda key, alert: events.TrackerSaid(
        key, "A peer sent a list of files that does not match the info hash; it was dropped."
    ),
    lt.tracker_error_alert: lambda key, alert: events.TrackerSaid(
        key, alert.failure_reason() or alert.error.message()
    ),
    lt.tracker_reply_alert: lambda key, alert: events.TrackerSaid(
        key, f"{alert.num_peers} peers", peers=alert.num_peers
    ),
}
