"""Whether there is anything for the engine to do."""

from django.conf import settings
from django.db.models import Q

from downloads.models.download import Download
from downloads.names import is_watched
from jobsite.jobs.status import Status
from jobsite.jobs.storage.safe_paths import SafeFolder


def is_needed() -> bool:
    """Return whether a download waits, runs, is uploaded or tidied up, or a file is to be added."""
    return has_row() or has_watched_file()


def has_row() -> bool:
    """Return whether the engine has to do something for a download."""
    active = Q(status__in=[Status.QUEUED, Status.RUNNING]) | Q(delete_requested=True)
    uploaded = Q(status=Status.SUCCEEDED, seeding=True)
    rows = Download.objects.order_by()
    to_do = rows.filter(active | uploaded) | rows.to_be_moved() | rows.stopped_and_unlisted()
    return to_do.exists()


def has_watched_file() -> bool:
    """Return whether a file lies in the watch folder of a person."""
    folder = SafeFolder(settings.DOWNLOAD_WATCH_DIR)
    return any(is_watched(name) for owner in folder.names() for name in folder.names(owner))
