"""Files that are opened before they are complete, and the page that plays them."""

import threading
import time
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views import View

from downloads.ipc.stream_requests import Available, ByteRange, StreamMailbox
from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from jobsite.jobs.status import Status
from jobsite.jobs.storage.safe_paths import SafeFolder
from jobsite.jobs.web.attachments import part, wanted_span
from jobsite.jobs.web.views import OwnJobs

ASK_EVERY = 0.1
WAITS = 12.0  # seconds at most that one request waits for its first piece
PLACES = threading.BoundedSemaphore(3)  # of the threads of one web process
RETRY_AFTER = 3


class Play(OwnJobs, View):
    """Plays one file, complete or not."""

    def get(self, request: HttpRequest, pk: UUID, index: int) -> HttpResponse:
        """Show the player, or a sentence if browsers do not play such files."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        file = get_object_or_404(DownloadFile, download=job, index=index)
        kind = file.played_as
        context = {"job": job, "file": file, "kind": kind, "is_video": kind.startswith("video/")}
        return render(request, "downloads/watch.html", context)


def unfinished_response(
    request: HttpRequest, job: Download, file: DownloadFile, content_type: str
) -> HttpResponseBase | None:
    """Return the beginning of the wanted range as soon as it is there; 503 if that takes too long.

    None if the download does not run or no range was asked for: there is nothing to wait for.
    """
    span = wanted_span(request.headers.get("Range", ""), file.size)
    if job.status != Status.RUNNING or span is None or span[0] >= file.size:
        return None
    if not PLACES.acquire(blocking=False):
        return _later("Too many people wait for files that are not complete yet.")
    try:
        here = _await(ByteRange(job.info_hash, file.index, span[0]))
    finally:
        PLACES.release()
    path = _path(here) if here else None
    if here is None or path is None:
        return _later("This part of the file is not here yet; it is being fetched first.")
    last = min(span[1], here.until - 1)
    return part(path, (span[0], last, file.size), content_type)


def _await(wanted: ByteRange) -> Available | None:
    """Wait a bounded time for the engine's answer and return it."""
    box = StreamMailbox(Path(settings.DATA_DIR) / "swarm" / "streams")
    deadline = time.monotonic() + WAITS
    box.ask(wanted)
    while time.monotonic() < deadline:
        here = box.answer(wanted)
        if here is not None:
            return here
        time.sleep(ASK_EVERY)
        box.ask(wanted)  # somebody else who waits for the same may have taken the answer
    box.withdraw(wanted)
    return None


def _path(available: Available) -> Path | None:
    """Return the file that the engine named; None if it leads out of the download folder."""
    home = Path(settings.DOWNLOAD_DIR)
    return home / available.path if SafeFolder(home).is_file(available.path) else None


def _later(sentence: str) -> HttpResponse:
    text = f"{sentence} Try again in {RETRY_AFTER} seconds."
    response = HttpResponse(text, status=503, content_type="text/plain; charset=utf-8")
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response
