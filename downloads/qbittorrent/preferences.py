"""The site's settings in the terms of qBittorrent's Web API: `app/preferences` and its change."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from downloads.models.network import BannedPeer, ListenPort
from downloads.models.speed_plan import KILO, NEVER, SpeedPlan
from downloads.qbittorrent.base import Bridge, answer
from downloads.qbittorrent.format import kilobytes
from jobsite.jobs.permissions import may

NOT_YOURS = "This serves several people: only staff who may change the site's settings set that."
ENCRYPTION = {"allow": 0, "require": 1, "off": 2}
PROXIES = {"socks5": "SOCKS5", "http": "HTTP"}
# Name of a limit -> the field of the speed plan that holds it.
LIMITS = {
    "dl_limit": "down_kb",
    "up_limit": "up_kb",
    "alt_dl_limit": "slow_down_kb",
    "alt_up_limit": "slow_up_kb",
}


def preferences(person: Any) -> dict[str, Any]:
    """Return the answer of `app/preferences`: the values that its callers read.

    A ratio of 0 is said to be enough: its caller may remove what is complete.
    """
    plan, proxy = SpeedPlan.current(), settings.DOWNLOAD_PROXY
    banned = BannedPeer.objects.all() if may(person, "add", BannedPeer) else ()
    return {
        "save_path": f"{settings.DOWNLOAD_DIR}/",
        "dht": settings.DOWNLOAD_DHT,
        "pex": True,
        "lsd": False,
        "queueing_enabled": True,
        "max_active_downloads": settings.DOWNLOAD_ACTIVE,
        "max_active_uploads": settings.DOWNLOAD_SEEDS or -1,
        "max_ratio_enabled": True,
        "max_ratio": 0,
        "max_ratio_act": 0,
        "max_seeding_time_enabled": False,
        "max_seeding_time": -1,
        "max_inactive_seeding_time_enabled": False,
        "max_inactive_seeding_time": -1,
        **{name: getattr(plan, field) * KILO for name, field in LIMITS.items()},
        "scheduler_enabled": plan.slow_hours != NEVER,
        "start_paused_enabled": False,
        "torrent_content_layout": "Original",
        "listen_port": ListenPort.current().port,
        "random_port": False,
        "upnp": settings.DOWNLOAD_PORT_FORWARDING,
        "encryption": ENCRYPTION[settings.DOWNLOAD_ENCRYPTION],
        "anonymous_mode": settings.DOWNLOAD_ANONYMOUS,
        "announce_to_all_tiers": settings.DOWNLOAD_ALL_TRACKERS,
        "announce_to_all_trackers": settings.DOWNLOAD_ALL_TRACKERS,
        "max_connec": settings.DOWNLOAD_CONNECTIONS,
        "max_connec_per_torrent": settings.DOWNLOAD_TORRENT_CONNECTIONS or -1,
        "max_uploads": settings.DOWNLOAD_UPLOAD_SLOTS,
        "current_network_interface": settings.DOWNLOAD_INTERFACE,
        "proxy_type": PROXIES[proxy.kind] if proxy else "None",
        "proxy_ip": proxy.host if proxy else "",
        "proxy_port": proxy.port if proxy else 0,
        "ip_filter_enabled": settings.DOWNLOAD_BLOCK_LIST is not None,
        "banned_IPs": "\n".join(peer.address for peer in banned),
    }


def read(bridge: Bridge, request: HttpRequest) -> HttpResponse:
    """Return the preferences that callers check before they add anything."""
    return JsonResponse(preferences(bridge.person))


class SetPreferences(Bridge):
    """Changes those that can be changed while the site runs; any other is refused by name."""

    http_method_names = ["post"]
    changes = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return 400 for what is no preference, 403 for what is not the caller's to set.

        Of several, all are set or none is.
        """
        try:
            given = json.loads(request.POST.get("json", ""))
        except ValueError:
            given = None
        if not isinstance(given, dict):
            return answer("`json` is no object of preferences.", 400)
        now = preferences(self.person)
        asked = {name: value for name, value in given.items() if now.get(name) != value}
        if unknown := sorted(asked.keys() - CHANGES.keys()):
            return answer(_refusal(unknown), 400)
        if not all(may(self.person, "change", CHANGES[name][0]) for name in asked):
            return answer(NOT_YOURS, 403)
        try:
            with transaction.atomic():
                for name, value in asked.items():
                    CHANGES[name][1](name, value)
        except ValidationError as error:
            return answer(" ".join(error.messages), 400)
        except (ValueError, TypeError):
            return answer(f"The value of {name} cannot be used.", 400)
        return answer()


def _refusal(names: list[str]) -> str:
    named = ", ".join(name[:60] for name in names[:10])
    return f"Nothing is changed: {named} cannot be set here. README.md names the site's settings."


def _set_limit(name: str, value: Any) -> None:
    plan = SpeedPlan.current()
    setattr(plan, LIMITS[name], kilobytes(str(int(value))))
    plan.save()


def _set_port(name: str, value: Any) -> None:
    ListenPort.set(int(value))


def _set_banned(name: str, value: Any) -> None:
    addresses = str(value).split()
    BannedPeer.objects.exclude(address__in=addresses).delete()
    for address in addresses:
        BannedPeer.ban(address)


Setter = Callable[[str, Any], None]
CHANGES: Mapping[str, tuple[Any, Setter]] = {
    **dict.fromkeys(LIMITS, (SpeedPlan, _set_limit)),
    "listen_port": (ListenPort, _set_port),
    "banned_IPs": (BannedPeer, _set_banned),
}


class SiteChange(Bridge):
    """A call of staff that changes the site for everybody."""

    http_method_names = ["post"]
    changes = True
    model: Any = SpeedPlan

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return 403 to those who may not, 400 for a value that cannot be used."""
        if not may(self.person, "change", self.model):
            return answer(NOT_YOURS, 403)
        try:
            self.act(request)
        except (ValueError, ValidationError):
            return answer("The value cannot be used.", 400)
        return answer()

    def act(self, request: HttpRequest) -> None:
        """Change it. Raises ValueError or ValidationError."""
        raise NotImplementedError


class SetSiteLimit(SiteChange):
    """Sets how fast everything together may be, in the profile that holds now."""

    usual, slow = "", ""

    def act(self, request: HttpRequest) -> None:
        plan = SpeedPlan.current()
        field = self.slow if plan.is_slow_now() else self.usual
        setattr(plan, field, kilobytes(request.POST.get("limit", "")))
        plan.save()


class SwitchSpeed(SiteChange):
    """Switches to the slow limits and back: to what `mode` says, else to the other ones."""

    def act(self, request: HttpRequest) -> None:
        plan, mode = SpeedPlan.current(), request.POST.get("mode", "")
        if mode not in {"", "0", "1"}:
            raise ValueError
        plan.switch(mode == "1" if mode else not plan.is_slow_now())


class BanPeers(SiteChange):
    """Bans the peers of addresses such as 203.0.113.7:6881, separated by bars."""

    model = BannedPeer

    def act(self, request: HttpRequest) -> None:
        with transaction.atomic():
            for peer in request.POST.get("peers", "").split("|"):
                host, colon, port = peer.strip().rpartition(":")
                if not colon or not port.isdecimal():
                    raise ValueError
                BannedPeer.ban(host.strip("[]"))
