"""A download in the terms of qBittorrent's Web API, as its clients read it."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.utils import timezone

from downloads.library.record import Layout
from downloads.models.download import Download
from downloads.models.speed_plan import KILO
from downloads.names import file_name
from downloads.seeding import FOREVER, GOAL, OFF
from jobsite.jobs.status import Status

NO_ETA = 8_640_000  # qBittorrent's way to say: nobody knows
GLOBAL_LIMIT = -2  # qBittorrent's way to say: as for all
NO_LIMIT = UNKNOWN = NEVER = -1
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
        still = "queuedUP" if job.state == "queued" else "stalledUP"
        return "uploading" if job.rate_up else still
    if job.is_damaged:
        return "missingFiles"
    if job.status != Status.RUNNING:
        return RESTING[Status(job.status)]
    if job.forced and job.state in FORCED:
        return FORCED[job.state]
    is_still = job.state == "downloading" and not job.rate_down
    return "stalledDL" if is_still else RUNNING.get(job.state, "downloading")


def torrent(job: Download) -> dict[str, Any]:
    """Return one entry of `torrents/info`."""
    content, trackers = content_of(job), job.trackers
    size, done = job.size or 0, job.done
    seen = job.finished_at or job.asked_at
    return {
        "hash": job.info_hash[:40],
        "infohash_v1": job.info_hash if len(job.info_hash) == 40 else "",
        "infohash_v2": job.info_hash_v2 or (job.info_hash if len(job.info_hash) == 64 else ""),
        "name": job.name,
        "magnet_uri": job.link,
        "size": size,
        "total_size": job.full_size or size,
        "completed": done,
        "downloaded": done,
        "downloaded_session": done,
        "amount_left": max(0, size - done),
        "progress": job.progress or 0.0,
        "dlspeed": job.rate_down,
        "upspeed": job.rate_up,
        "num_seeds": 0 if job.is_seeding else job.peers,
        "num_leechs": job.peers if job.is_seeding else 0,
        "num_complete": UNKNOWN,
        "num_incomplete": UNKNOWN,
        "availability": UNKNOWN,
        "eta": NO_ETA if job.eta is None else job.eta,
        "state": state_of(job),
        "category": job.category.name if job.category else "",
        "tags": ", ".join(job.tags),
        "save_path": f"{save_path(job, content)}/",
        "download_path": "",
        "content_path": str(content),
        "auto_tmm": True,
        "super_seeding": False,
        "private": job.is_private,
        "tracker": next(iter(trackers), ""),
        "trackers_count": len(trackers),
        "added_on": int(job.created_at.timestamp()),
        "completion_on": int(job.finished_at.timestamp()) if job.finished_at else NEVER,
        "last_activity": int(seen.timestamp()),
        "seen_complete": int(job.finished_at.timestamp()) if job.finished_at else NEVER,
        "time_active": _active_seconds(job),
        "priority": 0 if job.status == Status.SUCCEEDED else 1,
        "uploaded": job.uploaded,
        "uploaded_session": job.uploaded,
        "ratio": ratio(job),
        "seeding_time": job.seeded_seconds,
        **_limits(job),
        "dl_limit": job.down_kb * KILO or NO_LIMIT,
        "up_limit": job.up_kb * KILO or NO_LIMIT,
        "force_start": job.forced,
        "seq_dl": job.sequential,
        "f_l_piece_prio": job.ends_first,
    }


def ratio(job: Download) -> float:
    """Return the bytes uploaded by the size."""
    return round(job.uploaded / job.size, 4) if job.size else 0.0


def _limits(job: Download) -> dict[str, float]:
    """Return its own seeding goal; callers see those of the site and its category by its state."""
    goal = job.own_goal
    names = ("ratio_limit", "seeding_time_limit", "inactive_seeding_time_limit")
    if goal is None:
        own: dict[str, float] = dict.fromkeys(names, GLOBAL_LIMIT)
    elif not goal.is_on:  # a ratio of nothing is reached at once: it may be taken away
        own = {**dict.fromkeys(names, NO_LIMIT), "ratio_limit": 0}
    else:
        minutes = [None if hours is None else hours * 60 for hours in (goal.hours, goal.idle_hours)]
        own = {
            name: NO_LIMIT if value is None else value
            for name, value in zip(names, (goal.ratio, *minutes), strict=True)
        }
    most = ("max_ratio", "max_seeding_time", "max_inactive_seeding_time")
    return own | {name: own[limit] for name, limit in zip(most, names, strict=True)}


def _active_seconds(job: Download) -> int:
    """Return for how long it has been fetched and uploaded."""
    end = job.finished_at or timezone.now()
    fetched = (end - job.started_at).total_seconds() if job.started_at else 0.0
    return int(fetched) + job.seeded_seconds


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


def kilobytes(text: str) -> int:
    """Return a limit in kB/s, 0 for none, of one in bytes per second. Raises ValueError."""
    limit = int(text) if text else 0
    if limit > LARGEST * KILO:
        raise ValueError("A limit is too large.")
    return max(1, round(limit / KILO)) if limit > 0 else 0


def layout(given: Mapping[str, str]) -> str:
    """Return the layout of files in the library; empty if the caller leaves that to the site."""
    flat = LAYOUTS["NoSubfolder"]
    before = {"true": Layout.ORIGINAL, "false": flat}.get(given.get("root_folder", ""), "")
    return LAYOUTS.get(given.get("contentLayout", ""), before)


def save_path(job: Download, content: Path) -> Path:
    """Return the folder of its file or folder, which files without one of their own share."""
    folder = job.category.folder if job.category else ""
    is_loose = job.layout == Layout.FLAT and content == Path(settings.DOWNLOAD_DIR) / folder
    return content if is_loose else content.parent


def content_of(job: Download) -> Path:
    """Return the path of its file or folder, now or later."""
    home = Path(settings.DOWNLOAD_DIR)
    if job.place:
        return home / PurePosixPath(job.place)
    folder = job.category.folder if job.category else ""
    return home / folder / file_name(job.save_as or job.name, job.info_hash)
