"""The libtorrent session: made through torrentp, driven by thin verbs.

Only the thread that made a `TorrentSession` may call it, and only in the process that made it: a
session does not survive a fork.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import libtorrent as lt
import torrentp

from downloads.library.selection import HIGH, PieceOrder
from downloads.rate_limits import Speed
from downloads.session import events
from downloads.session.alerts import EVENTS, progress
from downloads.session.block_list import Range
from downloads.session.details import details_of, peer_view
from downloads.session.events import PeerView
from downloads.session.ip_filter import ip_filter, limit_local_peers
from downloads.session.metadata import end_pieces, file_of
from downloads.session.network_interface import device_of
from downloads.session.settings import Options, interfaces, settings_for, with_port


@dataclass(frozen=True)
class Extent:
    """A file's path, its first byte in the torrent, its size, and the size of pieces."""

    path: str
    start: int
    size: int
    piece_length: int


DHT_STATE = lt.save_state_flags_t.save_dht_state
RESUME_FLAGS = lt.save_resume_flags_t.save_info_dict
READING = lt.torrent_status.states.checking_resume_data


class TorrentSession(torrentp.Session):
    """A libtorrent session and thin verbs over it; torrents go by their key, not by handle."""

    def __init__(self, options: Options, dht_state: bytes = b"") -> None:
        super().__init__(lt)
        self._options = options
        self._dht_state = dht_state
        self._handles: dict[str, lt.torrent_handle] = {}
        self._keys: dict[lt.torrent_handle, str] = {}
        self._leaving: set[str] = set()
        self._ends_first: dict[str, bool] = {}
        self._limits: dict[str, Speed] = {}  # as set; the empty key stands for all together
        self.create_session()

    def create_session(self) -> lt.session:
        """Make the session; torrentp's own would open 0.0.0.0:6881 with UPnP and NAT-PMP on."""
        params = lt.session_params()
        if self._dht_state:
            params = lt.read_session_params(self._dht_state, DHT_STATE)
        params.settings = cast(Any, settings_for(self._options))
        self._session = lt.session(params)
        self._session.set_ip_filter(ip_filter(self._options.allowed_networks))
        limit_local_peers(self._session)
        return self._session

    # --- verbs ---

    def add(self, key: str, params: lt.add_torrent_params, save_path: Path) -> None:
        """Add a torrent that starts at once and is never touched by libtorrent's own queue."""
        params.save_path = str(save_path)
        params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
        params.flags |= lt.torrent_flags.update_subscribe | lt.torrent_flags.apply_ip_filter
        if self._options.torrent_connections:
            params.max_connections = self._options.torrent_connections
        handle = self._session.add_torrent(params)
        if handle in self._keys and self._keys[handle] != key:
            raise ValueError(
                "This is the same torrent as another one here, under its other info hash."
            )
        self._handles[key] = handle
        self._keys[handle] = key

    def remove(self, key: str) -> None:
        """Remove a torrent; its data stays. `Removed` follows, once, however often asked."""
        if key in self._handles and key not in self._leaving:
            self._leaving.add(key)
            self._session.remove_torrent(self._handles[key])

    def ask_for_peers(self, key: str) -> None:
        """Announce now: otherwise a hash added before the DHT was up waits for 15 minutes."""
        handle = self._handles[key]
        handle.force_dht_announce()
        handle.force_reannounce()

    def connect(self, key: str, peers: Iterable[str]) -> None:
        """Contact peers by their address and port."""
        for peer in peers:
            host, _, port = peer.rpartition(":")
            self._handles[key].connect_peer((host.strip("[]"), int(port)))

    def ask_to_save(self, key: str, flush: bool = False) -> None:
        """Ask for resume data; exactly one `ResumeData` follows. `flush`: write the cache first."""
        flags = RESUME_FLAGS | lt.save_resume_flags_t.flush_disk_cache if flush else RESUME_FLAGS
        self._handles[key].save_resume_data(flags)

    def ask_to_flush(self, key: str) -> None:
        """Ask that all received blocks go to disk; `Flushed` follows."""
        self._handles[key].flush_cache()

    def prefer(self, key: str, priorities: Sequence[int], order: PieceOrder) -> None:
        """Set which files are wanted, by their number, and which pieces come first."""
        handle = self._handles[key]
        if order.sequential:
            handle.set_flags(lt.torrent_flags.sequential_download)
        else:
            handle.unset_flags(lt.torrent_flags.sequential_download)
        self._ends_first[key] = order.ends_first
        handle.prioritize_files(list(priorities))

    def _bring_ends_forward(self, key: str) -> None:
        """Set piece priorities, later: file priorities override them with a delay."""
        handle = self._handles[key]
        info = handle.torrent_file()
        if info is not None and self._ends_first.get(key):
            wanted = handle.get_file_priorities()
            handle.prioritize_pieces([(piece, HIGH) for piece in end_pieces(info, wanted)])

    def set_trackers(self, key: str, urls: Sequence[str]) -> None:
        """Set the trackers and announce to them now.

        Those that stay are not replaced unless others go: they would be sent `started` again.
        """
        handle = self._handles[key]
        known = {tracker["url"] for tracker in handle.trackers()}
        if known <= set(urls):
            for url in urls:
                if url not in known:
                    handle.add_tracker({"url": url})
        else:
            handle.replace_trackers([lt.announce_entry(url) for url in urls])
        handle.force_reannounce()

    def limit_all(self, speed: Speed) -> None:
        """Set the limits of the whole session, in bytes per second."""
        if self._limits.get("") != speed:
            self._limits[""] = speed
            rates = {"download_rate_limit": speed.down, "upload_rate_limit": speed.up}
            self._session.apply_settings(cast(Any, rates))

    def limit(self, key: str, speed: Speed) -> None:
        """Set the limits of one torrent, in bytes per second."""
        if self._limits.get(key, Speed()) != speed:
            self._limits[key] = speed
            self._handles[key].set_download_limit(speed.down)
            self._handles[key].set_upload_limit(speed.up)

    def listen_on(self, port: int) -> None:
        """Accept peers on another port from now on; trackers are told at the next announce."""
        listen = with_port(self._options.listen, port)
        self._options = replace(self._options, listen=listen)
        if not self._session.is_paused():  # else once it goes on
            self._listen()

    def block(self, ranges: Iterable[Range], banned: Iterable[str]) -> None:
        """Contact no address of these ranges, and no banned peer; who is connected is let go."""
        allowed = self._options.allowed_networks
        self._session.set_ip_filter(ip_filter(allowed, ranges, banned))

    def _listen(self) -> None:
        interface = self._options.interface
        found = interfaces(self._options, device_of(interface) if interface else "")
        self._session.apply_settings(cast(Any, found))

    def cut_off(self) -> None:
        """Send nothing more: no peer, and by an interface no listening socket.

        By that trackers are asked. A proxy that is down lets nothing through by itself.
        """
        if self._options.interface:
            self._session.apply_settings(cast(Any, interfaces(self._options, "")))
        self._session.pause()

    def go_on(self) -> None:
        """Send again; an interface may have another address now."""
        self._listen()
        self._session.resume()

    def ask_for_progress(self) -> None:
        """Ask for one `Moved` for each torrent that changed."""
        self._session.post_torrent_updates()

    def info(self, key: str) -> lt.torrent_info | None:
        """Return the metadata; None while it is not known."""
        return self._handles[key].torrent_file()

    def peer_view(self, key: str) -> PeerView:
        """Return how many peers are useful. Waits for the session: not for many torrents."""
        return peer_view(self._handles[key])

    def details_of(self, key: str) -> dict[str, Any]:
        """Return peers, trackers, pieces and files. Waits for the session, as above."""
        return details_of(self._handles[key])

    def extent(self, key: str, index: int) -> Extent | None:
        """Return the extent of a file among the pieces; None if there is no such file."""
        info = self.info(key)
        layout = info.layout() if info is not None else None
        if info is None or layout is None or not 0 <= index < layout.num_files():
            return None
        start, size = layout.file_offset(index), layout.file_size(index)
        return Extent(layout.file_path(index), start, size, info.piece_length())

    def files_done(self, key: str) -> tuple[int, ...]:
        """Return the bytes of each file that are here. Waits for the session, as above."""
        return tuple(self._handles[key].file_progress())

    def pieces_had(self, key: str) -> list[bool]:
        """Return which pieces are verified. Waits for the session, as above."""
        return list(self._handles[key].status(lt.torrent_handle.query_pieces).pieces)

    def hurry(self, key: str, piece: int, milliseconds: int) -> None:
        """Set a deadline for a piece, in milliseconds."""
        self._handles[key].set_piece_deadline(piece, milliseconds)

    def stop_hurrying(self, key: str) -> None:
        """Lift the deadlines of all pieces."""
        self._handles[key].clear_piece_deadlines()

    def has(self, key: str) -> bool:
        """Return whether the torrent is in the session."""
        return key in self._handles

    def is_leaving(self, key: str) -> bool:
        """Return whether the torrent was removed and `Removed` is still to come."""
        return key in self._leaving

    def state(self) -> bytes:
        """Return the DHT's nodes, for the next start."""
        return lt.write_session_params_buf(self._session.session_state(DHT_STATE), DHT_STATE)

    @property
    def port(self) -> int:
        """The port that the session listens on."""
        return self._session.listen_port()

    # --- what happened ---

    def wait(self, seconds: float) -> Iterator[events.Event | events.SessionMessage]:
        """Wait for events, at most so many seconds, and yield all of them in their order.

        Each event is acted on before the next is made: the state of a torrent is that of its event.
        """
        self._session.wait_for_alert(max(0, int(seconds * 1000)))
        for alert in self._session.pop_alerts():
            yield from self._copy(alert)

    def _copy(self, alert: lt.alert) -> Iterable[events.Event | events.SessionMessage]:
        if isinstance(alert, lt.state_update_alert):
            return self._progress(alert.status)
        if isinstance(alert, lt.dht_bootstrap_alert):
            return [events.DhtReady("The DHT is ready.")]
        if isinstance(alert, lt.listen_failed_alert):
            return [events.SessionMessage(f"Cannot listen: {alert.message()}", "warning")]
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
            self._ends_first.pop(key, None)
            return [events.Removed(key)]
        if isinstance(alert, lt.save_resume_data_alert):
            data = lt.write_resume_data_buf(alert.params)
            return [events.ResumeData(key, data, file_of(alert.params))]
        if isinstance(alert, lt.torrent_conflict_alert):
            return [events.Conflict(key, self._keys.get(alert.conflicting_torrent, ""))]
        if isinstance(alert, lt.file_prio_alert):
            self._bring_ends_forward(key)
        make = EVENTS.get(type(alert))
        return [make(key, alert)] if make else ()

    def _progress(self, statuses: Sequence[lt.torrent_status]) -> Iterator[events.Event]:
        for status in statuses:
            key = self._keys.get(status.handle)
            # One that was just added has nothing before libtorrent has read its resume data.
            if key is not None and status.state != READING:
                yield progress(key, status)
