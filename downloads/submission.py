"""What somebody hands over -> rows, with an answer for each line: added, duplicate or invalid."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from downloads import links, torrents
from downloads.models import Download, keep_file
from downloads.querysets import Entry


@dataclass(frozen=True)
class Asked:
    """One line or uploaded file: its number, its text or name, and what was found in it."""

    number: int
    text: str
    entry: Entry | None = None
    reason: str = ""


@dataclass(frozen=True)
class Duplicate:
    """A line whose torrent is here already; `job` is the one that is."""

    line: int
    text: str
    job: Download


@dataclass(frozen=True)
class Invalid:
    """A line that cannot be used, and why."""

    line: int
    text: str
    reason: str


@dataclass
class Answer:
    """What became of everything that was handed over."""

    added: list[Download] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    invalid: list[Invalid] = field(default_factory=list)

    @property
    def is_useless(self) -> bool:
        """Whether nothing at all could be used."""
        return not self.added and not self.duplicates

    @property
    def sentence(self) -> str:
        """The sum of it."""
        parts = [f"{len(self.added)} added"] if self.added or not self.duplicates else []
        parts += [f"{len(self.duplicates)} here already"] if self.duplicates else []
        parts += [f"{len(self.invalid)} refused"] if self.invalid else []
        return f"{', '.join(parts)}."


def read_links(text: str) -> list[Asked]:
    """Every line of a paste that is not blank or a comment."""
    return [
        Asked(line.number, line.text, Entry(line.link) if line.link else None, line.reason)
        for line in links.parse(text, settings.DOWNLOAD_ALLOWED_NETWORKS)
    ]


def read_torrents(files: Sequence[Any]) -> list[Asked]:
    """Each uploaded .torrent file, numbered from 1 on."""
    return [_read_torrent(number, file) for number, file in enumerate(files, start=1)]


def _read_torrent(number: int, file: Any) -> Asked:
    name = str(file.name)[:200]
    try:
        # One byte more than is allowed tells a file that is too large without reading it all.
        data = file.read(torrents.MAX_METADATA + 1)
        torrent = torrents.read(data, settings.DOWNLOAD_ALLOWED_NETWORKS)
    except torrents.BadTorrent as error:
        return Asked(number, name, reason=str(error))
    return Asked(number, name, Entry(torrent.link, torrent.clean, torrent.size))


def submit(owner: Any, asked: Sequence[Asked]) -> Answer:
    """Queue what is new. The engine looks for new rows by itself: nobody has to be woken."""
    usable = [(one, one.entry) for one in asked if one.entry is not None]
    for _, entry in usable:
        if entry.data:
            keep_file(entry.link.key, entry.data)
    placed = Download.objects.add(owner, [entry for _, entry in usable])
    answer = Answer(
        invalid=[Invalid(one.number, one.text, one.reason) for one in asked if one.reason]
    )
    for (one, _), place in zip(usable, placed, strict=True):
        if place.is_new:
            answer.added.append(place.job)
        else:
            answer.duplicates.append(Duplicate(one.number, one.text, place.job))
    return answer
