"""The details of one torrent: its peers, trackers, pieces and files, in values that fit JSON.

Each part asks the session and waits for its answer, so this is for torrents whose page is open,
not for all of them.
"""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import libtorrent as lt

from downloads.session.events import PeerView
from jobsite.jobs.text import one_line

_CONNECTING, _NOTHING_NEW = "being called", "has nothing that is missing"
_CHOKING, _SENDING = "busy with others", "sends"

PEERS_SHOWN = 100
CELLS = 240
STATES_SHOWN = 50_000
FILES_COUNTED = 10_000  # beyond, counting the bytes of each file each second costs too much

# Flag of a peer -> what it means to the person who looks.
_WORDS = {
    lt.peer_info.seed: "has everything",
    lt.peer_info.local_connection: "outgoing connection",
    lt.peer_info.snubbed: "slow to answer",
    lt.peer_info.optimistic_unchoke: "given a chance",
    lt.peer_info.rc4_encrypted: "encrypted",
}


def peer_view(handle: lt.torrent_handle) -> PeerView:
    """Return how many of the connected peers have something to give, and how many send it."""
    states = Counter(_state(peer.flags) for peer in handle.get_peer_info())
    return PeerView(
        connected=states.total() - states[_CONNECTING],
        useful=states[_CHOKING] + states[_SENDING],
        sending=states[_SENDING],
    )


def details_of(handle: lt.torrent_handle) -> dict[str, Any]:
    """Return the details of a torrent, as far as the session knows them."""
    peers = sorted(handle.get_peer_info(), key=_activity, reverse=True)
    about = {
        "at": time.time(),
        "peer_count": len(peers),
        "peers": [_peer(one) for one in peers[:PEERS_SHOWN]],
        "trackers": [_tracker(one) for one in handle.trackers()],
        "pieces": None,
        "files": [],
    }
    info = handle.torrent_file()
    if info is not None:
        about["pieces"] = _pieces(handle, info)
        if info.num_files() <= FILES_COUNTED:
            layout = info.layout()
            about["files"] = [
                round(had / (layout.file_size(index) or 1), 4)
                for index, had in enumerate(handle.file_progress())
            ]
    return about


def _activity(peer: lt.peer_info) -> tuple[int, float]:
    return peer.payload_down_speed + peer.payload_up_speed, peer.progress


def _peer(peer: lt.peer_info) -> dict[str, Any]:
    flags = peer.flags
    words = [_state(flags)]
    words += [word for flag, word in _WORDS.items() if flags & flag]
    return {
        "ip": peer.ip[0],
        "address": f"{peer.ip[0]}:{peer.ip[1]}" if ":" not in peer.ip[0] else f"[{peer.ip[0]}]",
        "client": one_line(peer.client.decode(errors="replace"))[:60],
        "flags": ", ".join(words),
        "progress": round(peer.progress, 4),
        "rate_down": peer.payload_down_speed,
        "rate_up": peer.payload_up_speed,
    }


def _state(flags: int) -> str:
    if flags & (lt.peer_info.connecting | lt.peer_info.handshake):
        return _CONNECTING
    if not flags & lt.peer_info.interesting:
        return _NOTHING_NEW
    return _CHOKING if flags & lt.peer_info.remote_choked else _SENDING


def _tracker(entry: Any) -> dict[str, Any]:
    """Return one tracker. Only the host of its URL is shown: the rest may be somebody's key."""
    ends = [one for end in entry["endpoints"] for one in end["info_hashes"]]
    ends = [one for one in ends if one["updating"] or one["start_sent"] or one["fails"]]
    said = next((one["message"] for one in ends if one["message"]), "")
    failed = next((one["last_error"] for one in ends if one["fails"]), None)
    if any(one["updating"] for one in ends):
        status = "being asked"
    elif failed:
        status = "does not answer" if failed["value"] and not said else "refuses"
    else:
        status = "works" if ends else "not asked yet"
    upcoming = [one["next_announce"] for one in ends if (one["next_announce"] or 0) > 0]
    parts = urlsplit(entry["url"])
    return {
        "tracker": one_line(f"{parts.scheme}://{parts.netloc}"),
        "tier": entry["tier"],
        "status": status,
        "message": one_line(said or _reason(failed))[:200],
        "next_announce": max(0, int(min(upcoming) - time.time())) if upcoming else None,
        "seeds": _known(ends, "scrape_complete"),
        "leechers": _known(ends, "scrape_incomplete"),
    }


def _reason(failed: dict[str, Any] | None) -> str:
    if not failed or not failed["value"]:
        return ""
    category = lt.system_category() if failed["category"] == "system" else lt.libtorrent_category()
    for other in (lt.http_category(), lt.upnp_category()):
        category = other if other.name() == failed["category"] else category
    return lt.error_code(failed["value"], category).message()


def _known(ends: Sequence[dict[str, Any]], field: str) -> int | None:
    return max((one[field] for one in ends if one[field] >= 0), default=None)


def _pieces(handle: lt.torrent_handle, info: lt.torrent_info) -> dict[str, Any]:
    have = list(handle.status(lt.torrent_handle.query_pieces).pieces)
    count = info.num_pieces()
    have = have if len(have) == count else [False] * count
    under_way = {one["piece_index"] for one in handle.get_download_queue()}
    cells = piece_map(have, under_way, handle.piece_availability() or [])
    return {
        "count": count,
        "length": info.piece_length(),
        "have": sum(have),
        "map": cells,
        "states": piece_states(have, under_way),
    }


def piece_states(have: Sequence[bool], under_way: set[int]) -> str:
    """Return a digit for each piece: 2 is here, 1 is under way, 0 is missing.

    Empty for a torrent of very many pieces: it would be written anew each second.
    """
    if len(have) > STATES_SHOWN:
        return ""
    return "".join(
        "2" if is_here else str(int(piece in under_way)) for piece, is_here in enumerate(have)
    )


def piece_map(have: Sequence[bool], under_way: set[int], availability: Sequence[int]) -> str:
    """Return at most `CELLS` cells, each a sign for its pieces.

    `4` all are here, `1` to `3` some are, `d` some are under way, `0` none is here, `x` none is
    here and no connected peer has some of them.
    """
    count = len(have)
    cells = min(count, CELLS)
    signs = []
    for cell in range(cells):
        start, end = cell * count // cells, (cell + 1) * count // cells
        here = sum(have[start:end])
        if here == end - start:
            signs.append("4")
        elif any(piece in under_way for piece in range(start, end)):
            signs.append("d")
        elif here:
            signs.append(str(1 + here * 3 // (end - start)))
        else:
            alone = availability and not min(availability[start:end], default=0)
            signs.append("x" if alone else "0")
    return "".join(signs)
