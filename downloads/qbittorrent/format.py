"""A download in the terms of qBittorrent's Web API, as Sonarr, Radarr and their like read them."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings

from downloads.library.record import Layout
from downloads.models.download import Download
from downloads.names import file_name
from downloads.seeding import FOREVER, GOAL, OFF
from jobsite.jobs.status import Status

VERSION = "v4.6.7"
API_VERSION = "2.9.3"  # the newest that still says "paused" where later ones say "stopped"
NO_ETA = 8_640_000  # qBittorrent's way to say: nobody knows
GLOBAL_LIMIT = -2  # qBittorrent's way to say: as for all
NO_LIMIT = -1
LARGEST = 1e9
# Name of a limit -> the field of a download that holds it, and how many of its units make one.
_GOALS = {
    "ratioLimit": ("seed_ratio", 1),
    "seedingTimeLimit": ("seed_hours", 60),
    "inactiveSeedingTimeLimit": ("seed_idle_hours", 60),
}
LAYOUTS = {
    "Original": Layout.ORIGINAL,
    "Subfolder": Layout.SUBFOLDER,
    "NoSubfolder": Layout.FLAT,
}
RUNNING = {
    "metadata": "metaDL",
    "queued": "queuedDL",
    "checking": "checkingDL",
    "downloading": "downloading",
    "stalled": "stalledDL",
    "finishing": "downloading",
}
FORCED = {"metadata": "forcedMetaDL", "downloading": "forcedDL", "stalled": "forcedDL"}
RESTING = {
    Status.QUEUED: "queuedDL",
    Status.PAUSED: "pausedDL",
    Status.CANCELLED: "pausedDL",
    Status.SUCCEEDED: "pausedUP",
    Status.FAILED: "error",
}


def state_of(job: Download) -> str:
    """Return qBittorrent's name of the state of a download."""
    if job.is_seeding:
        return "uploading" if job.rate_up else "stalledUP"
    if job.status != Status.RUNNING:
        return RESTING[Status(job.status)]
    if job.forced and job.state in FORCED:
        return FORCED[job.state]
    is_still = job.state == "downloading" and not job.rate_down
    return "stalledDL" if is_still else RUNNING.get(job.state, "downloading")


def torrent(job: Download) -> dict[str, Any]:
    """Return one entry of `torrents/info`."""
    content = _content(job)
    size, done = job.size or 0, job.done
    return {
        "hash": job.info_hash[:40],
        "infohash_v1": job.info_hash if len(job.info_hash) == 40 else "",
        "infohash_v2": job.info_hash_v2 or (job.info_hash if len(job.info_hash) == 64 else ""),
        "name": job.name,
        "magnet_uri": job.link,
        "size": size,
        "total_size": size,
        "completed": done,
        "downloaded": done,
        "amount_left": max(0, size - done),
        "progress": job.progress or 0.0,
        "dlspeed": job.rate_down,
        "upspeed": job.rate_up,
        "num_seeds": job.peers,
        "num_leechs": 0,
        "eta": NO_ETA if job.eta is None else job.eta,
        "state": state_of(job),
        "category": job.category.name if job.category else "",
        "tags": ", ".join(job.tags),
        "save_path": f"{_save_path(job, content)}/",
        "content_path": str(content),
        "added_on": int(job.created_at.timestamp()),
        "completion_on": int(job.finished_at.timestamp()) if job.finished_at else -1,
        "last_activity": int((job.finished_at or job.asked_at).timestamp()),
        "priority": 0 if job.status == Status.SUCCEEDED else 1,
        "uploaded": job.uploaded,
        "ratio": _ratio(job),
        "seeding_time": job.seeded_seconds,
        **_limits(job),
        "dl_limit": job.down_kb * 1024 or -1,
        "up_limit": job.up_kb * 1024 or -1,
        "force_start": job.forced,
        "seq_dl": job.sequential,
        "f_l_piece_prio": job.ends_first,
    }


def properties(job: Download) -> dict[str, Any]:
    """Return the answer of `torrents/properties`."""
    about = torrent(job)
    names = ("hash", "save_path", "total_size", "seeding_time", "eta", "infohash_v1", "infohash_v2")
    return {name: about[name] for name in names} | {
        "addition_date": about["added_on"],
        "completion_date": about["completion_on"],
        "total_downloaded": about["downloaded"],
        "dl_speed": about["dlspeed"],
        "up_speed": about["upspeed"],
        "peers": job.peers,
        "seeds": job.peers,
        "share_ratio": _ratio(job),
        "total_uploaded": job.uploaded,
        "comment": "",
    }


def files(job: Download) -> list[dict[str, Any]]:
    """Return the answer of `torrents/files`."""
    content = _content(job)
    home = _save_path(job, content)
    done = job.status == Status.SUCCEEDED
    return [
        {
            "index": file.index,
            "name": str((content / file.path).relative_to(home)),
            "size": file.size,
            "progress": job.progress or 0.0 if file.priority else 0.0,
            "priority": file.priority,
            "is_seed": done,
            "availability": -1,
        }
        for file in job.files.all()
    ]


def preferences() -> dict[str, Any]:
    """Return the answer of `app/preferences`: the values that its callers read.

    A ratio of 0 is said to be enough: its caller may remove what is complete.
    """
    return {
        "save_path": f"{settings.DOWNLOAD_DIR}/",
        "dht": settings.DOWNLOAD_DHT,
        "queueing_enabled": True,
        "max_ratio_enabled": True,
        "max_ratio": 0,
        "max_ratio_act": 0,
        "max_seeding_time_enabled": False,
        "max_seeding_time": -1,
        "max_inactive_seeding_time_enabled": False,
        "max_inactive_seeding_time": -1,
        "dl_limit": settings.DOWNLOAD_MAX_DOWN_KB * 1024,
        "up_limit": settings.DOWNLOAD_MAX_UP_KB * 1024,
        "start_paused_enabled": False,
        "torrent_content_layout": "Original",
    }


def _ratio(job: Download) -> float:
    return round(job.uploaded / job.size, 4) if job.size else 0.0


def _limits(job: Download) -> dict[str, float]:
    """Return its own seeding goal; callers see those of the site and its category by its state."""
    goal = job.own_goal
    names = ("ratio_limit", "seeding_time_limit", "inactive_seeding_time_limit")
    if goal is None:
        return dict.fromkeys(names, GLOBAL_LIMIT)
    if not goal.is_on:  # a ratio of nothing is reached at once: it may be taken away
        return {**dict.fromkeys(names, NO_LIMIT), "ratio_limit": 0}
    minutes = [None if hours is None else hours * 60 for hours in (goal.hours, goal.idle_hours)]
    values = (goal.ratio, *minutes)
    return {
        name: NO_LIMIT if value is None else value
        for name, value in zip(names, values, strict=True)
    }


def seeding_goal(given: Mapping[str, str]) -> dict[str, Any]:
    """Return fields of a download for the limits that a caller gives. Raises ValueError.

    Empty if it leaves them to the site, which is also what -2 says; -1 is no limit.
    """
    said = {name: float(given[name]) for name in _GOALS if given.get(name)}
    limits = {name: value for name, value in said.items() if value >= 0}
    if any(not value < LARGEST for value in said.values()):
        raise ValueError("A limit is too large.")
    if limits:
        fields: dict[str, Any] = {field: None for field, _ in _GOALS.values()}
        fields |= {_GOALS[name][0]: value / _GOALS[name][1] for name, value in limits.items()}
        # Nothing at all is a goal that is reached at once.
        return {"seed": GOAL, **fields} if all(limits.values()) else {"seed": OFF}
    return {"seed": FOREVER} if NO_LIMIT in said.values() else {}


def layout(given: Mapping[str, str]) -> str:
    """Return the layout of files in the library; empty if the caller leaves that to the site."""
    flat = LAYOUTS["NoSubfolder"]
    before = {"true": Layout.ORIGINAL, "false": flat}.get(given.get("root_folder", ""), "")
    return LAYOUTS.get(given.get("contentLayout", ""), before)


def _save_path(job: Download, content: Path) -> Path:
    """Return the folder of its file or folder, which files without one of their own share."""
    folder = job.category.folder if job.category else ""
    is_loose = job.layout == Layout.FLAT and content == Path(settings.DOWNLOAD_DIR) / folder
    return content if is_loose else content.parent


def _content(job: Download) -> Path:
    """Return the path of its file or folder, now or later."""
    home = Path(settings.DOWNLOAD_DIR)
    if job.place:
        return home / PurePosixPath(job.place)
    folder = job.category.folder if job.category else ""
    return home / folder / file_name(job.save_as or job.name, job.info_hash)
