"""The calls of qBittorrent's API that set options of downloads: limits, files, names, trackers."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse

from downloads.library.selection import HIGH, NORMAL, SKIP
from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from downloads.models.speed_plan import KILO
from downloads.qbittorrent.base import Bridge, answer, is_yes
from downloads.qbittorrent.categories import category_at
from downloads.qbittorrent.commands import Change
from downloads.qbittorrent.format import kilobytes
from downloads.validators import check_trackers, clean_name

PRIORITIES = {"0": SKIP, "1": NORMAL, "6": HIGH, "7": HIGH}


class SetLimit(Change):
    """Sets how fast downloads may be, each for itself, in bytes per second."""

    field = ""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return 400 if the limit is no number."""
        try:
            self.limit = kilobytes(request.POST.get("limit", ""))
        except ValueError:
            return answer("The limit is no number of bytes per second.", 400)
        return super().post(request)

    def act(self, job: Download, request: HttpRequest) -> None:
        job.change({self.field: self.limit})


class Limits(Bridge):
    """Tells how fast downloads may be, by hash; 0 is no limit."""

    http_method_names = ["get", "post"]
    field = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        chosen = self.chosen((request.POST or request.GET).get("hashes", ""))
        return JsonResponse({job.info_hash[:40]: getattr(job, self.field) * KILO for job in chosen})

    post = get


class Toggle(Change):
    """Turns an option of each download to its opposite."""

    field = ""

    def act(self, job: Download, request: HttpRequest) -> None:
        job.change({self.field: not getattr(job, self.field)})


class Fixed(Bridge):
    """An option that has one value here: to set that one changes nothing, to set another cannot."""

    http_method_names = ["post"]
    changes = True
    parameter, value, reason = "value", False, ""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return 409 with the reason."""
        is_so = is_yes(request.POST, self.parameter) is self.value
        return answer() if is_so else answer(self.reason, 409)


class OneChange(Bridge):
    """A call that changes the one download that `hash` names."""

    http_method_names = ["post"]
    changes = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return 404 if there is no such download, and 409 if it cannot be done."""
        job = self.named(request.POST)
        if job is None:
            return answer("Not Found", 404)
        try:
            return self.act(job, request) or answer()
        except ValidationError as error:
            return answer(" ".join(error.messages), 409)
        except ValueError as error:
            return answer(str(error), 409)

    def act(self, job: Download, request: HttpRequest) -> HttpResponse | None:
        """Act on the download. Raises ValueError or ValidationError with the reason."""
        raise NotImplementedError


class FilePriorities(OneChange):
    """Sets which files are wanted: 0 not at all, 1 as usual, 6 and 7 before others."""

    def act(self, job: Download, request: HttpRequest) -> HttpResponse | None:
        """Return 400 for a priority that there is not, 409 for a file that there is not."""
        priority = PRIORITIES.get(request.POST.get("priority", ""))
        numbers = request.POST.get("id", "").split("|")
        if priority is None or not all(one.isdecimal() and len(one) < 8 for one in numbers):
            return answer("A priority is 0, 1, 6 or 7, and a file is named by its number.", 400)
        indexes = {int(one) for one in numbers}
        if not job.is_listed:
            raise ValueError("The list of files is not known yet.")
        if job.files.filter(index__in=indexes).count() < len(indexes):
            raise ValueError("There is no file of this number.")
        job.choose_files(dict.fromkeys(indexes, priority))
        return None


class Rename(OneChange):
    """Gives a download another name; its file or folder gets it, too."""

    def act(self, job: Download, request: HttpRequest) -> HttpResponse | None:
        job.change({"name": clean_name(request.POST.get("name", ""))})
        return None


class RenameFile(OneChange):
    """Gives a file another path within its torrent."""

    def act(self, job: Download, request: HttpRequest) -> HttpResponse | None:
        """Return 409 if there is no such file, or the new path is taken."""
        old, new = (request.POST.get(name, "") for name in ("oldPath", "newPath"))
        top = f"{job.place.rpartition('/')[2] or job.name}/"
        file = job.files.filter(path=old.removeprefix(top)).first()
        if file is None and request.POST.get("id", "").isdecimal():
            file = job.files.filter(index=int(request.POST["id"][:8])).first()
        if file is None and job.files.filter(path="").exists():
            job.change({"name": clean_name(new)})  # it is one file: its name is the torrent's
            return None
        if file is None:
            raise ValueError("There is no such file.")
        file.rename(new.removeprefix(top))
        return None


class RenameFolder(OneChange):
    """Gives a folder another path within its torrent, or the torrent's own folder another name."""

    def act(self, job: Download, request: HttpRequest) -> HttpResponse | None:
        """Return 409 if there is no such folder."""
        old, new = (request.POST.get(name, "").strip("/") for name in ("oldPath", "newPath"))
        top = job.place.rpartition("/")[2] or job.name
        if old == top:
            job.change({"name": clean_name(new)})
            return None
        inside, target = (path.removeprefix(f"{top}/") for path in (old, new))
        files: list[DownloadFile] = list(job.files.filter(path__startswith=f"{inside}/"))
        if not files or not inside:
            raise ValueError("There is no such folder.")
        for file in files:
            file.rename(f"{target}/{file.path.removeprefix(f'{inside}/')}")
        return None


class SetLocation(Change):
    """Moves downloads to a folder below the library, which is that of a category."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return 409 if the folder is outside of the library or cannot be used."""
        path = request.POST.get("location", "") or request.POST.get("path", "")
        if not path.strip():
            return answer("Give the location.", 400)
        try:
            self.category = category_at(self.person, path)
        except ValidationError as error:
            return answer(" ".join(error.messages), 409)
        return super().post(request)

    def act(self, job: Download, request: HttpRequest) -> None:
        job.change({"category": self.category})


def with_added(trackers: list[str], request: HttpRequest) -> list[str]:
    """Return the trackers and those that the caller adds, one in each line."""
    return [*trackers, *request.POST.get("urls", "").split()]


def with_edited(trackers: list[str], request: HttpRequest) -> list[str]:
    """Return the trackers with another one in the place of one. Raises ValueError."""
    old, new = (request.POST.get(name, "").strip() for name in ("origUrl", "newUrl"))
    if old not in trackers or new in trackers:
        raise ValueError("There is no such tracker, or the new one is there already.")
    return [new if url == old else url for url in trackers]


def without_removed(trackers: list[str], request: HttpRequest) -> list[str]:
    """Return the trackers without those that the caller names. Raises ValueError."""
    gone = request.POST.get("urls", "").split("|")
    if not set(gone) & set(trackers):
        raise ValueError("None of these trackers is there.")
    return [url for url in trackers if url not in gone]


class EditTrackers(OneChange):
    """Adds, replaces or removes trackers."""

    edit: Any = None

    def act(self, job: Download, request: HttpRequest) -> HttpResponse | None:
        """Return 409 with the reason if one may not be asked."""
        changed = self.edit(job.trackers, request)
        job.change({"trackers": check_trackers(changed, job.trackers, job.is_private)})
        return None


class AddPeers(Bridge):
    """Contacts peers by address and port, of those networks that the operator has opened."""

    http_method_names = ["post"]
    changes = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return how many of them may be contacted, by hash; 400 if none is a peer."""
        peers = [peer for peer in request.POST.get("peers", "").split("|") if ":" in peer]
        if not peers:
            return answer("No peer is named as address:port.", 400)
        told = {}
        for job in self.chosen(request.POST.get("hashes", "")):
            added = job.add_peers(peers)
            told[job.info_hash[:40]] = {"added": added, "failed": len(peers) - added}
        return JsonResponse(told)


class Refused(Bridge):
    """A call of qBittorrent's that is not offered here on purpose."""

    http_method_names = ["get", "post"]
    reason = ""

    def get(self, request: HttpRequest, *args: Any) -> HttpResponse:
        """Return 403 with the reason, as for a call that is not allowed."""
        return answer(self.reason, 403)

    post = get
