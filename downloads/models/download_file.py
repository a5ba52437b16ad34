"""The files of torrents, a row for each file and owner."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from django.db import connections, models
from django.db.models import Q

from downloads.library.folders import clean_path, parents
from downloads.library.media_types import played_as
from downloads.library.record import StoredFile
from downloads.library.selection import HIGH, NORMAL, SKIP, Choice, is_excluded
from downloads.names import display_name

ROWS_AT_ONCE = 500

PART = 10_000  # files that are stored at a time


class FileQuerySet(models.QuerySet):
    """The files of torrents."""

    def list_for(
        self,
        download: uuid.UUID,
        files: Sequence[StoredFile],
        wanted: Mapping[int, int] = MappingProxyType({}),
    ) -> bool:
        """Store the next part of a download's files, in order, with priorities.

        `download` is the key of its row. Returns whether it was the last part. In parts, and
        without an object for each: a list of 100,000 files would take many seconds in which the
        engine could do nothing else.
        """
        start = self.filter(download=download).count()
        part = files[start : start + PART]
        rows = (
            [
                download,
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
            for start in range(0, len(indexes), ROWS_AT_ONCE):
                part = indexes[start : start + ROWS_AT_ONCE]
                self.filter(index__in=part).update(priority=priority)

    def widens(self, priorities: Mapping[int, int]) -> bool:
        """Return whether these priorities want a file that was not wanted."""
        more = [index for index, one in priorities.items() if one]
        return self._any_of(more, priority=SKIP)

    def narrows(self, priorities: Mapping[int, int]) -> bool:
        """Return whether these priorities leave out a file that was wanted."""
        less = [index for index, one in priorities.items() if not one]
        return self.exclude(priority=SKIP)._any_of(less)

    def _any_of(self, indexes: Sequence[int], **fields: Any) -> bool:
        parts = (
            indexes[start : start + ROWS_AT_ONCE] for start in range(0, len(indexes), ROWS_AT_ONCE)
        )
        return any(self.filter(index__in=part, **fields).exists() for part in parts)

    def fitting(self, patterns: Sequence[str]) -> list[int]:
        """Return the numbers of the files that fit a pattern; of all files without one."""
        rows = self.order_by().values_list("index", "path")
        return [index for index, path in rows if not patterns or is_excluded(path, patterns)]

    def choice(self) -> Choice:
        """Return one owner's choice of the files of a download."""
        rows = self.exclude(priority=NORMAL).order_by().values_list("index", "priority")
        return Choice(dict(rows))


class DownloadFile(models.Model):
    """One file of a torrent."""

    download = models.ForeignKey("downloads.Download", models.CASCADE, related_name="files")
    index = models.PositiveIntegerField()
    path = models.TextField(blank=True, help_text="Within the torrent's folder; empty: it is it.")
    size = models.BigIntegerField()
    new_path = models.TextField(
        blank=True, help_text="Where its owner wants it, within the torrent's folder."
    )
    position = models.PositiveIntegerField(default=0, help_text="In the natural order of paths.")
    priority = models.PositiveSmallIntegerField(default=NORMAL, help_text="0: it is not wanted.")

    objects = FileQuerySet.as_manager()

    class Meta:
        ordering = ["position", "index"]
        constraints = [
            models.UniqueConstraint(fields=["download", "index"], name="download_file_once")
        ]

    def __str__(self) -> str:
        return self.path or self.download.name

    def rename(self, text: str) -> None:
        """Set another path within the torrent's folder. Raises ValueError with the reason."""
        path = clean_path(text)
        if not self.path:
            raise ValueError("This torrent is one file: rename the download itself.")
        others = DownloadFile.objects.filter(download=self.download).exclude(pk=self.pk)
        taken = Q(path=path, new_path="") | Q(new_path=path)
        inside = Q(path__startswith=f"{path}/") | Q(new_path__startswith=f"{path}/")
        above = Q(path__in=parents(path)) | Q(new_path__in=parents(path))
        if others.filter(taken | inside | above).exists():
            raise ValueError("Another file of this torrent has this name, or is in its way.")
        self.new_path = "" if path == self.path else path
        self.save(update_fields=["new_path"])
        self.download.change({"has_renames": True})

    @property
    def priority_name(self) -> str:
        """The priority as a word."""
        return {SKIP: "skip", HIGH: "high"}.get(self.priority, "normal")

    @property
    def name(self) -> str:
        """The name under which a browser saves it."""
        whole = self.download.place or self.download.name
        return display_name(self.path or whole) or f"file-{self.index}"

    @property
    def played_as(self) -> str:
        """The type under which browsers play it, or "" if they cannot."""
        return played_as(self.name)
