"""Adding links by the thousand, and what the engine does with many rows at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from django.db import IntegrityError, models, transaction
from django.db.models import Q

from downloads.links import Link
from jobsite.jobs.models import JobEvent
from jobsite.jobs.querysets import JobQuerySet
from jobsite.jobs.status import Status

if TYPE_CHECKING:
    from downloads.models import Download

_CHUNK = 500


@dataclass(frozen=True)
class Entry:
    """One torrent that somebody asks for; `data` and `size` where a .torrent was uploaded."""

    link: Link
    data: bytes = b""
    size: int | None = None


@dataclass(frozen=True)
class Placed:
    """What became of an entry: a new row, or the one that was there already."""

    job: "Download"
    is_new: bool


class DownloadQuerySet(JobQuerySet):
    """The rows of downloads."""

    def known(self, owner: Any, hashes: Sequence[str]) -> dict[str, Any]:
        """The rows of one person by info hash, v1 and v2 alike."""
        found: dict[str, Any] = {}
        for start in range(0, len(hashes), _CHUNK):
            part = hashes[start : start + _CHUNK]
            rows: Iterable[Any] = self.visible_to(owner).filter(
                Q(info_hash__in=part) | Q(info_hash_v2__in=part)
            )
            for row in rows:
                found |= dict.fromkeys(row.hashes, row)
        return found

    def add(self, owner: Any, entries: Sequence[Entry]) -> list[Placed]:
        """Queue what is new; the answer is in the order of the entries.

        Uploaded .torrent files must have been kept before: no file is written in a transaction.
        """
        try:
            return self._add(owner, entries)
        except IntegrityError:  # another request added one of them a moment ago
            return self._add(owner, entries)

    def _add(self, owner: Any, entries: Sequence[Entry]) -> list[Placed]:
        with transaction.atomic(using=self.db):
            hashes = [one for entry in entries for one in (entry.link.v1, entry.link.v2) if one]
            known = self.known(owner, hashes)
            make: Any = self.model.of  # type: ignore[attr-defined]
            placed: list[Placed] = []
            new: list[Any] = []
            for entry in entries:
                link = entry.link
                there = known.get(link.v1) or known.get(link.v2)
                job = there or make(owner, entry)
                placed.append(Placed(job, is_new=there is None))
                if there is None:
                    new.append(job)
                    known |= dict.fromkeys(job.hashes, job)
            self.bulk_create(new, batch_size=_CHUNK)
            JobEvent.objects.bulk_create(
                [JobEvent(kind=job.kind, job_id=job.pk, text="Queued.") for job in new],
                batch_size=_CHUNK,
            )
        return placed

    def line_of(self, job: Any) -> Self:
        """The queue in which a download stands: its owner's, of the same priority."""
        active = [Status.QUEUED, Status.RUNNING]
        return self.visible_to(job.owner).filter(status__in=active, priority=job.priority)

    def neighbours(self, job: Any, before: bool) -> list[float]:
        """The places of the next two in a line, the nearest first."""
        side = {"queue_order__lt" if before else "queue_order__gt": job.queue_order}
        order = "-queue_order" if before else "queue_order"
        return list(self.filter(**side).order_by(order).values_list("queue_order", flat=True)[:2])

    def release(self) -> int:
        """Queue again what an engine that is gone has left running; nothing is lost by that."""
        left = self.filter(status=Status.RUNNING)
        return left.transition(Status.QUEUED, rate_down=0, rate_up=0, peers=0, eta=None)

    def others_of(self, info_hash: str) -> Self:
        """Rows, of whichever owner, that still want this torrent or its data."""
        return self.filter(info_hash=info_hash, delete_requested=False)

    def write(self, rows: Iterable[Any], fields: Sequence[str]) -> None:
        """Store values of rows that run; a row that somebody has paused meanwhile is left alone."""
        running = self.filter(status=Status.RUNNING)
        running.bulk_update(list(rows), fields, batch_size=100)


class FileQuerySet(models.QuerySet):
    """The files of torrents."""

    def list_for(self, downloads: Iterable["Download"], files: Iterable[Any]) -> None:
        """Write the list of files of each download that has none yet."""
        files = list(files)
        for download in downloads:
            if not self.filter(download=download).exists():
                rows = (
                    self.model(download=download, index=one.index, path=one.path, size=one.size)
                    for one in files
                )
                self.bulk_create(rows, batch_size=1000)
