"""The rows of one torrent -> what is wanted of it: a union of its owners' options."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings

from downloads.engine.interface import Wanted
from downloads.library.selection import ALL, Choice, PieceOrder
from downloads.metainfo.magnet import Link
from downloads.models.download import Download
from downloads.models.speed_plan import KILO
from downloads.rate_limits import Speed
from downloads.uploaded_torrents import torrent_file
from jobsite.jobs.status import Status

READ = [
    *("id", "owner_id", "name", "info_hash", "link", "has_file", "priority", "attempt", "status"),
    *("down_kb", "up_kb", "forced", "created_at", "category__folder"),
    *("hold", "exclude", "sequential", "ends_first", "is_listed", "is_partial", "asked_at"),
    *("recheck", "save_as", "layout", "uploaded", "announce_asked_at", "has_renames"),
]


class OptionReader:
    """The owners' choices of files, read again only if they have changed."""

    def __init__(self) -> None:
        self._read: dict[Any, tuple[datetime, Choice]] = {}

    def read(self, rows: Mapping[str, Sequence[Download]]) -> None:
        """Read the choices of these rows, and forget all others."""
        known, self._read = self._read, {}
        for row in (row for some in rows.values() for row in some):
            before = known.get(row.pk)
            if before is None or before[0] != row.asked_at:
                before = (row.asked_at, _choice(row))
            self._read[row.pk] = before

    def of(self, row: Download) -> Choice:
        """Return the choice of a row that was read."""
        return self._read[row.pk][1] if row.pk in self._read else ALL


def _choice(row: Download) -> Choice:
    if not row.is_listed:
        return row.first_choice
    return row.files.all().choice() if row.is_partial else ALL


def wanted_of(
    rows: Sequence[Download], link: Link, rank: tuple[float, ...], choices: OptionReader
) -> Wanted:
    """Return what the owners of these rows, all of one torrent, want together."""
    first = rows[0]
    has_file = any(row.has_file for row in rows)
    if not link.trackers and not has_file:
        link = replace(link, trackers=tuple(settings.DOWNLOAD_TRACKERS))
    oldest = min(rows, key=lambda row: (row.created_at, row.pk))
    # Each owner's trackers are asked, whoever of them named one.
    named = (url for row in rows[1:] for url in row.trackers)
    link = replace(link, trackers=tuple(dict.fromkeys([*link.trackers, *named])))
    return Wanted(
        link=link,
        file=torrent_file(first.info_hash) if has_file else None,
        rank=rank,
        forced=any(row.forced for row in rows),
        # A torrent of several people takes the space of the first who wanted it.
        owner=str(first.owner_id),
        speed=Speed(
            _loosest(row.down_kb for row in rows) * KILO,
            _loosest(row.up_kb for row in rows) * KILO,
        ),
        folder=oldest.category.folder if oldest.category else "",
        choices=tuple(choices.of(row) for row in rows if not row.hold) or (ALL,),
        hold=all(row.hold for row in rows),
        order=PieceOrder(any(row.sequential for row in rows), any(row.ends_first for row in rows)),
        seed=first.status == Status.SUCCEEDED,
        uploaded=max(row.uploaded for row in rows),
        announce=max(_seconds(row.announce_asked_at) for row in rows),
        save_as=oldest.save_as,
        layout=oldest.layout,
        recheck=any(row.recheck for row in rows),
        token=" ".join(_token(row) for row in rows),
    )


def _token(row: Download) -> str:
    return f"{row.pk}:{row.attempt}:{row.status}:{row.asked_at.timestamp()}"


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


def _loosest(limits: Iterable[int]) -> int:
    """Return the loosest of several owners' limits: whoever sets none lifts those of the others."""
    limits = list(limits)
    return max(limits) if all(limits) else 0
