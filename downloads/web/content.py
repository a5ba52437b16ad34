"""Addresses that serve fetched files: one file, many as an archive, the .torrent."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views import View

from downloads.metainfo.export import torrent_bytes
from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from downloads.names import file_name
from downloads.web.archives import FORMATS, Member, member_name
from downloads.web.playback import unfinished_response
from jobsite.jobs.models.host import Host, own_clusters
from jobsite.jobs.status import Status
from jobsite.jobs.web.attachments import attachment, named, ranged, streamed
from jobsite.jobs.web.views import OwnJobs

TORRENT = "application/x-bittorrent"
GONE = "This file is not complete yet, or it is not in the library any more."


class FileContent(OwnJobs, View):
    """The bytes of one file, with Range."""

    def get(self, request: HttpRequest, pk: UUID, index: int) -> HttpResponseBase:
        return file_response(request, self.get_queryset(), pk, index)


class ArchiveContent(OwnJobs, View):
    """All finished files of a download, or those below one folder, as a .zip or .tar."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        return archive_response(request, self.get_queryset(), pk)


class TorrentContent(OwnJobs, View):
    """A download as a .torrent file."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        return torrent_response(self.get_queryset(), pk)


def file_response(
    request: HttpRequest, downloads: QuerySet, pk: Any, index: int
) -> HttpResponseBase:
    """Return the file with this index of one of these downloads; `?play` serves it for playing.

    Of an unfinished one only ranges are served, and those are fetched first; otherwise 404.
    """
    job = get_object_or_404(downloads, pk=pk)
    file = get_object_or_404(DownloadFile, download=job, index=index)
    kind = file.played_as if "play" in request.GET else ""
    path = job.file_on_disk(file)
    if path is None:
        response = unfinished_response(request, job, file, kind or "application/octet-stream")
        if response is None:
            raise Http404(missing(GONE))
        return response if kind else named(response, file.name)
    return ranged(request, path, kind) if kind else attachment(request, path, file.name)


def missing(sentence: str) -> str:
    """Return why nothing of the library can be had here: it may be on the disk of another host."""
    if Download.cluster in own_clusters():
        return sentence
    names = [host.name for host in Host.objects.all() if Download.cluster in host.roles]
    where = f"the host {names[0]}" if names else "a host that is not running"
    return f"{sentence} The library is on {where}; this host does not see its folder."


def archive_response(request: HttpRequest, downloads: QuerySet, pk: Any) -> HttpResponseBase:
    """Return the files of one of these downloads as one stream; 404 if none is complete."""
    job = get_object_or_404(downloads, pk=pk)
    kind, folder = request.GET.get("format", "zip"), request.GET.get("folder", "").strip("/")
    if kind not in FORMATS:
        raise Http404("There are archives of the formats zip and tar.")
    members = _members(job, folder) if job.status == Status.SUCCEEDED else []
    if not members:
        raise Http404(missing("No file of this is complete yet, or none is in the library now."))
    archive = FORMATS[kind](members)
    name = file_name(folder.rpartition("/")[2] or job.place or job.name, job.info_hash)
    content_type = "application/zip" if kind == "zip" else "application/x-tar"
    return streamed(archive.blocks, archive.length, f"{name}.{kind}", content_type)


def torrent_response(downloads: QuerySet, pk: Any) -> HttpResponseBase:
    """Return the .torrent of one of these downloads; 404 while its list of files is not known."""
    job = get_object_or_404(downloads, pk=pk)
    data = torrent_bytes(job.descriptions, job.trackers)
    if data is None:
        raise Http404("The list of files is not known yet; it comes from the first peer.")
    name = file_name(job.name, job.info_hash)
    return streamed(iter([data]), len(data), f"{name}.torrent", TORRENT)


def _members(job: Download, folder: str) -> list[Member]:
    files = job.files.filter(path__startswith=f"{folder}/") if folder else job.files.all()
    top = "" if folder else f"{job.place}/"
    taken: set[str] = set()
    members = []
    for file in files:
        path = job.file_on_disk(file)
        if path is not None:
            inside = file.path.removeprefix(f"{folder}/") if folder else file.path
            name = member_name(f"{top}{inside}", taken)
            members.append(Member(name, path, path.stat().st_size))
    return members
