"""The rows of complete torrents that are uploaded to others, until their goals are reached."""

import time
from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from downloads.engine.interface import Phase, Snapshot
from downloads.models.download import Download
from downloads.models.download_state import DAMAGED
from downloads.models.seeding_goal import SeedingPlan, goal_of
from downloads.seeding import REMOVE, Goal
from downloads.sync.finished_files import to_be_moved
from downloads.sync.row_updates import STILL, line
from downloads.sync.wanted import READ
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.status import Status

NOTED_EVERY = 60.0
FIELDS = ["rate_up", "peers", "uploaded", "state", "message"]
OTHERS = ["size", "seeded_seconds"]
GOAL_READ = [
    name
    for of in ("", "category__")
    for name in (
        *(f"{of}seed", f"{of}seed_ratio", f"{of}seed_hours"),
        *(f"{of}seed_idle_hours", f"{of}seed_then"),
    )
]


@dataclass
class SeedingWatch:
    """When the upload of a torrent began, and when a peer last received something of it."""

    began: float
    wanted_at: float
    uploaded: int
    noted_at: float


class Seeds:
    """The rows that are uploaded now, or would be if others did not fetch the same torrent."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Download]] = {}
        self._busy: Container[str] = ()
        self._watched: dict[str, SeedingWatch] = {}
        self.site = Goal()

    def read(self, busy: Container[str]) -> dict[str, list[Download]]:
        """Read the rows to be uploaded, by torrent; end those whose goals are reached.

        `busy` are the torrents that other rows wait for.
        """
        self._note_seconds()
        site = self.site = SeedingPlan.goal()
        rows: dict[str, list[Download]] = defaultdict(list)
        self._busy = busy
        moving = to_be_moved()
        for row in Download.objects.seeding().only(*READ, *GOAL_READ, *FIELDS, *OTHERS):
            if why := self._why_ended(row):
                _end(row, why, remove=goal_of(row, site).then == REMOVE)
            else:
                rows[row.info_hash].append(row)
        # Files that are to be moved are closed first.
        self._rows = self._admit({key: some for key, some in rows.items() if key not in moving})
        self._watched = {key: one for key, one in self._watched.items() if key in self._rows}
        return self._rows

    def _admit(self, rows: dict[str, list[Download]]) -> dict[str, list[Download]]:
        """Return as many as may be uploaded at once: who is keeps its place, the others queue."""
        most = settings.DOWNLOAD_SEEDS
        if not most or len(rows) <= most:
            return rows
        keys = sorted(rows, key=lambda key: (key not in self._watched, rows[key][0].created_at))
        queued = [row.pk for key in keys[most:] for row in rows[key]]
        waits = f"Waiting for a place: at most {most} are uploaded at once."
        told = {**STILL, "state": Phase.QUEUED.value, "message": waits}
        Download.objects.filter(pk__in=queued).exclude(message=waits).update(**told)
        return {key: rows[key] for key in keys[:most]}

    def have_ended(self) -> bool:
        """Return whether any of them has reached its goal since they were read."""
        return any(self._why_ended(row) for rows in self._rows.values() for row in rows)

    def rows_of(self, key: str) -> list[Download]:
        """Return the rows of one torrent that is uploaded and that no other row waits for."""
        return [] if key in self._busy else self._rows.get(key, [])

    def write(self, changed: Iterable[Snapshot]) -> None:
        """Store rates and amounts of the rows that are uploaded."""
        live = []
        for snapshot in changed:
            for row in self.rows_of(snapshot.key):
                if snapshot.phase is Phase.SEEDING:
                    live.append(self._fill(row, snapshot))
                elif snapshot.phase is Phase.FAILED:
                    _end(row, f"Uploading has ended: {snapshot.reason}", trouble=snapshot.reason)
        Download.objects.write(live, FIELDS, status=Status.SUCCEEDED.value, seeding=True)

    def _fill(self, row: Download, snapshot: Snapshot) -> Download:
        now = time.monotonic()
        watch = self._watched.setdefault(
            snapshot.key, SeedingWatch(now, now, snapshot.uploaded, noted_at=now)
        )
        if snapshot.uploaded > watch.uploaded:
            watch.wanted_at, watch.uploaded = now, snapshot.uploaded
        row.uploaded, row.rate_up = snapshot.uploaded, snapshot.rate_up
        row.peers, row.state = snapshot.peers, snapshot.state
        goal, seconds = goal_of(row, self.site), row.seeded_seconds + now - watch.noted_at
        row.message = snapshot.reason or goal.explain(row.uploaded, row.size or 0, seconds)
        return row

    def _why_ended(self, row: Download) -> str:
        goal, seconds = goal_of(row, self.site), self._seconds(row)
        return goal.reached(row.uploaded, row.size or 0, seconds, self._idle(row))

    def _note_seconds(self) -> None:
        """Store for how long they have been uploaded, once a minute."""
        now, noted = time.monotonic(), []
        for key, watch in self._watched.items():
            if now - watch.noted_at >= NOTED_EVERY:
                for row in self._rows[key]:
                    row.seeded_seconds = int(self._seconds(row))
                noted += self._rows[key]
                watch.noted_at = now
        Download.objects.write(noted, ["seeded_seconds"], seeding=True)

    def _seconds(self, row: Download) -> float:
        """Return seconds of uploading, until now."""
        watch = self._watched.get(row.info_hash)
        return row.seeded_seconds + (time.monotonic() - watch.noted_at if watch else 0.0)

    def _idle(self, row: Download) -> float:
        watch = self._watched.get(row.info_hash)
        return time.monotonic() - watch.wanted_at if watch else 0.0


def _end(row: Download, why: str, remove: bool = False, trouble: str = "") -> None:
    ended: dict[str, Any] = {**STILL, "seeding": False}
    if trouble:
        ended |= {"state": DAMAGED, "message": trouble}
    if Download.objects.filter(pk=row.pk, seeding=True).update(**ended):
        JobEvent.objects.bulk_create([line(row, why)])
        if remove:
            row.request_delete()
