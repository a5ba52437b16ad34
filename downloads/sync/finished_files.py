"""Moving and removing the files of finished downloads, in the engine."""

import logging

from downloads.engine.reconciler import Reconciler
from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from downloads.models.download_queryset import DownloadQuerySet
from downloads.sync.row_updates import line
from downloads.uploaded_torrents import locked, torrent_file
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.status import Status

log = logging.getLogger(__name__)

AT_ONCE = 50


def to_be_moved() -> set[str]:
    """Return the info hashes of torrents whose files are to get another place or name.

    Requests that change neither are dropped: a seed would leave the swarm for nothing.
    """
    found = set()
    for row in Download.objects.to_be_moved():
        first = _first_owner(row)
        if first.is_misplaced(first.place) or first.files.exclude(new_path="").exists():
            found.add(row.info_hash)
        else:
            Download.objects.filter(pk=row.pk).update(move_asked=False, has_renames=False)
    return found


def _first_owner(row: Download) -> Download:
    """Return the row that decides on the place of the one copy that serves all owners."""
    having = _having(row).select_related("category")
    return having.order_by("created_at", "pk").first() or row


def _having(row: Download) -> DownloadQuerySet:
    """Return the rows, of whichever owner, whose files are that one copy."""
    return Download.objects.others_of(row.info_hash).filter(status=Status.SUCCEEDED)


def move_files(reconciler: Reconciler) -> None:
    """Move the files of those whose category has changed to its folder, by rename."""
    for row in Download.objects.to_be_moved()[:AT_ONCE]:
        if not reconciler.holds(row.info_hash):
            _move(row, reconciler)


def _move(row: Download, reconciler: Reconciler) -> None:
    first = _first_owner(row)
    folder = first.category.folder if first.category else ""
    said = []
    try:
        record = reconciler.relocate(row.info_hash, folder, first.save_as)
        _rename_files(first, reconciler)
    except OSError as error:
        said.append(line(row, f"The files stay where they are: {error.strerror}.", "warning"))
    else:
        if record and record.place != row.place:
            said.append(line(row, f"The files are in the library as {record.place} now."))
            _having(row).update(place=record.place)
    Download.objects.filter(pk=row.pk).update(move_asked=False, has_renames=False)
    JobEvent.objects.bulk_create(said)


def _rename_files(first: Download, reconciler: Reconciler) -> None:
    wanted = dict(first.files.exclude(new_path="").values_list("index", "new_path"))
    if not wanted:
        return
    try:
        reconciler.rename_files(first.info_hash, wanted)
    finally:
        first.files.exclude(new_path="").update(new_path="")
    every = DownloadFile.objects.filter(download__info_hash=first.info_hash)
    for index, path in wanted.items():
        every.filter(index=index).update(path=path)


def remove_deleted(reconciler: Reconciler) -> None:
    """Remove deleted rows, and what is kept of a torrent once its last owner has left."""
    gone = Download.objects.filter(delete_requested=True).exclude(status=Status.RUNNING)
    for row in gone[:AT_ONCE]:
        try:
            with locked(alone=True):
                _remove(row, reconciler)
        except BlockingIOError:  # somebody adds some just now, perhaps the same again
            return


def _remove(row: Download, reconciler: Reconciler) -> None:
    others = Download.objects.others_of(row.info_hash)
    if others.exists():
        others.update(move_asked=True)  # the first owner may be another one now
    elif reconciler.holds(row.info_hash):
        return
    else:
        try:
            reconciler.forget(row.info_hash, with_data=row.delete_data)
            torrent_file(row.info_hash).unlink(missing_ok=True)
        except OSError as error:
            log.warning("Files of %s could not be removed: %s", row.info_hash, error)
    row.remove()
