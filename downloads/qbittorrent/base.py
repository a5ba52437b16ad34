"""The base of the qBittorrent API's views: sign-in, hashes, answers as qBittorrent gives them."""

from typing import Any, ClassVar

from django.contrib.auth.decorators import login_not_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from downloads.models.category import Category
from downloads.models.download import Download
from downloads.qbittorrent import format as words
from downloads.qbittorrent.session import person_of
from jobsite.jobs.api.authentication import READ_ONLY

MOST_HASHES = 500


def answer(text: str = "", status: int = 200) -> HttpResponse:
    """Return plain text, as these callers expect it."""
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def holds_nul(fields: QueryDict) -> bool:
    """Return whether a value holds NUL, which no database takes;

    there are no forms here to check it.
    """
    return any("\0" in value for _, values in fields.lists() for value in values)


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class Bridge(View):
    """A call by a signed-in client; others get status 403, as clients expect."""

    changes: ClassVar[bool] = False
    person: Any = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find out who calls before anything else."""
        self.person, may_change = person_of(request)
        if self.person is None:
            return answer("Forbidden", 403)
        request.user = self.person  # before the body is read: strangers may not upload
        if request.method == "POST" and self.changes and not may_change:
            return answer(READ_ONLY, 403)
        if holds_nul(request.GET) or holds_nul(request.POST):
            return answer("No parameter may hold a NUL.", 400)
        return super().dispatch(request, *args, **kwargs)

    def mine(self) -> QuerySet[Download]:
        rows: Any = Download.objects.visible_to(self.person)
        return rows.select_related("category")

    def chosen(self, given: str) -> QuerySet[Download]:
        """Return the downloads that `hashes` names: `all`, or hashes separated by bars."""
        if given == "all":
            return self.mine()
        match = Q(pk=None)
        for one in given.lower().split("|")[:MOST_HASHES]:
            if len(one) in {40, 64} and one.isalnum():
                # qBittorrent shortens the hash of a v2 torrent to 40 digits.
                match |= Q(info_hash__startswith=one) | Q(info_hash_v2=one)
        return self.mine().filter(match)

    def categories(self) -> dict[str, dict[str, str]]:
        """Return the caller's categories by name."""
        home = words.preferences()["save_path"]
        return {
            one.name: {"name": one.name, "savePath": f"{home}{one.folder}".rstrip("/")}
            for one in Category.objects.visible_to(self.person)
        }

    def tags(self) -> list[str]:
        """Return all tags that the caller uses."""
        rows: Any = Download.objects
        return rows.tags_of(self.person)
