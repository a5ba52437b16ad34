"""The calls of qBittorrent's API that change something: add, remove, pause, sort."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from downloads.adding import read_links, read_torrents, submit
from downloads.models.category import Category
from downloads.models.defaults import Defaults
from downloads.models.download import Download
from downloads.models.seeding_goal import INHERITED
from downloads.qbittorrent.base import Bridge, answer
from downloads.qbittorrent.format import layout, seeding_goal
from downloads.validators import clean_tags
from jobsite.jobs.models.allowance import OverAllowance
from jobsite.jobs.web.uploads import refusal, status_of

YES = {"true", "1"}


class Change(Bridge):
    """A call that changes something, for the downloads that `hashes` names."""

    http_method_names = ["post"]
    changes = True

    def post(self, request: HttpRequest) -> HttpResponse:
        for job in self.chosen(request.POST.get("hashes", "")):
            self.act(job, request)
        return answer()

    def act(self, job: Download, request: HttpRequest) -> None:
        """Act on one download."""
        raise NotImplementedError


class Add(Bridge):
    """Add links and .torrent files with their options."""

    http_method_names = ["post"]
    changes = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return `Ok.` if something was added or is here already, else `Fails.`"""
        given = request.POST
        if refusal(request):
            return answer("Fails.", status_of(request))
        asked = [
            *read_links(given.get("urls", "")),
            *read_torrents(request.FILES.getlist("torrents")),
        ]
        try:
            options = {
                "category": category_of(self.person, given.get("category", "")),
                "tags": clean_tags(given.get("tags", "")),
                "sequential": given.get("sequentialDownload", "").lower() in YES,
                "ends_first": given.get("firstLastPiecePrio", "").lower() in YES,
                "layout": layout(given) or Defaults.of(self.person).layout,
                **seeding_goal(given),
            }
            added = submit(self.person, asked, options)
        except (ValueError, ValidationError, OverAllowance):
            return answer("Fails.")
        if YES & {given.get("paused", "").lower(), given.get("stopped", "").lower()}:
            for job in added.added:
                job.pause()
        return answer("Ok." if asked and not added.is_useless else "Fails.")


def category_of(owner: Any, name: str, folder: str | None = None) -> Category | None:
    """Return a person's category of this name, created if there is none. Raises ValidationError."""
    if not name:
        return None
    known = Category.objects.visible_to(owner).filter(name=name).first()
    if known is not None:
        return known
    made = Category(owner=owner, name=name, folder=name if folder is None else folder)
    made.full_clean()
    made.save()
    return made


class Delete(Change):
    """Removes downloads, and their files if asked to."""

    def act(self, job: Download, request: HttpRequest) -> None:
        """Mark the row; the engine does the rest."""
        job.request_delete(with_data=request.POST.get("deleteFiles", "").lower() in YES)


class Act(Change):
    """A button of a download; those whose state does not allow it stay as they are."""

    button: Any = None

    def act(self, job: Download, request: HttpRequest) -> None:
        self.button(job)


class Move(Change):
    """Changes places in the queue."""

    to = ""

    def act(self, job: Download, request: HttpRequest) -> None:
        """Move a download to one end of the queue, or by a step."""
        job.move(self.to)


class ForceStart(Change):
    """Start past the queue, or queue as others do."""

    def act(self, job: Download, request: HttpRequest) -> None:
        """Start a download past the queue, even if it was paused."""
        job.force(request.POST.get("value", "").lower() in YES)


class ShareLimits(Change):
    """Sets when the uploading of torrents ends."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return 400 if the limits are no numbers."""
        try:
            self.goal = seeding_goal(request.POST)
        except ValueError:
            return answer("The limits are no numbers.", 400)
        return super().post(request)

    def act(self, job: Download, request: HttpRequest) -> None:
        """Set the goal; without a limit, that of its category or of the site holds."""
        job.change(self.goal or {"seed": INHERITED})


class SetCategory(Change):
    """Puts downloads into a category that exists, or into none."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return 409 if there is no such category."""
        name = request.POST.get("category", "")
        category = Category.objects.visible_to(self.person).filter(name=name).first()
        if name and category is None:
            return answer("Incorrect category name", 409)
        for job in self.chosen(request.POST.get("hashes", "")):
            job.change({"category": category})
        return answer()


class CreateCategory(Bridge):
    """Creates a category; its folder has its name, unless another below the library is given."""

    http_method_names = ["post"]
    changes = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return 409 if the name cannot be used or is taken."""
        name = request.POST.get("category", "")
        if not name:
            return answer("Category name is empty", 400)
        if Category.objects.visible_to(self.person).filter(name=name).exists():
            return answer("Category exists already", 409)
        try:
            category_of(self.person, name, _below(request.POST.get("savePath", "")))
        except ValidationError as error:
            return answer(" ".join(error.messages), 409)
        return answer()


class EditCategory(Bridge):
    """Sets another folder for a category."""

    http_method_names = ["post"]
    changes = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return 409 if there is none of the name, or its folder cannot be used."""
        mine = Category.objects.visible_to(self.person)
        category = mine.filter(name=request.POST.get("category", "")).first()
        if category is None:
            return answer("There is no such category", 409)
        category.folder = _below(request.POST.get("savePath", "")) or category.folder
        try:
            category.full_clean()
        except ValidationError as error:
            return answer(" ".join(error.messages), 409)
        category.save()
        category.move_files()
        return answer()


def _below(path: str) -> str | None:
    """Return a folder below the library, of the absolute path that callers send; None if empty."""
    home = str(settings.DOWNLOAD_DIR)
    if path == home or path.startswith(f"{home}/"):
        return path.removeprefix(home).strip("/")
    return path or None


class Tag(Change):
    """Puts tags on downloads, or takes them off; all of them if none is named."""

    adds = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return 400 if they are no tags."""
        try:
            self.given = clean_tags(request.POST.get("tags", ""))
            return super().post(request)
        except ValueError as error:
            return answer(str(error), 400)

    def act(self, job: Download, request: HttpRequest) -> None:
        job.change({"tags": self._changed(job.tags)})

    def _changed(self, tags: Sequence[str]) -> list[str]:
        if self.adds:
            return clean_tags([*tags, *self.given])
        return [tag for tag in tags if self.given and tag not in self.given]
