"""The subset of qBittorrent's Web API that Sonarr, Radarr and their like call, under /api/v2/."""

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

    def reply(bridge: Bridge, request: HttpRequest) -> HttpResponse:
        given = asked(request).get("hash", "")
        job = bridge.chosen(given).first() if given != "all" else None
        return answer("Not Found", 404) if job is None else JsonResponse(draw(job), safe=False)

    return reply


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
