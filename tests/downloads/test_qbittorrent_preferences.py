"""The site's settings as qBittorrent's Web API has them: preferences, limits, bans."""

import json

import pytest

from downloads.models.network import BannedPeer, ListenPort
from downloads.models.speed_plan import SpeedPlan
from jobsite.jobs.models.api_token import ApiToken
from tests.support.sonarr import Sonarr


@pytest.fixture
def boss(staff) -> Sonarr:
    return Sonarr("staff", ApiToken.make(staff, "sonarr"))


def refusal(caller: Sonarr, resource: str, **form) -> tuple[int, str]:
    if not caller.signed_in:
        assert caller.sign_in() == "Ok."
    response = caller.client.post(f"/api/v2/{resource}", form)
    return response.status_code, response.content.decode()


def test_gluetun_sets_the_forwarded_port(boss, settings) -> None:
    given = {"listen_port": 51_413, "random_port": False, "upnp": False}
    boss.post("app/setPreferences", json=json.dumps(given))
    assert ListenPort.current().port == 51_413
    assert boss.get("app/preferences").json()["listen_port"] == 51_413


def test_limits_are_set_and_the_rest_is_refused_by_name(boss) -> None:
    given = {"dl_limit": 1024 * 500, "up_limit": 0, "alt_dl_limit": 10_240, "alt_up_limit": 5120}
    boss.post("app/setPreferences", json=json.dumps({**given, "dht": False}))
    plan = SpeedPlan.current()
    assert (plan.down_kb, plan.up_kb, plan.slow_down_kb, plan.slow_up_kb) == (500, 0, 10, 5)
    assert {**boss.get("app/preferences").json(), **given} == boss.get("app/preferences").json()
    mixed = json.dumps({"dl_limit": 0, "web_ui_port": 1, "autorun_enabled": True})
    status, text = refusal(boss, "app/setPreferences", json=mixed)
    assert status == 400 and "autorun_enabled, web_ui_port cannot be set here" in text
    assert SpeedPlan.current().down_kb == 500
    for wrong in ("", "[]", '{"listen_port": 99999}', '{"listen_port": "x"}', '{"dl_limit": null}'):
        assert refusal(boss, "app/setPreferences", json=wrong)[0] == 400, wrong


def test_speed_modes_are_switched_and_limits_hold_for_the_mode(boss) -> None:
    boss.post("transfer/setDownloadLimit", limit=512_000)
    boss.post("transfer/toggleSpeedLimitsMode")
    assert boss.get("transfer/speedLimitsMode").content == b"1"
    boss.post("transfer/setDownloadLimit", limit=10_240)
    boss.post("transfer/setUploadLimit", limit=20_480)
    assert boss.get("transfer/downloadLimit").content == b"10240"
    boss.post("transfer/setSpeedLimitsMode", mode=0)
    assert boss.get("transfer/downloadLimit").content == b"512000"
    assert refusal(boss, "transfer/setDownloadLimit", limit="fast")[0] == 400
    assert refusal(boss, "transfer/setSpeedLimitsMode", mode="x")[0] == 400


def test_peers_are_banned_by_address_and_port(boss) -> None:
    boss.post("transfer/banPeers", peers="203.0.113.7:6881|[2001:db8::7]:1")
    assert boss.get("app/preferences").json()["banned_IPs"].split() == [
        "2001:db8::7",
        "203.0.113.7",
    ]
    assert refusal(boss, "transfer/banPeers", peers="203.0.113.8:1|nobody")[0] == 400
    assert BannedPeer.objects.count() == 2
    boss.post("app/setPreferences", json=json.dumps({"banned_IPs": "203.0.113.9"}))
    assert [peer.address for peer in BannedPeer.objects.all()] == ["203.0.113.9"]


@pytest.mark.parametrize(
    ("resource", "form"),
    [
        ("app/setPreferences", {"json": '{"dl_limit": 1024}'}),
        ("transfer/setDownloadLimit", {"limit": "1024"}),
        ("transfer/toggleSpeedLimitsMode", {}),
        ("transfer/banPeers", {"peers": "203.0.113.7:1"}),
    ],
)
def test_what_holds_for_everybody_is_not_everybodys_to_change(sonarr, resource, form) -> None:
    status, text = refusal(sonarr, resource, **form)
    assert status == 403 and "only staff" in text
    assert not SpeedPlan.objects.exists() and not BannedPeer.objects.exists()
