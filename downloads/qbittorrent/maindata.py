"""The call of qBittorrent's API that clients poll: everything first, then what has changed.

Each answer has a number, by which the next call names what its caller knows. A web process
remembers the last answers that it gave; where it does not know the number, the answer is full.
"""

import secrets
import threading
from collections import OrderedDict
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from downloads.qbittorrent import site
from downloads.qbittorrent.base import Bridge
from downloads.qbittorrent.format import torrent
from downloads.qbittorrent.queries import asked

REMEMBERED = 64
LARGEST = 2**31 - 1  # clients keep it in 32 bits

_lock = threading.Lock()
_known: OrderedDict[tuple[Any, int], dict[str, dict[str, int]]] = OrderedDict()


def maindata(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return all downloads, categories and tags, or what of them has changed since `rid`."""
    given = asked(request).get("rid", "")
    before = _recall(bridge.person.pk, int(given) if given.isdecimal() and len(given) < 11 else 0)
    parts: dict[str, dict[str, Any]] = {
        "torrents": {one["hash"]: one for one in map(torrent, bridge.mine())},
        "categories": bridge.categories(),
        "tags": {tag: tag for tag in bridge.tags()},
    }
    digests = {
        name: {key: hash(repr(one)) for key, one in now.items()} for name, now in parts.items()
    }
    told: dict[str, Any] = {
        "rid": _remember(bridge.person.pk, digests),
        "full_update": before is None,
        "server_state": site.server_state(bridge),
    }
    for name, now in parts.items():
        then = (before or {}).get(name, {})
        changed = {key: one for key, one in now.items() if then.get(key) != digests[name][key]}
        removed = list(then.keys() - now.keys())
        if changed or before is None:
            told[name] = list(changed) if name == "tags" else changed
        if removed:
            told[f"{name}_removed"] = removed
    return JsonResponse(told)


def _recall(person: Any, rid: int) -> dict[str, dict[str, int]] | None:
    with _lock:
        return _known.get((person, rid))


def _remember(person: Any, digests: dict[str, dict[str, int]]) -> int:
    rid = 1 + secrets.randbelow(LARGEST)
    with _lock:
        _known[person, rid] = digests
        while len(_known) > REMEMBERED:
            _known.popitem(last=False)
    return rid
