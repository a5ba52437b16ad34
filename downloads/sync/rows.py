"""The engine's view of the database: rows -> what is wanted; snapshots -> rows."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from downloads.engine.interface import LogLine, Phase, Snapshot, Wanted
from downloads.metainfo.magnet import parse_link
from downloads.models.category import Category
from downloads.models.download import Download
from downloads.models.seeding_goal import GOAL_FIELDS, SeedingPlan, goal_of
from downloads.models.speed_plan import PersonSpeed, SpeedPlan
from downloads.rate_limits import Speeds
from downloads.sync.row_updates import (
    LIVE,
    complete,
    describe,
    fail,
    fill,
    hold,
    line,
    list_files,
    park,
    succeed,
)
from downloads.sync.seeding_rows import GOAL_READ, Seeds
from downloads.sync.traffic_meter import Meter
from downloads.sync.wanted import READ, OptionReader, wanted_of
from jobsite.jobs.models.allowance import bytes_left
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.queue import submission
from jobsite.jobs.status import Status

log = logging.getLogger(__name__)

MISFIT = (
    "What this torrent says of itself cannot be stored, so it was given up. The log has the "
    "details; report it."
)


@dataclass
class _Batch:
    """Rows that are written together, with lines for their logs."""

    known: list[Download] = field(default_factory=list)
    live: list[Download] = field(default_factory=list)
    done: list[Download] = field(default_factory=list)
    lines: list[JobEvent] = field(default_factory=list)


class Rows:
    """The rows that this engine holds."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._allowed = tuple(settings.DOWNLOAD_ALLOWED_NETWORKS)
        self._rows: dict[str, list[Download]] = {}
        self._changed: dict[str, Snapshot] = {}
        self._choices = OptionReader()
        self._seeds = Seeds()
        self._described: set[Any] = set()
        self._answers: dict[Any, Any] = {}
        """Of the trackers, as last written, by the key of the row."""
        self._unlisted: set[str] = set()
        self._stamp: dict[str, list[Any]] = {}
        self._terms: tuple[Any, ...] = ()
        self._log_lines: list[LogLine] = []
        self._meter = Meter()

    # --- rows -> wanted ---

    def take_over(self) -> None:
        """Queue again the rows that an earlier engine held."""
        Download.objects.release()

    def is_behind(self) -> bool:
        """Return whether a held or queued row has changed since the last call."""
        in_hand = Q(status__in=[Status.QUEUED, Status.RUNNING])
        seeding = Q(status=Status.SUCCEEDED, seeding=True)
        rows = (
            Download.objects.order_by()
            .filter(in_hand | seeding, delete_requested=False)
            .values_list("status")
            .annotate(Count("pk"), Max("asked_at"), moving=Count("pk", filter=Q(move_asked=True)))
        )
        before, self._stamp = self._stamp, {status: stamp for status, *stamp in rows}
        return self._stamp != before or Status.QUEUED in self._stamp

    def have_terms_changed(self) -> bool:
        """Return whether rules for many rows have changed, or a goal is reached.

        No single row shows that.
        """
        categories = list(Category.objects.order_by("pk").values_list("pk", "folder", *GOAL_FIELDS))
        before, self._terms = self._terms, (SeedingPlan.goal(), categories, self.space_left())
        return self._terms != before or self._seeds.have_ended()

    def wanted(self) -> dict[str, Wanted]:
        """Take all that is queued, and read what is wanted now."""
        Download.objects.filter(status=Status.QUEUED, delete_requested=False).take(self._worker)
        rows: dict[str, list[Download]] = defaultdict(list)
        ranks: dict[str, tuple[float, ...]] = {}
        place: Counter[Any] = Counter()
        running = Download.objects.filter(status=Status.RUNNING).only(*READ, *GOAL_READ)
        running = running.select_related("category")
        for row in running.order_by("-priority", "queue_order", "created_at", "pk"):
            # Owners take turns: everybody's first comes before anybody's second.
            place[row.owner_id] += 1
            rank = (-float(row.priority), float(place[row.owner_id]))
            ranks[row.info_hash] = min(rank, ranks.get(row.info_hash, rank))
            rows[row.info_hash].append(row)
        self._rows = dict(rows)
        self._described &= {row.pk for some in rows.values() for row in some}
        seeds = self._seeds.read(self._rows)
        # Running rows first: theirs is what is still to be done.
        every = {key: [*self._rows.get(key, ()), *seeds.get(key, ())] for key in rows | seeds}
        held = {row.pk for some in every.values() for row in some}
        self._answers = {pk: one for pk, one in self._answers.items() if pk in held}
        self._choices.read(every)
        wanted = {key: self._want(some, ranks.get(key, (0.0,))) for key, some in every.items()}
        return {key: want for key, want in wanted.items() if want is not None}

    def _want(self, rows: list[Download], rank: tuple[float, ...]) -> Wanted | None:
        first = rows[0]
        try:
            link = parse_link(first.link, self._allowed)
        except ValueError as error:
            self.give_up(rows, f"The link cannot be used any more: {error}")
            return None
        return wanted_of(rows, link, rank, self._choices)

    def speeds(self) -> Speeds:
        """Return the rate limits that hold now."""
        return Speeds(SpeedPlan.current().speed_at(timezone.localtime()), PersonSpeed.by_owner())

    def space_left(self) -> dict[str, int]:
        """Return the bytes left to each owner who has a limit and a running download."""
        rows = [row for some in self._rows.values() for row in some]
        owners = {row.owner_id for row in rows if row.owner_id is not None}
        left = {}
        # All owners in one query: the rows come without theirs, and there may be a thousand.
        for owner in get_user_model().objects.filter(pk__in=owners):
            if bytes_left(owner, 0) is not None:
                left[str(owner.pk)] = bytes_left(owner, submission.stored_bytes(owner)) or 0
        return left

    def renew(self) -> None:
        """Renew the leases of the held rows."""
        Download.objects.filter(status=Status.RUNNING).renew()

    # --- snapshots -> rows ---

    def note(self, snapshots: Iterable[Snapshot], log_lines: Sequence[LogLine]) -> bool:
        """Keep what changed until it is written;

        return whether some of it should be written at once.
        """
        self._log_lines += log_lines
        urgent = False
        for snapshot in snapshots:
            self._changed[snapshot.key] = snapshot
            rows = [*self._rows.get(snapshot.key, ()), *self._seeds.rows_of(snapshot.key)]
            owners = {row.owner_id for row in rows}
            self._meter.note(snapshot.key, (snapshot.fetched, snapshot.sent), owners)
            urgent = urgent or snapshot.phase in {Phase.SUCCEEDED, Phase.FAILED}
        return urgent

    @property
    def is_unfinished(self) -> bool:
        """Whether something is left to be written: long lists of files go by parts."""
        return bool(self._changed)

    def write(self) -> None:
        """Write everything that changed since the last call, in one transaction."""
        self._unlisted = set()
        if not self._changed and not self._log_lines:
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
        self._changed = {key: self._changed[key] for key in self._unlisted}
        self._log_lines = []

    def write_traffic(self) -> None:
        """Add what was fetched and sent to the day's sums."""
        self._meter.write()

    def give_up(self, rows: Sequence[Download], reason: str) -> None:
        """Fail rows that the engine cannot process."""
        lines = [event for row in rows for event in fail(row, reason)]
        JobEvent.objects.bulk_create(lines)

    def _write(self, changed: Mapping[str, Snapshot]) -> None:
        batch = _Batch()
        with transaction.atomic():
            for key, snapshot in changed.items():
                for row in self._rows.get(key, ()):
                    self._finish(row, snapshot, batch)
            Download.objects.write(batch.live, LIVE, status=Status.RUNNING.value)
            batch.lines += succeed(batch.done)
            self._seeds.write(changed.values())
            self._write_trackers(changed)
            for log_line in self._log_lines:
                rows = self._rows.get(log_line.key, ())
                batch.lines += [line(row, log_line.text, log_line.level) for row in rows]
            JobEvent.objects.bulk_create(batch.lines)
        self._log_lines = []
        for row in batch.known:
            row.is_listed = True
            self._described.add(row.pk)

    def _write_trackers(self, changed: Mapping[str, Snapshot]) -> None:
        """Write what trackers have answered, where that is new to a row."""
        written = []
        for key, snapshot in changed.items():
            for row in [*self._rows.get(key, ()), *self._seeds.rows_of(key)]:
                if snapshot.trackers and snapshot.trackers != self._answers.get(row.pk):
                    self._answers[row.pk] = snapshot.trackers
                    row.tracker_answers = {url: asdict(one) for url, one in snapshot.trackers}
                    written.append(row)
        if written:
            Download.objects.write(written, ["tracker_answers"])

    def _finish(self, row: Download, snapshot: Snapshot, batch: "_Batch") -> None:
        """Write what concerns this row alone, and add it to its batch."""
        is_known = self._describe(row, snapshot)
        if is_known:
            batch.known.append(row)
        if snapshot.rechecked and row.recheck:
            row.recheck = False
            Download.objects.filter(pk=row.pk).update(recheck=False)
        choice = self._choices.of(row)
        if snapshot.phase is Phase.FAILED:
            batch.lines += fail(row, snapshot.reason)
        elif row.hold and is_known:
            batch.lines += hold(row)
        elif snapshot.phase in {Phase.SUCCEEDED, Phase.SEEDING} and is_known:
            if complete(row, snapshot, choice, goal_of(row, self._seeds.site)):
                batch.done.append(row)
        elif snapshot.phase is Phase.PARKED:
            batch.lines += park(row, snapshot.reason)
        else:
            batch.live.append(fill(row, snapshot, choice))

    def _describe(self, row: Download, snapshot: Snapshot) -> bool:
        """Store name and files of a torrent, once; return whether all of it is stored."""
        about, record = snapshot.metadata, snapshot.record
        if row.pk in self._described:
            return True
        is_known = False
        if about:
            is_known = describe(row, about)
        elif record:
            is_known = list_files(row, record.files)
        if not is_known and (about or record):
            self._unlisted.add(snapshot.key)
        return is_known

    def close(self) -> None:
        """Give all rows back: the next engine takes them."""
        self._meter.write()
        Download.objects.release()
        connection.close()
