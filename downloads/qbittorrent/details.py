"""One download in full, in the terms of qBittorrent's Web API: properties, files, trackers."""

from typing import Any

from downloads.library.selection import HIGH, SKIP
from downloads.metainfo import torrent_file
from downloads.metainfo.export import torrent_bytes
from downloads.models.download import Download
from downloads.qbittorrent.format import UNKNOWN, content_of, ratio, save_path, torrent
from downloads.web.live_details import file_shares, waited_details
from jobsite.jobs.status import Status

PRIORITIES = {SKIP: 0, HIGH: 6}
NOT_ASKED, WORKS, REFUSES = 1, 2, 4
OFF, ON = 0, 2
PEER_SOURCES = ("** [DHT] **", "** [PeX] **", "** [LSD] **")


def properties(job: Download) -> dict[str, Any]:
    """Return the answer of `torrents/properties`."""
    about, pieces = torrent(job), _pieces(job)
    names = (
        *("hash", "name", "save_path", "download_path", "total_size", "seeding_time", "eta"),
        *("infohash_v1", "infohash_v2", "dl_limit", "up_limit"),
    )
    elapsed = about["time_active"]
    seeding = job.is_seeding
    return {name: about[name] for name in names} | {
        "addition_date": about["added_on"],
        "completion_date": about["completion_on"],
        "creation_date": UNKNOWN,
        "created_by": "",
        "comment": "",
        "last_seen": about["seen_complete"],
        "time_elapsed": elapsed,
        "total_downloaded": about["downloaded"],
        "total_downloaded_session": about["downloaded"],
        "total_uploaded": job.uploaded,
        "total_uploaded_session": job.uploaded,
        "total_wasted": 0,
        "dl_speed": about["dlspeed"],
        "dl_speed_avg": job.done // elapsed if elapsed else 0,
        "up_speed": about["upspeed"],
        "up_speed_avg": job.uploaded // elapsed if elapsed else 0,
        "nb_connections": job.peers,
        "nb_connections_limit": UNKNOWN,
        "peers": job.peers if seeding else 0,
        "peers_total": job.peers if seeding else 0,
        "seeds": 0 if seeding else job.peers,
        "seeds_total": 0 if seeding else job.peers,
        "reannounce": 0,
        "share_ratio": ratio(job),
        "piece_size": pieces[0],
        "pieces_num": pieces[1],
        "pieces_have": int(pieces[1] * (job.progress or 0.0)) if pieces[1] > 0 else 0,
        "isPrivate": job.is_private,
        "is_private": job.is_private,
    }


def _pieces(job: Download) -> tuple[int, int]:
    """Return the bytes of a piece and the number of pieces; -1 while they are not known."""
    try:
        found = torrent_file.read(torrent_bytes(job.descriptions, ()) or b"")
    except torrent_file.BadTorrent:
        return UNKNOWN, UNKNOWN
    return found.piece_length, found.pieces


def piece_states(job: Download) -> list[int]:
    """Return the answer of `torrents/pieceStates`: 0 missing, 1 under way, 2 here."""
    count = max(0, _pieces(job)[1])
    if job.status == Status.SUCCEEDED and not job.is_partial:
        return [2] * count
    pieces = (waited_details(job) or {}).get("pieces") or {}
    return [int(state) for state in pieces.get("states", "")] or [0] * count


def piece_hashes(job: Download) -> list[str]:
    """Return the answer of `torrents/pieceHashes`: those of v1; empty while they are not known."""
    try:
        return torrent_file.piece_hashes(torrent_bytes(job.descriptions, ()) or b"")
    except torrent_file.BadTorrent:
        return []


def files(job: Download) -> list[dict[str, Any]]:
    """Return the answer of `torrents/files`."""
    content = content_of(job)
    home, done = save_path(job, content), job.status == Status.SUCCEEDED
    listed = list(job.files.all())
    shares = file_shares(job, [file.index for file in listed])
    length = _pieces(job)[0]
    found, at = [], 0
    for file in sorted(listed, key=lambda one: one.index):
        span = [at // length, max(at, at + file.size - 1) // length] if length > 0 else [0, 0]
        at += file.size
        found.append(
            {
                "index": file.index,
                "name": str((content / file.path).relative_to(home)),
                "size": file.size,
                "progress": shares.get(file.index, 0.0) if file.priority else 0.0,
                "priority": PRIORITIES.get(file.priority, 1),
                "is_seed": done,
                "piece_range": span,
                "availability": UNKNOWN,
            }
        )
    return found


def trackers(job: Download) -> list[dict[str, Any]]:
    """Return the answer of `torrents/trackers`: DHT and peers first, then what each has said."""
    running = job.status == Status.RUNNING or job.is_seeding
    is_on = dict.fromkeys(PEER_SOURCES[:2], running and not job.is_private)
    rows = [_tracker(name, UNKNOWN, ON if is_on.get(name) else OFF, "") for name in PEER_SOURCES]
    for tier, url in enumerate(job.trackers):
        said = job.tracker_answers.get(url)
        if said is None:
            rows.append(_tracker(url, tier, NOT_ASKED, ""))
            continue
        trouble = said["refusal"] or said["failure"]
        status = REFUSES if trouble else WORKS
        rows.append(_tracker(url, tier, status, trouble, UNKNOWN if trouble else said["peers"]))
    return rows


def _tracker(url: str, tier: int, status: int, message: str, peers: int = 0) -> dict[str, Any]:
    return {
        "url": url,
        "tier": tier,
        "status": status,
        "msg": message,
        "num_peers": peers,
        "num_seeds": UNKNOWN,
        "num_leeches": UNKNOWN,
        "num_downloaded": UNKNOWN,
    }


def peers(job: Download) -> dict[str, Any]:
    """Return the answer of `sync/torrentPeers`."""
    found = waited_details(job) or {"peers": []}
    made = {}
    for peer in found["peers"]:
        host, _, port = peer["address"].rpartition(":")
        made[peer["address"]] = {
            "ip": host.strip("[]") or peer["address"],
            "port": int(port) if port.isdecimal() else 0,
            "client": peer["client"],
            "flags": "",
            "flags_desc": peer["flags"],
            "progress": peer["progress"],
            "dl_speed": peer["rate_down"],
            "up_speed": peer["rate_up"],
            "downloaded": 0,
            "uploaded": 0,
            "connection": "BT",
            "country": "",
            "country_code": "",
            "files": "",
            "relevance": 0,
        }
    return {"rid": 1, "full_update": True, "show_flags": False, "peers": made}
