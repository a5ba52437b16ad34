"""The subset of qBittorrent's Web API that Sonarr, Radarr and their like call, under /api/v2/."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib.auth.decorators import login_not_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from downloads.models.category import Category
from downloads.models.download import Download
from downloads.qbittorrent import format as words
from downloads.qbittorrent.session import COOKIE, LASTS, PATH, Locked, person_of, sign_in, sign_out
from jobsite.jobs.api.authentication import READ_ONLY

MOST_HASHES = 500


def answer(text: str = "", status: int = 200) -> HttpResponse:
    """Plain text, as these callers expect it."""
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class Login(View):
    """Start a session; the answer is a word."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """`Ok.` with a cookie, or `Fails.`"""
        name, password = request.POST.get("username", ""), request.POST.get("password", "")
        try:
            key = sign_in(request, name, password)
        except Locked:
            return answer("Too many wrong tries. Wait a quarter of an hour.", 403)
        if key is None:
            return answer("Fails.")
        response = answer("Ok.")
        response.set_cookie(
            COOKIE,
            key,
            LASTS,
            path=PATH,
            httponly=True,
            samesite="Strict",
            secure=request.is_secure(),
        )
        return response


def holds_nul(fields: QueryDict) -> bool:
    """Whether a value holds what no database takes; forms look for it, and here are none."""
    return any("\0" in value for _, values in fields.lists() for value in values)


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class Bridge(View):
    """A call of somebody who is signed in; anybody else is told 403, as callers expect."""

    changes: ClassVar[bool] = False
    person: Any = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Who it is comes first."""
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
        """The caller's downloads."""
        rows: Any = Download.objects.visible_to(self.person)
        return rows.select_related("category")

    def chosen(self, given: str) -> QuerySet[Download]:
        """Those of them that `hashes` names: `all`, or hashes with bars between them."""
        if given == "all":
            return self.mine()
        match = Q(pk=None)
        for one in given.lower().split("|")[:MOST_HASHES]:
            if len(one) in {40, 64} and one.isalnum():
                # qBittorrent shortens the hash of a v2 torrent to 40 digits.
                match |= Q(info_hash__startswith=one) | Q(info_hash_v2=one)
        return self.mine().filter(match)

    def categories(self) -> dict[str, dict[str, str]]:
        """The caller's categories by name."""
        home = words.preferences()["save_path"]
        return {
            one.name: {"name": one.name, "savePath": f"{home}{one.folder}".rstrip("/")}
            for one in Category.objects.visible_to(self.person)
        }

    def tags(self) -> list[str]:
        """All tags that the caller uses."""
        rows: Any = Download.objects
        return rows.tags_of(self.person)


class Told(Bridge):
    """A look: whatever `tell` answers."""

    http_method_names = ["get", "post"]
    tell: Any = None

    def get(self, request: HttpRequest) -> HttpResponse:
        """The answer."""
        return self.tell(self, request)

    post = get  # some callers always post


class Logout(Bridge):
    """End the session."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Its cookie opens nothing any more."""
        sign_out(request)
        response = answer("Ok.")
        response.delete_cookie(COOKIE, path=PATH)
        return response


def app_version(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """The version of qBittorrent whose words are spoken."""
    return answer(words.VERSION)


def api_version(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """The version of its Web API."""
    return answer(words.API_VERSION)


def build_info(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """What it is built of."""
    return JsonResponse({"qt": "", "libtorrent": "2.1", "boost": "", "openssl": "", "bitness": 64})


def preferences(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """What callers look at before they add anything."""
    return JsonResponse(words.preferences())


def save_path(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Where finished files are."""
    return answer(words.preferences()["save_path"])


def info(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """The list, filtered."""
    rows, given = bridge.mine(), asked(request)
    if "category" in given:
        name = given["category"]
        rows = rows.filter(category__name=name) if name else rows.filter(category=None)
    if given.get("tag"):
        rows = rows.tagged(given["tag"])  # type: ignore[attr-defined]
    if "hashes" in given:
        rows = rows & bridge.chosen(str(given["hashes"]))
    wanted = _FILTERS.get(given.get("filter", "all"), _everything)
    found = [words.torrent(job) for job in rows.order_by("created_at")]
    return JsonResponse([one for one in found if wanted(one)], safe=False)


def asked(request: HttpRequest) -> QueryDict:
    """The parameters of a look: some callers post them."""
    return request.POST or request.GET


def _everything(torrent: dict[str, Any]) -> bool:
    return True


def _is_paused(torrent: dict[str, Any]) -> bool:
    return torrent["state"].startswith("paused")


def _is_active(torrent: dict[str, Any]) -> bool:
    return bool(torrent["dlspeed"] or torrent["upspeed"])


_FILTERS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "downloading": lambda one: one["progress"] < 1,
    "completed": lambda one: one["progress"] >= 1,
    "seeding": lambda one: one["state"] in {"uploading", "stalledUP"},
    "paused": _is_paused,
    "stopped": _is_paused,
    "resumed": lambda one: not _is_paused(one),
    "running": lambda one: not _is_paused(one),
    "stalled": lambda one: one["state"].startswith("stalled"),
    "stalled_downloading": lambda one: one["state"] == "stalledDL",
    "stalled_uploading": lambda one: one["state"] == "stalledUP",
    "errored": lambda one: one["state"] == "error",
    "active": _is_active,
    "inactive": lambda one: not _is_active(one),
}


def of_one(draw: Callable[[Download], Any]) -> Callable[[Bridge, HttpRequest], HttpResponse]:
    """A look at the download that `hash` names; 404 where there is none."""

    def tell(bridge: Bridge, request: HttpRequest) -> HttpResponse:
        given = asked(request).get("hash", "")
        job = bridge.chosen(given).first() if given != "all" else None
        return answer("Not Found", 404) if job is None else JsonResponse(draw(job), safe=False)

    return tell


def trackers(job: Download) -> list[dict[str, Any]]:
    """The trackers of its link; how each is doing is on its page."""
    return [
        {"url": url, "tier": tier, "status": 1, "num_peers": -1, "msg": ""}
        for tier, url in enumerate(job.trackers)
    ]


def categories(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """All of the caller's."""
    return JsonResponse(bridge.categories())


def tags(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """All of the caller's."""
    return JsonResponse(bridge.tags(), safe=False)


def transfer(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """The rates of the caller's downloads together."""
    return JsonResponse(_server_state(bridge.mine()))


def maindata(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Everything at once; each answer is a full one."""
    rows = bridge.mine()
    torrents = {one["hash"]: one for one in map(words.torrent, rows)}
    return JsonResponse(
        {
            "rid": 0,
            "full_update": True,
            "torrents": torrents,
            "categories": bridge.categories(),
            "tags": bridge.tags(),
            "server_state": _server_state(rows),
        }
    )


def _server_state(rows: QuerySet[Download]) -> dict[str, Any]:
    rates = list(rows.values_list("rate_down", "rate_up"))
    return {
        "connection_status": "connected",
        "dht_nodes": 0,
        "dl_info_speed": sum(down for down, _ in rates),
        "dl_info_data": 0,
        "up_info_speed": sum(up for _, up in rates),
        "up_info_data": 0,
    }
