"""The calls of qBittorrent's API about categories, their folders, and tags."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from downloads.models.category import Category
from downloads.models.defaults import Defaults
from downloads.models.download import Download
from downloads.qbittorrent.base import Bridge, answer
from downloads.qbittorrent.commands import Change
from downloads.validators import clean_tags

MOST_TAGS = 1000


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


def below_library(path: str) -> str | None:
    """Return a folder below the library, of the absolute path that callers send; None if empty."""
    home = str(settings.DOWNLOAD_DIR)
    if path == home or path.startswith(f"{home}/"):
        return path.removeprefix(home).strip("/")
    return path or None


def category_at(owner: Any, path: str) -> Category | None:
    """Return a person's category with this folder of the library, created if there is none.

    None for the library itself. Raises ValidationError if the path is outside of the library.
    """
    folder = (below_library(path.rstrip("/")) or "").rstrip("/")
    if not folder:
        return None
    if folder.startswith("/"):
        raise ValidationError(f"{path} is not below the library, {settings.DOWNLOAD_DIR}.")
    known = Category.objects.visible_to(owner).filter(folder=folder).first()
    return known or category_of(owner, folder, folder)


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
            category_of(self.person, name, below_library(request.POST.get("savePath", "")))
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
        category.folder = below_library(request.POST.get("savePath", "")) or category.folder
        try:
            category.full_clean()
        except ValidationError as error:
            return answer(" ".join(error.messages), 409)
        category.save()
        category.move_files()
        return answer()


class RemoveCategories(Bridge):
    """Removes categories; their downloads stay, without one."""

    http_method_names = ["post"]
    changes = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Remove those of these names, one in each line; what lies in their folders moves."""
        names = request.POST.get("categories", "").splitlines()
        for category in Category.objects.visible_to(self.person).filter(name__in=names):
            for job in Download.objects.filter(category=category):
                job.change({"category": None})
            category.delete()
        return answer()


class Tags(Bridge):
    """Creates tags, or deletes them from everywhere."""

    http_method_names = ["post"]
    changes = True
    creates = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return 400 if they are no tags."""
        try:
            given = [
                tag for text in request.POST.get("tags", "").split(",") for tag in clean_tags(text)
            ]
        except ValueError as error:
            return answer(str(error), 400)
        defaults = Defaults.of(self.person)
        kept = [tag for tag in defaults.tags if tag not in given]
        defaults.tags = [*kept, *given][:MOST_TAGS] if self.creates else kept
        defaults.save()
        if not self.creates:
            for tag in given:
                rows: Any = self.mine()
                for job in rows.tagged(tag):
                    job.change({"tags": [one for one in job.tags if one != tag]})
        return answer()


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
