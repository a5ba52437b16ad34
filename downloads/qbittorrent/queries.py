"""The read-only calls of qBittorrent's API about downloads, categories and tags."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase

from downloads.metainfo.export import torrent_bytes
from downloads.models.download import Download
from downloads.qbittorrent import format as words
from downloads.qbittorrent.base import Bridge, answer, is_yes
from downloads.web.content import TORRENT


class Query(Bridge):
    """A read-only call, answered by `reply`."""

    http_method_names = ["get", "post"]
    reply: Any = None

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.reply(self, request)

    post = get  # some callers always post


def info(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the downloads that a filter lets through, sorted, and of them a part."""
    found, given = listed(bridge, request), asked(request)
    key = given.get("sort", "")
    if found and key in found[0]:
        found.sort(key=lambda one: _sortable(one[key]))
    if is_yes(given, "reverse"):
        found.reverse()
    return JsonResponse(part_of(found, given), safe=False)


def count(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return how many downloads there are."""
    return answer(str(bridge.mine().count()))


def listed(bridge: Bridge, request: HttpRequest) -> list[dict[str, Any]]:
    """Return the downloads that the parameters let through, the oldest first."""
    rows, given = bridge.mine(), asked(request)
    if "category" in given:
        name = given["category"]
        rows = rows.filter(category__name=name) if name else rows.filter(category=None)
    if "tag" in given:
        tagged: Any = rows
        rows = tagged.tagged(given["tag"]) if given["tag"] else rows.filter(tags=[])
    if "hashes" in given:
        rows = rows & bridge.chosen(str(given["hashes"]))
    if given.get("private"):
        rows = rows.filter(is_private=is_yes(given, "private"))
    wanted = _FILTERS.get(given.get("filter", "all"), _everything)
    found = [words.torrent(job) for job in rows.order_by("created_at")]
    return [one for one in found if wanted(one)]


def part_of(found: Sequence[Any], given: Mapping[str, str]) -> Sequence[Any]:
    """Return `limit` of them from `offset` on; a negative offset counts from the end."""
    offset, limit = _number(given.get("offset", "")), _number(given.get("limit", ""))
    start = max(0, len(found) + offset) if offset < 0 else offset
    return found[start : start + limit] if limit > 0 else found[start:]


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def _sortable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


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
    "checking": lambda one: one["state"].startswith("checking"),
    "moving": lambda one: one["state"] == "moving",
    "errored": lambda one: one["state"] in {"error", "missingFiles"},
    "active": _is_active,
    "inactive": lambda one: not _is_active(one),
}


def of_one(draw: Callable[[Download], Any]) -> Callable[[Bridge, HttpRequest], HttpResponse]:
    """Answer about the download that `hash` names; 404 if there is none."""

    def reply(bridge: Bridge, request: HttpRequest) -> HttpResponse:
        job = bridge.named(asked(request))
        return answer("Not Found", 404) if job is None else JsonResponse(draw(job), safe=False)

    return reply


def categories(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return all categories of the caller."""
    return JsonResponse(bridge.categories())


def tags(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return all tags of the caller."""
    return JsonResponse(bridge.tags(), safe=False)


def export(bridge: Bridge, request: HttpRequest) -> HttpResponseBase:
    """Return the .torrent file of a download; 409 while its list of files is not known."""
    job = bridge.named(asked(request))
    if job is None:
        return answer("Not Found", 404)
    data = torrent_bytes(job.descriptions, job.trackers)
    if data is None:
        return answer("The list of files is not known yet.", 409)
    return HttpResponse(data, content_type=TORRENT)


def web_seeds(job: Download) -> list[dict[str, str]]:
    """Return the answer of `torrents/webseeds`."""
    return [{"url": url} for url in job.web_seeds]
