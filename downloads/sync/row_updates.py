"""Updates of one row from the state of its torrent."""

import logging
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Value, When

from downloads.engine.interface import Snapshot
from downloads.library.record import StoredFile
from downloads.library.selection import NORMAL, Choice, together
from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from downloads.seeding import Goal
from downloads.session.metadata import Metadata
from jobsite.jobs.formats import byte_size
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.status import Status

log = logging.getLogger(__name__)

LIVE = [
    "size",
    "done",
    "uploaded",
    "progress",
    "rate_down",
    "rate_up",
    "peers",
    "eta",
    "state",
    "message",
]


PLACED = ["place", "size", "done", "result", "uploaded", "seeding", "move_asked"]


def describe(row: Download, about: Metadata) -> bool:
    """Store the known name and files of a torrent; False while files are still to be stored."""
    # The name that its owner gave stays, also one that was given since the row was read.
    own = When(save_as="", then=Value(about.name or row.name))
    facts = {
        "name": Case(own, default=F("name")),
        "full_size": about.size,
        "is_private": about.is_private,
    }
    if not list_files(row, about.files, **facts):
        return False
    if about.v1 and about.v2:
        try:
            with transaction.atomic():
                Download.objects.filter(pk=row.pk).update(info_hash_v2=about.v2)
        except IntegrityError:  # its owner has it under the other hash, too
            log.info("%s is here under both of its hashes.", row.info_hash)
    return True


def list_files(row: Download, files: Sequence[StoredFile], **facts: Any) -> bool:
    """Store a part of a row's list of files, and with the last part what else is known.

    Files that its owner excluded by a pattern are marked. Returns False while some are still to
    be stored.
    """
    if not row.is_listed:
        wanted = together([row.first_choice], files)
        if not DownloadFile.objects.list_for(row.pk, files, wanted):
            return False
        facts |= {
            "is_listed": True,
            "is_partial": any(priority != NORMAL for priority in wanted.values()),
            "size": sum(file.size for file in files if wanted[file.index]),
        }
    if facts:
        Download.objects.filter(pk=row.pk).update(**facts)
    return True


def fill(row: Download, snapshot: Snapshot, choice: Choice) -> Download:
    """Copy the state of the torrent into a row: of its own files, if others want other ones."""
    row.size, row.done, row.eta = snapshot.size, snapshot.done, snapshot.eta
    if snapshot.files_done is not None and snapshot.metadata:
        row.size, row.done = _own_part(snapshot, choice, snapshot.metadata.files)
        rate, left = snapshot.rate_down, row.size - row.done
        row.eta = -(-left // rate) if rate else None
    row.progress = row.done / row.size if row.size else 0.0
    row.rate_down, row.rate_up, row.peers = snapshot.rate_down, snapshot.rate_up, snapshot.peers
    row.uploaded = snapshot.uploaded
    row.state, row.message = snapshot.state, snapshot.reason[:255]
    if row.size and row.done == row.size and snapshot.done != snapshot.size:
        row.message = OWN_IS_HERE
    return row


def _own_part(snapshot: Snapshot, choice: Choice, files: Sequence[StoredFile]) -> tuple[int, int]:
    """Return the bytes of the files that one owner wants, and how many of them are here."""
    mine, done = [file for file in files if choice.of(file)], snapshot.files_done
    size = sum(file.size for file in mine)
    if not done:
        return size, min(size, snapshot.done)
    return size, sum(done[file.index] for file in mine)


OWN_IS_HERE = "Your files are fetched; they appear in the library once the torrent is done with."
STILL = {"rate_down": 0, "rate_up": 0, "peers": 0, "eta": None, "state": "", "message": ""}


def complete(row: Download, snapshot: Snapshot, choice: Choice, goal: Goal) -> bool:
    """Enter where a row's files are; return False if it wants more files than are there."""
    record = snapshot.record
    assert record is not None
    there = {file.index for file in record.files}
    known = snapshot.metadata.files if snapshot.metadata else ()
    if any(choice.of(file) and file.index not in there for file in known):
        return False  # more was chosen while the last blocks were written: it goes on
    mine = [file for file in record.files if choice.of(file)]
    row.place, row.uploaded, row.seeding = record.place, snapshot.uploaded, goal.is_on
    if [file.path for file in known] == [""] and mine[0].path:  # in a folder of its own now
        row.files.update(path=mine[0].path)
    row.size = row.done = sum(file.size for file in mine)
    row.result = {"path": record.place, "size": row.size, "files": len(mine)}
    row.move_asked = row.has_renames or row.is_misplaced(record.place)
    return True


def succeed(rows: Sequence[Download]) -> list[JobEvent]:
    """Finish complete rows whose options have not changed; return lines for their logs.

    All at once: 200 that end in the same second would cost 200 transitions.
    """
    ended = Download.objects.still_as(rows) if rows else []
    if not ended:
        return []
    Download.objects.write(ended, PLACED, status=Status.RUNNING.value)
    done = Download.objects.filter(pk__in=[row.pk for row in ended])
    done.transition(Status.SUCCEEDED, **STILL, progress=1.0, recheck=False)
    lines = []
    for row in ended:
        then = "It is uploaded to others now." if row.seeding else "Seeding is off."
        lines.append(line(row, f"Finished: {byte_size(row.size or 0)}, verified. {then}"))
    return lines


def fail(row: Download, reason: str) -> list[JobEvent]:
    """Fail a row, with the reason."""
    moved = Download.objects.fenced(row.pk, row.attempt).transition(
        Status.FAILED, **STILL, error=reason
    )
    return [line(row, reason, "error")] if moved else []


def park(row: Download, reason: str) -> list[JobEvent]:
    """Pause a row: resuming it asks again."""
    parked = {**STILL, "message": reason}
    moved = Download.objects.fenced(row.pk, row.attempt).transition(Status.PAUSED, **parked)
    return [line(row, reason, "warning")] if moved else []


def hold(row: Download) -> list[JobEvent]:
    """Pause a row whose files are known, until its owner has chosen among them."""
    held = {**STILL, "message": "Choose the files that you want, then start it."}
    moved = Download.objects.fenced(row.pk, row.attempt).transition(Status.PAUSED, **held)
    return [line(row, "The files can be chosen; it waits to be started.")] if moved else []


def line(row: Download, text: str, level: str = "info") -> JobEvent:
    """Return a line for the log of a row, not saved yet."""
    return JobEvent(kind=row.kind, job_id=row.pk, attempt=row.attempt, level=level, text=text)
