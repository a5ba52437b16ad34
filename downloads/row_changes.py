"""What one row learns of its torrent."""

import logging
from collections.abc import Sequence

from django.db import IntegrityError, transaction

from downloads.choices import NORMAL, Choice, clean_patterns, together
from downloads.metadata import Metadata
from downloads.models import Download, DownloadFile
from downloads.records import StoredFile
from downloads.seeding import Goal
from downloads.torrent import Snapshot
from jobsite.jobs.models import JobEvent
from jobsite.jobs.status import Status
from jobsite.jobs.templatetags.formats import byte_size

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


def describe(row: Download, about: Metadata) -> None:
    """Store name and files of a torrent, known by now."""
    mine = Download.objects.filter(pk=row.pk)
    named = row.save_as or about.name or row.name
    list_files(row, about.files)
    mine.update(name=named, full_size=about.size, is_private=about.is_private)
    if about.v1 and about.v2:
        try:
            with transaction.atomic():
                mine.update(info_hash_v2=about.v2)
        except IntegrityError:  # its owner has it under the other hash, too
            log.info("%s is here under both of its hashes.", row.info_hash)


def list_files(row: Download, files: Sequence[StoredFile]) -> None:
    """Store the list of files of a row, without those that its owner left out by a pattern."""
    if row.is_listed:
        return
    choice = Choice(exclude=clean_patterns(row.exclude))
    wanted = together([choice], files)
    DownloadFile.objects.list_for(row, files, wanted)
    row.is_listed = True
    Download.objects.filter(pk=row.pk).update(
        is_listed=True,
        is_partial=any(priority != NORMAL for priority in wanted.values()),
        size=sum(file.size for file in files if wanted[file.index]),
    )


def fill(row: Download, snapshot: Snapshot, choice: Choice) -> Download:
    """Put into a row how its torrent stands: of its own files, where others want other ones."""
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
    """Bytes of the files that one owner wants, and how many of them are here."""
    mine, done = [file for file in files if choice.of(file)], snapshot.files_done
    size = sum(file.size for file in mine)
    if not done:
        return size, min(size, snapshot.done)
    return size, sum(done[file.index] for file in mine)


OWN_IS_HERE = "Your files are fetched; they appear in the library once the torrent is done with."
STILL = {"rate_down": 0, "rate_up": 0, "peers": 0, "eta": None, "state": "", "message": ""}


def succeed(row: Download, snapshot: Snapshot, choice: Choice, goal: Goal) -> list[JobEvent]:
    """Store where the files are; the line for the log, if the row was still wanted."""
    record = snapshot.record
    assert record is not None
    there = {file.index for file in record.files}
    known = snapshot.metadata.files if snapshot.metadata else ()
    if any(choice.of(file) and file.index not in there for file in known):
        return []  # more was chosen while the last blocks were written: it goes on
    mine = [file for file in record.files if choice.of(file)]
    size = sum(file.size for file in mine)
    result = {"path": record.place, "size": size, "files": len(mine)}
    moved = (
        Download.objects.fenced(row)
        # A wish that came meanwhile is looked at first.
        .filter(delete_requested=False, asked_at=row.asked_at)
        .transition(
            Status.SUCCEEDED,
            **STILL,
            progress=1.0,
            size=size,
            done=size,
            recheck=False,
            place=record.place,
            move_asked=row.has_renames or row.is_misplaced(record.place),
            result=result,
            uploaded=snapshot.uploaded,
            seeding=goal.is_on,
        )
    )
    then = "It is uploaded to others now." if goal.is_on else "Uploading has ended with it."
    text = f"Finished: {byte_size(size)}, verified. {then}"
    return [line(row, text)] if moved else []


def fail(row: Download, reason: str) -> list[JobEvent]:
    """Give a row up, with the reason."""
    moved = Download.objects.fenced(row).transition(Status.FAILED, **STILL, error=reason)
    return [line(row, reason, "error")] if moved else []


def park(row: Download, reason: str) -> list[JobEvent]:
    """Pause it: resuming it asks anew."""
    parked = {**STILL, "message": reason}
    moved = Download.objects.fenced(row).transition(Status.PAUSED, **parked)
    return [line(row, reason, "warning")] if moved else []


def hold(row: Download) -> list[JobEvent]:
    """Its files are known: wait for its owner to choose among them."""
    held = {**STILL, "message": "Choose the files that you want, then start it."}
    moved = Download.objects.fenced(row).transition(Status.PAUSED, **held)
    return [line(row, "The files can be chosen; it waits to be started.")] if moved else []


def line(row: Download, text: str, level: str = "info") -> JobEvent:
    """A line for the log of a row, not saved yet."""
    return JobEvent(kind=row.kind, job_id=row.pk, attempt=row.attempt, level=level, text=text)
