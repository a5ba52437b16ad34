"""The engine's book-keeping: rows -> what is wanted; snapshots -> rows."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Count, Max
from django.utils import timezone

from downloads.links import parse_link
from downloads.metadata import Metadata
from downloads.models import Download, DownloadFile, torrent_file
from downloads.moves import Remark
from downloads.plans import KILO, PersonSpeed, SpeedPlan
from downloads.speeds import Speed, Speeds
from downloads.swarm import Swarm
from downloads.torrent import Phase, Snapshot, Wanted
from jobsite.jobs import queue
from jobsite.jobs.allowances import bytes_left
from jobsite.jobs.models import JobEvent, Worker
from jobsite.jobs.status import Status
from jobsite.jobs.templatetags.formats import byte_size

log = logging.getLogger(__name__)

LIVE = ["size", "done", "progress", "rate_down", "rate_up", "peers", "eta", "state", "message"]
READ = [
    *("id", "owner_id", "name", "info_hash", "link", "has_file", "priority", "attempt", "status"),
    *("down_kb", "up_kb"),
]
REMOVED_AT_ONCE = 50
MISFIT = (
    "What this torrent says of itself cannot be stored, so it was given up. The log has the "
    "details; report it."
)


class Ledger:
    """The rows that this engine has in hand."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._allowed = tuple(settings.DOWNLOAD_ALLOWED_NETWORKS)
        self._rows: dict[str, list[Download]] = {}
        self._changed: dict[str, Snapshot] = {}
        self._described: set[Any] = set()
        self._asked_at: datetime | None = None
        self._remarks: list[Remark] = []

    # --- rows -> wanted ---

    def take_over(self) -> None:
        """Queue again what an engine before this one had in hand."""
        Download.objects.release()

    def is_behind(self) -> bool:
        """Whether a row waits to be taken or one in hand was paused, cancelled, changed."""
        rows = (
            Download.objects.order_by()
            .filter(status__in=[Status.QUEUED, Status.RUNNING])
            .values_list("status")
            .annotate(Count("pk"), Max("asked_at"))
        )
        found = {status: (count, asked_at) for status, count, asked_at in rows}
        held = sum(len(some) for some in self._rows.values())
        running, asked_at = found.get(Status.RUNNING, (0, None))
        has_changed, self._asked_at = asked_at != self._asked_at, asked_at
        return has_changed or Status.QUEUED in found or running != held

    def wanted(self) -> dict[str, Wanted]:
        """Take all that waits, and read what is wanted now."""
        Download.objects.filter(status=Status.QUEUED, delete_requested=False).take(self._worker)
        rows: dict[str, list[Download]] = defaultdict(list)
        ranks: dict[str, tuple[float, ...]] = {}
        place: Counter[Any] = Counter()
        running = Download.objects.filter(status=Status.RUNNING).only(*READ)
        for row in running.order_by("-priority", "queue_order", "created_at", "pk"):
            # Owners take turns: everybody's first comes before anybody's second.
            place[row.owner_id] += 1
            rank = (-float(row.priority), float(place[row.owner_id]))
            ranks[row.info_hash] = min(rank, ranks.get(row.info_hash, rank))
            rows[row.info_hash].append(row)
        self._rows = dict(rows)
        self._described &= {row.pk for some in rows.values() for row in some}
        wanted = {key: self._want(some, ranks[key]) for key, some in self._rows.items()}
        return {key: want for key, want in wanted.items() if want is not None}

    def _want(self, rows: list[Download], rank: tuple[float, ...]) -> Wanted | None:
        first = rows[0]
        try:
            link = parse_link(first.link, self._allowed)
        except ValueError as error:
            self.give_up(rows, f"The link cannot be used any more: {error}")
            return None
        return Wanted(
            link=link,
            file=torrent_file(first.info_hash) if any(row.has_file for row in rows) else None,
            rank=rank,
            # A torrent of several people takes the space of the first who wanted it.
            owner=str(first.owner_id),
            speed=Speed(
                _loosest(row.down_kb for row in rows) * KILO,
                _loosest(row.up_kb for row in rows) * KILO,
            ),
            token=" ".join(f"{row.pk}:{row.attempt}" for row in rows),
        )

    def speeds(self) -> Speeds:
        """The limits that hold now."""
        return Speeds(SpeedPlan.current().speed_at(timezone.localtime()), PersonSpeed.by_owner())

    def space_left(self) -> dict[str, int]:
        """The bytes that are left to each owner who has a limit and something running."""
        owners = {row.owner_id: row.owner for rows in self._rows.values() for row in rows}
        left = {
            str(key): bytes_left(owner, 0) is not None
            and bytes_left(owner, queue.stored_bytes(owner))
            for key, owner in owners.items()
            if owner is not None
        }
        return {key: most for key, most in left.items() if most is not False and most is not None}

    def renew(self) -> None:
        """Tell that the rows in hand are still looked after."""
        Download.objects.filter(status=Status.RUNNING).renew()

    # --- snapshots -> rows ---

    def note(self, snapshots: Iterable[Snapshot], remarks: Sequence[Remark]) -> bool:
        """Keep what changed until it is written; whether something is worth writing at once."""
        self._remarks += remarks
        urgent = False
        for snapshot in snapshots:
            self._changed[snapshot.key] = snapshot
            urgent = urgent or snapshot.phase in {Phase.SUCCEEDED, Phase.FAILED}
        return urgent

    def write(self) -> None:
        """One transaction with all that changed since the last."""
        if not self._changed and not self._remarks:
            return
        try:
            self._write(self._changed)
        except (DataError, IntegrityError):  # one of them does not fit; the others must not wait
            for key, snapshot in self._changed.items():
                try:
                    self._write({key: snapshot})
                except (DataError, IntegrityError):
                    log.exception("What is known of torrent %s does not fit its row.", key)
                    self.give_up(self._rows.get(key, []), MISFIT)
        self._changed, self._remarks = {}, []

    def give_up(self, rows: Sequence[Download], reason: str) -> None:
        """Fail rows that the engine cannot deal with."""
        lines = [line for row in rows for line in _fail(row, reason)]
        JobEvent.objects.bulk_create(lines)

    def _write(self, changed: Mapping[str, Snapshot]) -> None:
        live, lines, described = [], [], set()
        with transaction.atomic():
            for key, snapshot in changed.items():
                for row in self._rows.get(key, ()):
                    if snapshot.metadata and row.pk not in self._described:
                        _describe(row, snapshot.metadata)
                        described.add(row.pk)
                    if snapshot.phase is Phase.SUCCEEDED:
                        lines += _succeed(row, snapshot)
                    elif snapshot.phase is Phase.FAILED:
                        lines += _fail(row, snapshot.reason)
                    elif snapshot.phase is Phase.PARKED:
                        lines += _park(row, snapshot.reason)
                    else:
                        live.append(_fill(row, snapshot))
            Download.objects.write(live, LIVE)
            for remark in self._remarks:
                rows = self._rows.get(remark.key, ())
                lines += [_line(row, remark.text, remark.level) for row in rows]
            JobEvent.objects.bulk_create(lines)
        self._remarks = []
        self._described |= described

    # --- what people deleted ---

    def clean(self, swarm: Swarm) -> None:
        """Remove deleted rows, and what is kept of a torrent once its last owner has left."""
        gone = Download.objects.filter(delete_requested=True).exclude(status=Status.RUNNING)
        for row in gone[:REMOVED_AT_ONCE]:
            if not Download.objects.others_of(row.info_hash).exists():
                if swarm.holds(row.info_hash):
                    continue
                try:
                    swarm.forget(row.info_hash, with_data=row.delete_data)
                    torrent_file(row.info_hash).unlink(missing_ok=True)
                except OSError as error:
                    log.warning("Files of %s could not be removed: %s", row.info_hash, error)
            row.remove()

    def close(self) -> None:
        """Give all back: the next engine takes it up."""
        Download.objects.release()
        connection.close()


def _loosest(limits: Iterable[int]) -> int:
    """Of several owners' limits: whoever sets none lifts those of the others."""
    limits = list(limits)
    return max(limits) if all(limits) else 0


def _describe(row: Download, about: Metadata) -> None:
    """Store name and files of a torrent, known by now."""
    mine = Download.objects.filter(pk=row.pk)
    mine.update(name=about.name or row.name, size=about.size)
    DownloadFile.objects.list_for([row], about.files)
    if about.v1 and about.v2:
        try:
            with transaction.atomic():
                mine.update(info_hash_v2=about.v2)
        except IntegrityError:  # its owner has it under the other hash, too
            log.info("%s is here under both of its hashes.", row.info_hash)


def _fill(row: Download, snapshot: Snapshot) -> Download:
    row.size, row.done = snapshot.size, snapshot.done
    row.progress = snapshot.done / snapshot.size if snapshot.size else 0.0
    row.rate_down, row.rate_up = snapshot.rate_down, snapshot.rate_up
    row.peers, row.eta = snapshot.peers, snapshot.eta
    row.state, row.message = snapshot.state, snapshot.reason[:255]
    return row


_STILL = {"rate_down": 0, "rate_up": 0, "peers": 0, "eta": None, "state": "", "message": ""}


def _succeed(row: Download, snapshot: Snapshot) -> list[JobEvent]:
    record = snapshot.record
    assert record is not None
    result = {"path": record.place, "size": record.size, "files": len(record.files)}
    moved = (
        Download.objects.fenced(row)
        .filter(delete_requested=False)
        .transition(
            Status.SUCCEEDED,
            **_STILL,
            progress=1.0,
            size=record.size,
            done=record.size,
            place=record.place,
            result=result,
        )
    )
    text = f"Finished: {byte_size(record.size)}, verified. Uploading has ended with it."
    return [_line(row, text)] if moved else []


def _fail(row: Download, reason: str) -> list[JobEvent]:
    moved = Download.objects.fenced(row).transition(Status.FAILED, **_STILL, error=reason)
    return [_line(row, reason, "error")] if moved else []


def _park(row: Download, reason: str) -> list[JobEvent]:
    """Pause it: resuming it asks anew."""
    parked = {**_STILL, "message": reason}
    moved = Download.objects.fenced(row).transition(Status.PAUSED, **parked)
    return [_line(row, reason, "warning")] if moved else []


def _line(row: Download, text: str, level: str = "info") -> JobEvent:
    return JobEvent(kind=row.kind, job_id=row.pk, attempt=row.attempt, level=level, text=text)
