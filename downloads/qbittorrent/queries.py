"""The read-only calls of qBittorrent's API that Sonarr, Radarr and their like make."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict

from downloads.models.download import Download
from downloads.qbittorrent import format as words
from downloads.qbittorrent.base import Bridge, answer


class Query(Bridge):
    """A read-only call, answered by `reply`."""

    http_method_names = ["get", "post"]
    reply: Any = None

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.reply(self, request)

    post = get  # some callers always post


def app_version(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the version of qBittorrent that is imitated."""
    return answer(words.VERSION)


def api_version(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the version of its Web API."""
    return answer(words.API_VERSION)


def build_info(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the versions of libraries that callers ask for."""
    return JsonResponse({"qt": "", "libtorrent": "2.1", "boost": "", "openssl": "", "bitness": 64})


def preferences(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the preferences that callers check before they add anything."""
    return JsonResponse(words.preferences())


def save_path(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the folder of finished files."""
    return answer(words.preferences()["save_path"])


def info(bridge: Bridge, request: HttpRequest) -> HttpResponse:
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
    """Return the parameters of a query: some callers post them."""
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
    """Answer about the download that `hash` names; 404 if there is none."""

    def reply(bridge: Bridge, request: HttpRequest) -> HttpResponse:
        given = asked(request).get("hash", "")
        job = bridge.chosen(given).first() if given != "all" else None
        return answer("Not Found", 404) if job is None else JsonResponse(draw(job), safe=False)

    return reply


def trackers(job: Download) -> list[dict[str, Any]]:
    """Return the trackers of its link; its page shows how each responds."""
    return [
        {"url": url, "tier": tier, "status": 1, "num_peers": -1, "msg": ""}
        for tier, url in enumerate(job.trackers)
    ]


def categories(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return all categories of the caller."""
    return JsonResponse(bridge.categories())


def tags(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return all tags of the caller."""
    return JsonResponse(bridge.tags(), safe=False)


def transfer(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the rates of the caller's downloads together."""
    return JsonResponse(_server_state(bridge.mine()))


def maindata(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return everything at once; each answer is a full one."""
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
