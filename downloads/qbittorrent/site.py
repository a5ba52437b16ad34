"""The site in the terms of qBittorrent's Web API: versions, preferences, rates and limits."""

import shutil
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from downloads.models.engine_demand import has_row
from downloads.models.mailboxes import site_line
from downloads.models.speed_plan import KILO, PersonSpeed, SpeedPlan
from downloads.models.traffic import Traffic
from downloads.qbittorrent.base import Bridge, answer
from jobsite.jobs.models.job_event import JobEvent

VERSION = "v4.6.7"
LINES = 1000
# Name of a parameter -> our level, and qBittorrent's number of it.
LEVELS = {"normal": ("info", 1), "warning": ("warning", 4), "critical": ("error", 8)}
API_VERSION = "2.9.3"  # the newest that still says "paused" where later ones say "stopped"


def app_version(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the version of qBittorrent that is imitated."""
    return answer(VERSION)


def api_version(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the version of its Web API."""
    return answer(API_VERSION)


def build_info(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the versions of libraries that callers ask for."""
    return JsonResponse({"qt": "", "libtorrent": "2.1", "boost": "", "openssl": "", "bitness": 64})


def save_path(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the folder of finished files."""
    return answer(f"{settings.DOWNLOAD_DIR}/")


def nothing(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return an empty list: of what is asked for there is none here."""
    return JsonResponse([], safe=False)


def log_lines(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the newest log lines of the caller's downloads, of the levels that are asked for."""
    given = request.POST or request.GET
    known = given.get("last_known_id", "-1")
    mine = bridge.mine().order_by().values("pk")
    lines = JobEvent.objects.filter(job_id__in=mine, id__gt=int(known) if known.isdecimal() else -1)
    wanted = [
        level for name, (level, _) in LEVELS.items() if given.get(name, "true").lower() != "false"
    ]
    newest = lines.filter(level__in=wanted).order_by("-id")[:LINES]
    numbers = dict(LEVELS.values())
    told = [
        {
            "id": line.pk,
            "message": line.text,
            "timestamp": int(line.at.timestamp()),
            "type": numbers[line.level],
        }
        for line in reversed(newest)
    ]
    return JsonResponse(told, safe=False)


def is_connected() -> bool:
    """Return whether torrents reach others, or would if there were any."""
    return site_line() is not None or not has_row()


def transfer(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the rates of the caller's downloads together, and the limits that hold."""
    return JsonResponse(transfer_info(bridge, SpeedPlan.current()))


def transfer_info(bridge: Bridge, plan: SpeedPlan) -> dict[str, Any]:
    """Return the rates, amounts and limits of the caller."""
    rates = bridge.mine().order_by().aggregate(down=Sum("rate_down"), up=Sum("rate_up"))
    today = Traffic.objects.filter(owner=bridge.person, day=timezone.localdate()).total()
    limits = _limits(bridge, plan)
    return {
        "connection_status": "connected" if is_connected() else "disconnected",
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
    plan = SpeedPlan.current()
    return transfer_info(bridge, plan) | {
        "alltime_dl": ever["down"],
        "alltime_ul": ever["up"],
        "global_ratio": f"{ever['up'] / ever['down'] if ever['down'] else 0:.2f}",
        "free_space_on_disk": free,
        "queueing": True,
        "refresh_interval": 1500,
        "use_alt_speed_limits": plan.is_slow_now(),
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
    return answer("1" if SpeedPlan.current().is_slow_now() else "0")


def download_limit(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the limit of all downloads of the caller together; 0 is none."""
    return answer(str(_limits(bridge, SpeedPlan.current())[0]))


def upload_limit(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the limit of all uploads of the caller together; 0 is none."""
    return answer(str(_limits(bridge, SpeedPlan.current())[1]))


def _limits(bridge: Bridge, plan: SpeedPlan) -> tuple[int, int]:
    """Return bytes per second, down and up: the tighter of the caller's limit and the site's."""
    own = PersonSpeed.objects.filter(user=bridge.person).first() or PersonSpeed()
    site = plan.speed_at(timezone.localtime())
    down = [limit for limit in (own.down_kb * KILO, site.down) if limit]
    up = [limit for limit in (own.up_kb * KILO, site.up) if limit]
    return min(down, default=0), min(up, default=0)
