"""Submission of links and .torrent files, with a result for each: added, duplicate or invalid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction

from downloads.metainfo import magnet, torrent_file
from downloads.models.download import Download
from downloads.models.download_queryset import Entry
from downloads.models.engine import Engine
from downloads.uploaded_torrents import keep_file, keep_files, locked
from jobsite.jobs.models import submission


@dataclass(frozen=True)
class Asked:
    """A submitted line or file: its number, its text or name, and what was found in it."""

    number: int
    text: str
    entry: Entry | None = None
    reason: str = ""


@dataclass(frozen=True)
class Duplicate:
    """A line whose torrent exists already; `job` is the existing download."""

    line: int
    text: str
    job: Download


@dataclass(frozen=True)
class Invalid:
    """A line that cannot be used, with the reason."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True)
class Omission:
    """What of a usable line was left out, as a sentence."""

    line: int
    text: str
    remark: str


@dataclass
class Answer:
    """The results of a whole submission."""

    added: list[Download] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    invalid: list[Invalid] = field(default_factory=list)
    remarks: list[Omission] = field(default_factory=list)

    @property
    def is_useless(self) -> bool:
        """Whether nothing at all could be used."""
        return not self.added and not self.duplicates

    @property
    def sentence(self) -> str:
        """A sentence with the numbers."""
        parts = [f"{len(self.added)} added"] if self.added or not self.duplicates else []
        parts += [f"{len(self.duplicates)} here already"] if self.duplicates else []
        parts += [f"{len(self.invalid)} refused"] if self.invalid else []
        return f"{', '.join(parts)}."


def read_links(text: str) -> list[Asked]:
    """Read every line of a paste that is not blank or a comment."""
    return [
        Asked(line.number, line.text, Entry(line.link) if line.link else None, line.reason)
        for line in magnet.parse(text, settings.DOWNLOAD_ALLOWED_NETWORKS)
    ]


def read_torrents(files: Sequence[Any]) -> list[Asked]:
    """Read each uploaded .torrent file, numbered from 1 on."""
    return [_read_torrent(number, file) for number, file in enumerate(files, start=1)]


def _read_torrent(number: int, file: Any) -> Asked:
    name = str(file.name)[:200]
    if file.size > torrent_file.MAX_METADATA:
        return Asked(number, name, reason=torrent_file.too_large(file.size))
    try:
        torrent = torrent_file.read(file.read(), settings.DOWNLOAD_ALLOWED_NETWORKS)
    except torrent_file.BadTorrent as error:
        return Asked(number, name, reason=str(error))
    return Asked(number, name, Entry(torrent.link, torrent.clean, torrent.size))


def submit(owner: Any, asked: Sequence[Asked], options: Mapping[str, Any] | None = None) -> Answer:
    """Queue what is new, with these values in its fields.

    An engine that runs finds new rows by itself; else one is started. A submission that is sent
    again gets its first answer. Raises OverAllowance.
    """
    usable = [(one, one.entry) for one in asked if one.entry is not None]
    with locked():
        keep_files({entry.link.key: entry.data for _, entry in usable if entry.data})
        with transaction.atomic():
            placed = Download.objects.add(owner, [entry for _, entry in usable], options)
            new = [place.job for place in placed if place.is_new]
            key = submission.next_key()
            mine = submission.made_together(owner, Download.kind, key, new) if key else set()
    if new:
        Engine.start()
    answer = Answer(
        invalid=[Invalid(one.number, one.text, one.reason) for one in asked if one.reason],
        remarks=[
            Omission(one.number, one.text, remark)
            for one, entry in usable
            for remark in entry.link.remarks
        ],
    )
    counted: set[Any] = set()
    for (one, entry), place in zip(usable, placed, strict=True):
        if place.is_new or place.job.pk in mine - counted:
            answer.added.append(place.job)
            counted.add(place.job.pk)
            if place.is_new:
                for remark in entry.link.remarks:
                    place.job.log(remark, "warning")
        else:
            answer.duplicates.append(Duplicate(one.number, one.text, place.job))
            if entry.data:
                keep_file(place.job.info_hash, entry.data)
                place.job.hand_over(entry.link)
    return answer
