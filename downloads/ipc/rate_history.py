"""Rates of the last hour and the last day, of each torrent and of all together.

Kept in memory by the engine and in a small file for each torrent, so that a graph outlives both a
restart and the end of the download.
"""

import contextlib
import json
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobsite.jobs.storage.files import write_atomically

STEP = 10  # seconds between samples of the hour
LONG_STEP = 300  # and of the day
HOUR, DAY = 3600 // STEP, 24 * 3600 // LONG_STEP
ALL = "all"

Sample = tuple[int, int]  # bytes per second, down and up


class Course:
    """The samples of one torrent, the newest last."""

    def __init__(self) -> None:
        self.hour: deque[Sample] = deque(maxlen=HOUR)
        self.day: deque[Sample] = deque(maxlen=DAY)
        self.at = 0.0
        """When the newest sample was taken."""
        self._since_long = 0
        self.has_moved = False

    def add(self, now: float, sample: Sample) -> None:
        """Add a sample; missing ones before it count as zero."""
        missed = min(HOUR + DAY * (LONG_STEP // STEP), round((now - self.at) / STEP) - 1)
        for _ in range(missed if self.at else 0):
            self._push((0, 0))
        self._push(sample)
        self.at = now
        self.has_moved = self.has_moved or sample != (0, 0)

    def _push(self, sample: Sample) -> None:
        self.hour.append(sample)
        self._since_long += 1
        if self._since_long >= LONG_STEP // STEP:
            newest = list(self.hour)[-self._since_long :]
            down, up = (sum(one[side] for one in newest) // len(newest) for side in (0, 1))
            self.day.append((down, up))
            self._since_long = 0

    def as_json(self) -> dict[str, Any]:
        """Return the content of its file."""
        return {"at": self.at, "hour": [*self.hour], "day": [*self.day]}

    @classmethod
    def of_json(cls, kept: Any) -> "Course":
        """Return the course of a file's content; empty if that is damaged."""
        course = cls()
        with contextlib.suppress(KeyError, TypeError, ValueError):
            for name in ("hour", "day"):
                samples = [(int(down), int(up)) for down, up in kept[name]]
                getattr(course, name).extend(samples)
            course.at = float(kept["at"])
            course.has_moved = True
        return course


class Rates:
    """The courses of all torrents that are held, and their files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._courses: dict[str, Course] = {}

    def add(self, samples: Mapping[str, Sample]) -> None:
        """Add one sample of each torrent, and of their sum."""
        now = time.time()
        total = (sum(one[0] for one in samples.values()), sum(one[1] for one in samples.values()))
        for key, sample in {**samples, ALL: total}.items():
            if key not in self._courses:
                self._courses[key] = read(self._folder, key)
            self._courses[key].add(now, sample)

    def keep(self, key: str) -> None:
        """Write the file of one torrent."""
        course = self._courses.get(key)
        if course is None or not course.has_moved:
            return
        with contextlib.suppress(OSError):  # a graph is not worth more than the download
            self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            write_atomically(self._folder / f"{key}.json", json.dumps(course.as_json()).encode())

    def keep_all(self) -> None:
        """Write the file of each torrent."""
        for key in self._courses:
            self.keep(key)

    def keep_only(self, present: Mapping[str, Any]) -> None:
        """Write and forget the courses of torrents that are not held any more."""
        for key in [*self._courses.keys() - present.keys() - {ALL}]:
            self.keep(key)
            del self._courses[key]


def read(folder: Path, key: str) -> Course:
    """Return the stored rates of a torrent; an empty course if there are none."""
    try:
        return Course.of_json(json.loads((folder / f"{key}.json").read_bytes()))
    except (OSError, ValueError):
        return Course()


def forget(folder: Path, key: str) -> None:
    """Remove the stored rates of a torrent that nobody has any more."""
    with contextlib.suppress(OSError):
        (folder / f"{key}.json").unlink()
