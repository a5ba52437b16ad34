"""The base of the qBittorrent API's views: sign-in, hashes, answers as qBittorrent gives them."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Q, QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from downloads.models.category import Category
from downloads.models.defaults import Defaults
from downloads.models.download import Download
from downloads.qbittorrent.session import person_of
from jobsite.jobs.api.authentication import READ_ONLY

YES = {"true", "1"}
AT_ONCE = 200  # hashes of one statement: SQLite nests no deeper than 1,000 expressions
SHORT = 40


def answer(text: str = "", status: int = 200) -> HttpResponse:
    """Return plain text, as these callers expect it."""
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def is_yes(given: Mapping[str, str], name: str) -> bool:
    """Return whether a parameter says yes, in any of the ways that callers have."""
    return given.get(name, "").lower() in YES


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
        hashes = list(dict.fromkeys(given.lower().split("|")))
        found: set[Any] = set()
        for start in range(0, len(hashes), AT_ONCE):
            part = hashes[start : start + AT_ONCE]
            # qBittorrent shortens the hash of a v2 torrent to 40 digits.
            match = Q(info_hash__in=part) | Q(info_hash_v2__in=part) | Q(short__in=part)
            rows = self.mine().alias(short=Left("info_hash", SHORT)).order_by()
            found.update(rows.filter(match).values_list("pk", flat=True))
        return self.mine().filter(pk__in=found)

    def named(self, given: Mapping[str, str]) -> Download | None:
        """Return the one download that `hash` names; None if there is none."""
        key = given.get("hash", "")
        return self.chosen(key).first() if key != "all" else None

    def categories(self) -> dict[str, dict[str, str]]:
        """Return the caller's categories by name."""
        home = f"{settings.DOWNLOAD_DIR}/"
        return {
            one.name: {"name": one.name, "savePath": f"{home}{one.folder}".rstrip("/")}
            for one in Category.objects.visible_to(self.person)
        }

    def tags(self) -> list[str]:
        """Return all tags that the caller uses or has created."""
        rows: Any = Download.objects
        known = {*rows.tags_of(self.person), *Defaults.of(self.person).tags}
        return sorted(known, key=str.casefold)
