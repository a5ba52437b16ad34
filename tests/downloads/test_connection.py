"""How torrents reach others: the port, blocked and banned addresses, encryption, speed modes."""

import gzip
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from downloads.ipc.torrent_details import LINE, DetailsMailbox
from downloads.models.download import Download
from downloads.models.network import BannedPeer, ListenPort
from downloads.models.speed_plan import NEVER, SpeedPlan
from downloads.rate_limits import HOURS_OF_A_WEEK
from downloads.session.block_list import parse, read_file
from downloads.session.ip_filter import ip_filter
from downloads.session.proxy import Proxy
from downloads.session.settings import BOOTSTRAP, Options, settings_for, with_port
from downloads.sync.network_rules import NetworkRules
from downloads.sync.seeding_rows import Seeds
from jobsite.jobs.status import Status
from tests.factories import a_download
from tests.support.ports import free_port
from tests.support.socks_proxy import SocksProxy
from tests.support.torrent_peers import LOOPBACK, seeder

MONDAY = datetime(2026, 11, 16, 9, 30)


# --- lists of addresses ---


@pytest.mark.parametrize(
    ("line", "ranges"),
    [
        ("203.0.113.0/24", [("203.0.113.0", "203.0.113.255")]),
        ("203.0.113.7", [("203.0.113.7", "203.0.113.7")]),
        ("2001:db8::/126", [("2001:db8::", "2001:db8::3")]),
        ("1.2.3.4 - 1.2.3.9", [("1.2.3.4", "1.2.3.9")]),
        ("Some one: else:1.2.3.4-1.2.3.9", [("1.2.3.4", "1.2.3.9")]),
        ("Six:2001:db8::1-2001:db8::ff", [("2001:db8::1", "2001:db8::ff")]),
        ("001.002.003.000 - 001.002.003.255 , 000 , Some", [("1.2.3.0", "1.2.3.255")]),
        ("1.2.3.4 - 1.2.3.5 , 127 , blocked", [("1.2.3.4", "1.2.3.5")]),
        ("1.2.3.4 - 1.2.3.5 , 128 , allowed", []),
        ("# a comment", []),
        ("", []),
    ],
)
def test_each_kind_of_line_of_a_block_list_is_read(line: str, ranges) -> None:
    found = parse([line])
    assert (found.ranges, found.refused) == (ranges, 0)


@pytest.mark.parametrize(
    "line", ["nonsense", "5.5.5.5-4.4.4.4", "1.1.1.999-2.2.2.2", "a-b", "::2-::1", "1.2.3.4/40"]
)
def test_a_line_that_cannot_be_read_is_counted_and_quoted(line: str) -> None:
    found = parse(["9.9.9.9", line])
    assert (len(found.ranges), found.refused, found.examples) == (1, 1, [f"line 2: {line}"])


def test_a_list_may_be_packed(tmp_path) -> None:
    path = tmp_path / "list.gz"
    path.write_bytes(gzip.compress(b"9.9.9.9\nwrong\n"))
    assert (read_file(path).ranges, read_file(path).refused) == ([("9.9.9.9", "9.9.9.9")], 1)


def test_bans_hold_before_allowed_networks_and_those_before_the_list() -> None:
    rules = ip_filter(
        LOOPBACK, [("127.0.0.0", "127.0.0.255"), ("8.8.8.8", "8.8.8.9")], ["127.0.0.9"]
    )
    for address, blocked in (
        *(("127.0.0.1", 0), ("127.0.0.9", 1), ("8.8.8.8", 1), ("8.8.4.4", 0), ("10.0.0.1", 1)),
    ):
        assert rules.access(address) == blocked


# --- the session's settings ---


def test_options_reach_libtorrent() -> None:
    names = ("in_enc_policy", "out_enc_policy", "allowed_enc_level")
    for word, values in {"allow": (1, 1, 3), "require": (0, 0, 2), "off": (2, 2, 3)}.items():
        found = settings_for(Options(encryption=word))
        assert tuple(found[name] for name in names) == values
    names = ("anonymous_mode", "enable_upnp", "enable_natpmp")
    assert not any(settings_for(Options())[name] for name in names)
    open_ = settings_for(Options(is_anonymous=True, forwards_port=True))
    assert all(open_[name] for name in names)
    for is_all in (True, False):
        found = settings_for(Options(announces_to_all=is_all))
        assert found["announce_to_all_tiers"] is found["announce_to_all_trackers"] is is_all


@pytest.mark.parametrize(
    ("kind", "user", "type_", "has_dht"),
    [
        ("socks5", "", 2, True),
        ("socks5", "ann", 3, True),
        ("http", "", 4, False),
        ("http", "a", 5, False),
    ],
)
def test_behind_a_proxy_everything_goes_through_it(kind, user, type_, has_dht) -> None:
    proxy = Proxy(kind, "vpn.example.org", 1080, user, "secret")
    found = settings_for(
        Options(proxy=proxy, forwards_port=True, bootstrap=("8.8.8.8:1", *BOOTSTRAP))
    )
    assert found["proxy_type"] == type_ and found["proxy_hostname"] == "vpn.example.org"
    through = ("proxy_hostnames", "proxy_peer_connections", "proxy_tracker_connections")
    assert all(found[name] for name in through)
    beside = ("enable_upnp", "enable_natpmp", "enable_lsd", "webtorrent_stun_server")
    assert not any(found[name] for name in beside)
    assert found["enable_dht"] is has_dht
    assert found["dht_bootstrap_nodes"] == "8.8.8.8:1"  # names would be looked up beside it
    assert "secret" not in repr(proxy)


@pytest.mark.parametrize(
    ("user", "password", "sentence"),
    [
        ("ann", "secret", ""),
        ("ann", "wrong", "refuses the user name and password: nothing is sent."),
        ("", "", "asks for a user name: nothing is sent."),
    ],
)
def test_a_proxy_is_asked_whether_it_lets_us_in(user, password, sentence) -> None:
    with SocksProxy(user="ann", password="secret") as proxy:
        problem = Proxy("socks5", proxy.host, proxy.port, user, password).problem()
        assert problem.endswith(sentence) and bool(problem) == bool(sentence)
        assert proxy.refused == bool(sentence)


def test_a_proxy_that_is_away_or_is_none_is_told() -> None:
    away = Proxy("http", "127.0.0.1", free_port()).problem()
    assert away.endswith("cannot be reached (Connection refused): nothing is sent.")


@pytest.mark.swarm
def test_a_torrent_is_fetched_through_the_proxy_alone(torrent_client, source) -> None:
    film = source / "film"
    film.write_bytes(os.urandom(2_000_000))
    with SocksProxy(user="ann", password="secret") as proxy, seeder(film) as [one]:
        options = {"proxy": Proxy("socks5", proxy.host, proxy.port, "ann", "secret")}
        client = torrent_client(options=options)
        client.want(one.link)
        client.finish(one.link.key)
        [(host, port)] = {*proxy.connected}
        assert [f"{host}:{port}"] == list(one.link.peers)


# --- while it runs ---


@pytest.mark.swarm
@pytest.mark.django_db
def test_port_bans_and_block_list_are_followed_while_it_runs(
    torrent_client, source, tmp_path, settings
) -> None:
    film = source / "film"
    film.write_bytes(os.urandom(2_000_000))
    client, rules = torrent_client(), NetworkRules()
    settings.DOWNLOAD_PORT_FILE, settings.DOWNLOAD_BLOCK_LIST = tmp_path / "port", tmp_path / "list"
    rules.step(client.reconciler)
    assert "cannot be read" in rules.status()["block_list_problem"]
    for _ in range(2):
        port = free_port()
        (tmp_path / "port").write_text(f"{port}\n")
        rules.step(client.reconciler)
        client.until(lambda me, port=port: me.reconciler.port == port)
    (tmp_path / "port").write_text("none yet")
    (tmp_path / "list").write_text("198.51.100.0/24\nwrong\n")
    BannedPeer.ban("127.0.0.1")
    rules.step(client.reconciler)
    told = rules.status()
    assert (told["blocked_ranges"], told["refused_lines"]) == (1, 1)
    with seeder(film) as [one]:
        client.want(one.link)
        client.until(lambda me: "peers found" in me.reason(one.link.key))
        BannedPeer.objects.all().delete()
        rules.step(client.reconciler)
        client.reconciler._engine.session._handles[one.link.key].connect_peer(
            ("127.0.0.1", int(one.link.peers[0].rpartition(":")[2]))
        )
        client.finish(one.link.key)
    assert client.reconciler.port == port


def test_the_port_of_each_address_is_replaced() -> None:
    assert with_port("0.0.0.0:6881,[::]:6881", 7) == "0.0.0.0:7,[::]:7"


def test_no_more_seeds_than_the_limit_and_who_is_in_stays(ann, settings) -> None:
    settings.DOWNLOAD_SEEDS = 1
    first, second = (
        a_download(ann, digit * 40, Status.SUCCEEDED, seeding=True, size=5, done=5, seed="forever")
        for digit in "ab"
    )
    seeds = Seeds()
    assert list(seeds.read(())) == [first.info_hash]
    second.refresh_from_db()
    assert second.message == "Waiting for a place: at most 1 are uploaded at once."
    Download.objects.filter(pk=first.pk).update(seeding=False)
    assert list(seeds.read(())) == [second.info_hash]


# --- the speed that somebody switches to ---


@pytest.mark.parametrize(
    ("slow", "switched", "later", "is_slow"),
    [
        (set(), "", 0, False),
        ({9}, "", 0, True),
        (set(), "slow", 0, True),
        (set(), "slow", 200, True),  # nothing in the plan ends it
        ({9}, "normal", 0, False),
        ({9}, "slow", 1, False),  # at 10:30 the plan has changed it
        ({9, 10, 14}, "normal", 1, False),
        ({9, 10, 14}, "normal", 5, True),
        ({11, 12}, "slow", 1, True),
        ({11, 12}, "slow", 2, True),
        ({11, 12}, "slow", 4, False),
    ],
)
def test_what_is_switched_holds_until_the_plan_changes_it(slow, switched, later, is_slow) -> None:
    week = "".join("1" if hour in slow else "0" for hour in range(24)) + NEVER[24:]
    assert len(week) == HOURS_OF_A_WEEK
    zone = MONDAY.astimezone()
    plan = SpeedPlan(slow_hours=week, switched_to=switched, switched_at=zone)
    assert plan.is_slow(zone + timedelta(hours=later)) is is_slow


def test_one_click_makes_it_slow_and_another_one_not(client, staff, ann) -> None:
    client.force_login(ann)
    assert client.post("/downloads/speed/switch/", {"to": "slow"}).status_code == 404
    client.force_login(staff)
    client.post("/downloads/speed/", {"down_kb": 0, "up_kb": 0, "slow_down_kb": 9, "slow_up_kb": 0})
    client.post("/downloads/speed/switch/", {"to": "slow"})
    page = client.get("/downloads/speed/").content.decode()
    assert SpeedPlan.current().is_slow_now() and "The slow limits hold now" in page
    client.post("/downloads/speed/switch/", {"to": "normal"})
    assert not SpeedPlan.current().is_slow_now()


# --- pages ---


def test_staff_see_the_connection_and_set_the_port(client, staff, ann, settings, tmp_path) -> None:
    client.force_login(ann)
    assert client.get("/downloads/connection/").status_code == 404
    client.force_login(staff)
    settings.DOWNLOAD_BLOCK_LIST = tmp_path / "list"
    line = {
        "port": 6881,
        "blocked_ranges": 2,
        "refused_lines": 1,
        "refused_examples": ["line 4: x"],
    }
    box = DetailsMailbox(Path(settings.DATA_DIR) / "swarm" / "watched")
    box.publish(LINE, line | {"problem": "The proxy is away: nothing is sent."})
    page = client.get("/downloads/connection/").content.decode()
    for text in ("6881", "and 1 line that cannot be read", "line 4: x", "The proxy is away"):
        assert text in page
    assert client.post("/downloads/connection/", {"port": 70_000}).status_code == 200
    client.post("/downloads/connection/", {"port": 7000})
    assert ListenPort.current().port == 7000
    settings.DOWNLOAD_PORT_FILE = tmp_path / "port"
    page = client.post("/downloads/connection/", {"port": 7001}).content.decode()
    assert ListenPort.current().port == 7000 and "The port is read from" in page


def test_staff_ban_a_peer_and_lift_the_ban(client, staff, ann) -> None:
    client.force_login(ann)
    assert client.post("/downloads/connection/ban/", {"address": "203.0.113.7"}).status_code == 404
    client.force_login(staff)
    for address in ("203.0.113.7", "203.0.113.7", "nobody", ""):
        client.post("/downloads/connection/ban/", {"address": address})
    [peer] = BannedPeer.objects.all()
    assert "203.0.113.7" in client.get("/downloads/connection/").content.decode()
    client.force_login(ann)
    assert client.post(f"/downloads/connection/{peer.pk}/unban/").status_code == 404
    client.force_login(staff)
    client.post(f"/downloads/connection/{peer.pk}/unban/")
    assert not BannedPeer.objects.exists()
