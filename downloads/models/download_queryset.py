"""Adding links by the thousand, and what the engine does with many rows at once."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from django.db import IntegrityError, connections, models, transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from downloads.library.record import StoredFile
from downloads.library.selection import NORMAL, SKIP, Choice, is_excluded
from downloads.metainfo.magnet import Link
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.job_queryset import JobQuerySet
from jobsite.jobs.queue import submission
from jobsite.jobs.status import CAN_RETRY, Status

if TYPE_CHECKING:
    from downloads.models.download import Download

_CHUNK = 500
PART = 10_000  # files that are stored at a time


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

    def add(
        self, owner: Any, entries: Sequence[Entry], wishes: Mapping[str, Any] | None = None
    ) -> list[Placed]:
        """Queue what is new, with these values in its fields; answers in the order of the entries.

        Uploaded .torrent files must have been kept before: no file is written in a transaction.
        """
        try:
            return self._add(owner, entries, wishes or {})
        except IntegrityError:  # another request added one of them a moment ago
            return self._add(owner, entries, wishes or {})

    def _add(self, owner: Any, entries: Sequence[Entry], wishes: Mapping[str, Any]) -> list[Placed]:
        with transaction.atomic(using=self.db):
            hashes = [one for entry in entries for one in (entry.link.v1, entry.link.v2) if one]
            known = self.known(owner, hashes)
            make: Any = self.model.of  # type: ignore[attr-defined]
            placed: list[Placed] = []
            new: list[Any] = []
            for entry in entries:
                link = entry.link
                there = known.get(link.v1) or known.get(link.v2)
                job = there or make(owner, entry, wishes)
                placed.append(Placed(job, is_new=there is None))
                if there is None:
                    new.append(job)
                    known |= dict.fromkeys(job.hashes, job)
            if new:
                submission.check_allowance(owner, more=len(new))
            self.bulk_create(new, batch_size=_CHUNK)
            JobEvent.objects.bulk_create(
                [JobEvent(kind=job.kind, job_id=job.pk, text="Queued.") for job in new],
                batch_size=_CHUNK,
            )
        return placed

    def retry(self, owner: Any) -> set[Any]:
        """Queue what has failed or was cancelled once more, all of one person; what was moved.

        The engine looks for queued rows by itself: nobody is woken. Raises OverAllowance.
        """
        with transaction.atomic(using=self.db):
            may = self.filter(status__in=CAN_RETRY).select_for_update()
            attempts = dict(may.values_list("pk", "attempt"))
            if attempts:
                submission.check_allowance(owner, more=len(attempts))
            self.filter(pk__in=attempts).requeue_by_hand()
            text, kind = "Queued again.", self.model.kind  # type: ignore[attr-defined]
            JobEvent.objects.bulk_create(
                [
                    JobEvent(kind=kind, job_id=pk, attempt=attempt, text=text)
                    for pk, attempt in attempts.items()
                ],
                batch_size=_CHUNK,
            )
        return set(attempts)

    def tagged(self, tag: str) -> Self:
        """Rows that carry a tag."""
        # Of the two databases one stores letters beyond ASCII as they are, the other escaped.
        forms = {json.dumps(tag), json.dumps(tag, ensure_ascii=False)}
        wanted = [Q(tags_text__contains=form) for form in forms]
        rows = self.annotate(tags_text=Cast("tags", TextField()))
        return rows.filter(wanted[0] | wanted[-1])

    def tags_of(self, owner: Any) -> list[str]:
        """All tags that one person uses, in the order of the alphabet."""
        lists = self.visible_to(owner).exclude(tags=[]).order_by().values_list("tags", flat=True)
        return sorted({tag for tags in lists.distinct() for tag in tags}, key=str.casefold)

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

    def seeding(self) -> Self:
        """Complete rows that are uploaded to others, with their categories."""
        rows = self.filter(status=Status.SUCCEEDED, seeding=True, delete_requested=False)
        return rows.select_related("category")

    def to_be_moved(self) -> Self:
        """Complete rows whose files are to get another place or name."""
        return self.filter(move_asked=True, status=Status.SUCCEEDED, delete_requested=False)

    def others_of(self, info_hash: str) -> Self:
        """Rows, of whichever owner, that still want this torrent or its data."""
        return self.filter(info_hash=info_hash, delete_requested=False)

    def still_as(self, rows: Sequence[Any]) -> list[Any]:
        """Those of the rows that still run as they were read, and locks them. In a transaction."""
        found = self.filter(pk__in=[row.pk for row in rows], status=Status.RUNNING)
        wanted = found.filter(delete_requested=False).select_for_update()
        now = {pk: stamp for pk, *stamp in wanted.values_list("pk", "attempt", "asked_at")}
        # A wish that came meanwhile is looked at first.
        return [row for row in rows if now.get(row.pk) == [row.attempt, row.asked_at]]

    def write(self, rows: Iterable[Any], fields: Sequence[str], **guard: Any) -> None:
        """Store values of rows; one that is not as `guard` says any more is left alone.

        One statement for all rows: building `bulk_update`'s CASE for 200 of them takes 0.2 s of
        the engine's time each second.
        """
        meta, connection = self.model._meta, connections[self.db]
        key: Any = meta.pk
        written: list[Any] = [meta.get_field(name) for name in fields]
        quote = connection.ops.quote_name
        guards: list[Any] = [meta.get_field(name) for name in guard]
        values = ", ".join(f"{quote(field.column)} = %s" for field in written)
        where = " AND ".join(f"{quote(field.column)} = %s" for field in [key, *guards])
        sql = f"UPDATE {quote(meta.db_table)} SET {values} WHERE {where}"  # noqa: S608 (names of the model)
        must_be = [
            field.get_db_prep_value(value, connection)
            for field, value in zip(guards, guard.values(), strict=True)
        ]
        rows = [
            [field.get_db_prep_save(getattr(row, field.attname), connection) for field in written]
            + [key.get_db_prep_value(row.pk, connection), *must_be]
            for row in rows
        ]
        with connection.cursor() as cursor:
            cursor.executemany(sql, rows)


class FileQuerySet(models.QuerySet):
    """The files of torrents."""

    def list_for(
        self,
        download: "Download",
        files: Sequence[StoredFile],
        wanted: Mapping[int, int] = MappingProxyType({}),
    ) -> bool:
        """Store the next part of a download's files, in their order, with their priorities; whether
        it is the last.

        In parts, and without an object for each: a list of 100,000 files would take many seconds
        in which the engine could do nothing else.
        """
        start = self.filter(download=download).count()
        part = files[start : start + PART]
        rows = (
            [
                download.pk,
                one.index,
                one.path,
                one.size,
                position,
                wanted.get(one.index, NORMAL),
                "",
            ]
            for position, one in enumerate(part, start)
        )
        names = ["download", "index", "path", "size", "position", "priority", "new_path"]
        self._insert(names, rows)
        return start + len(part) >= len(files)

    def _insert(self, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        meta, connection = self.model._meta, connections[self.db]
        fields: list[Any] = [meta.get_field(name) for name in names]
        quote = connection.ops.quote_name
        columns = ", ".join(quote(field.column) for field in fields)
        marks = ", ".join(["%s"] * len(fields))
        sql = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608 (names of the model)
        values = [
            [
                field.get_db_prep_save(value, connection)
                for field, value in zip(fields, row, strict=True)
            ]
            for row in rows
        ]
        with connection.cursor() as cursor:
            cursor.executemany(sql, values)

    def prioritise(self, priorities: Mapping[int, int]) -> None:
        """Set priorities by the number of the file."""
        for priority in set(priorities.values()):
            indexes = [index for index, one in priorities.items() if one == priority]
            for start in range(0, len(indexes), _CHUNK):
                part = indexes[start : start + _CHUNK]
                self.filter(index__in=part).update(priority=priority)

    def widens(self, priorities: Mapping[int, int]) -> bool:
        """Whether these priorities want a file that was not wanted."""
        more = [index for index, one in priorities.items() if one]
        return self._any_of(more, priority=SKIP)

    def narrows(self, priorities: Mapping[int, int]) -> bool:
        """Whether these priorities leave out a file that was wanted."""
        less = [index for index, one in priorities.items() if not one]
        return self.exclude(priority=SKIP)._any_of(less)

    def _any_of(self, indexes: Sequence[int], **fields: Any) -> bool:
        parts = (indexes[start : start + _CHUNK] for start in range(0, len(indexes), _CHUNK))
        return any(self.filter(index__in=part, **fields).exists() for part in parts)

    def fitting(self, patterns: Sequence[str]) -> list[int]:
        """The numbers of the files that fit a pattern; of all files where there is none."""
        rows = self.order_by().values_list("index", "path")
        return [index for index, path in rows if not patterns or is_excluded(path, patterns)]

    def choice(self) -> Choice:
        """What the owner of one download wants of its files."""
        rows = self.exclude(priority=NORMAL).order_by().values_list("index", "priority")
        return Choice(dict(rows))
