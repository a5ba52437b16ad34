"""The site in the terms of qBittorrent's Web API: versions, preferences, rates and limits."""

import shutil
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from downloads.models.mailboxes import site_line
from downloads.models.speed_plan import KILO, PersonSpeed, SpeedPlan
from downloads.models.traffic import Traffic
from downloads.qbittorrent.base import Bridge, answer

VERSION = "v4.6.7"
API_VERSION = "2.9.3"  # the newest that still says "paused" where later ones say "stopped"


def preferences() -> dict[str, Any]:
    """Return the answer of `app/preferences`: the values that its callers read.

    A ratio of 0 is said to be enough: its caller may remove what is complete.
    """
    return {
        "save_path": f"{settings.DOWNLOAD_DIR}/",
        "dht": settings.DOWNLOAD_DHT,
        "queueing_enabled": True,
        "max_ratio_enabled": True,
        "max_ratio": 0,
        "max_ratio_act": 0,
        "max_seeding_time_enabled": False,
        "max_seeding_time": -1,
        "max_inactive_seeding_time_enabled": False,
        "max_inactive_seeding_time": -1,
        "dl_limit": settings.DOWNLOAD_MAX_DOWN_KB * 1024,
        "up_limit": settings.DOWNLOAD_MAX_UP_KB * 1024,
        "start_paused_enabled": False,
        "torrent_content_layout": "Original",
    }


def app_version(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the version of qBittorrent that is imitated."""
    return answer(VERSION)


def api_version(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the version of its Web API."""
    return answer(API_VERSION)


def build_info(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the versions of libraries that callers ask for."""
    return JsonResponse({"qt": "", "libtorrent": "2.1", "boost": "", "openssl": "", "bitness": 64})


def preferences_reply(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the preferences that callers check before they add anything."""
    return JsonResponse(preferences())


def save_path(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the folder of finished files."""
    return answer(preferences()["save_path"])


def nothing(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return an empty list: of what is asked for there is none here."""
    return JsonResponse([], safe=False)


def transfer(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the rates of the caller's downloads together, and the limits that hold."""
    return JsonResponse(transfer_info(bridge))


def transfer_info(bridge: Bridge) -> dict[str, Any]:
    """Return the rates, amounts and limits of the caller."""
    rates = bridge.mine().order_by().aggregate(down=Sum("rate_down"), up=Sum("rate_up"))
    today = Traffic.objects.filter(owner=bridge.person, day=timezone.localdate()).total()
    limits = _limits(bridge)
    return {
        "connection_status": "connected" if site_line() is not None else "disconnected",
        "dht_nodes": 0,
        "dl_info_speed": rates["down"] or 0,
        "dl_info_data": today["down"],
        "up_info_speed": rates["up"] or 0,
        "up_info_data": today["up"],
        "dl_rate_limit": limits[0],
        "up_rate_limit": limits[1],
    }


def server_state(bridge: Bridge) -> dict[str, Any]:
    """Return what `sync/maindata` tells of the server, as far as it concerns the caller."""
    ever = Traffic.objects.filter(owner=bridge.person).total()
    try:
        free = shutil.disk_usage(settings.DOWNLOAD_DIR).free
    except OSError:
        free = 0
    return transfer_info(bridge) | {
        "alltime_dl": ever["down"],
        "alltime_ul": ever["up"],
        "global_ratio": f"{ever['up'] / ever['down'] if ever['down'] else 0:.2f}",
        "free_space_on_disk": free,
        "queueing": True,
        "refresh_interval": 1500,
        "use_alt_speed_limits": _is_slow(),
        "use_subcategories": False,
        # Of the session as a whole, which serves several people.
        "total_peer_connections": bridge.mine().order_by().aggregate(n=Sum("peers"))["n"] or 0,
        "total_wasted_session": 0,
        "average_time_queue": 0,
        "queued_io_jobs": 0,
        "total_buffers_size": 0,
        "total_queued_size": 0,
        "read_cache_hits": "0",
        "read_cache_overload": "0",
        "write_cache_overload": "0",
    }


def speed_mode(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return 1 in the slow hours of the week, else 0."""
    return answer("1" if _is_slow() else "0")


def download_limit(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the limit of all downloads of the caller together; 0 is none."""
    return answer(str(_limits(bridge)[0]))


def upload_limit(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the limit of all uploads of the caller together; 0 is none."""
    return answer(str(_limits(bridge)[1]))


def _limits(bridge: Bridge) -> tuple[int, int]:
    """Return bytes per second, down and up: the tighter of the caller's limit and the site's."""
    own = PersonSpeed.objects.filter(user=bridge.person).first() or PersonSpeed()
    site = SpeedPlan.current().speed_at(timezone.localtime())
    down = [limit for limit in (own.down_kb * KILO, site.down) if limit]
    up = [limit for limit in (own.up_kb * KILO, site.up) if limit]
    return min(down, default=0), min(up, default=0)


def _is_slow() -> bool:
    return SpeedPlan.current().is_slow(timezone.localtime())
