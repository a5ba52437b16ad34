"""A download seen from inside: peers, trackers, pieces, files, rates, and what each day brought."""

import os
import re
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from downloads.ipc import rate_history
from downloads.ipc.rate_history import DAY, HOUR, Course, Rates
from downloads.ipc.torrent_details import DetailsMailbox
from downloads.library.record import StoredFile
from downloads.metainfo.magnet import Link
from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from downloads.models.download_queryset import Entry
from downloads.models.traffic import Traffic
from downloads.session.details import piece_map
from downloads.sync.traffic_meter import Meter
from downloads.web.charts import bars, graph, runs
from tests.support.torrent_peers import Tracker, seeder
from tests.support.users import permit
from tests.support.waiting import wait_until

MIB = 2**20


# --- pure parts ---


@pytest.mark.parametrize(
    ("have", "under_way", "availability", "signs"),
    [
        ([True, False], set(), [1, 1], "40"),
        ([False, False], {1}, [1, 1], "0d"),
        ([False, False], set(), [1, 0], "0x"),
        ([], set(), [], ""),
        ([True] * 480, set(), [], "4" * 240),
        ([True, False] * 240, set(), [1] * 480, "2" * 240),
    ],
)
def test_a_map_of_pieces_has_a_sign_for_each_cell(have, under_way, availability, signs) -> None:
    assert piece_map(have, under_way, availability) == signs


def test_equal_cells_are_drawn_together() -> None:
    assert [(run.start, run.length, run.sign) for run in runs("440dd")] == [
        (0, 2, "4"),
        (2, 1, "0"),
        (3, 2, "d"),
    ]


def test_a_course_keeps_an_hour_and_a_day_and_fills_gaps_with_nothing() -> None:
    course = Course()
    for step in range(30):
        course.add(1000.0 + 10 * step, (600, 60))
    assert (list(course.hour), list(course.day)) == ([(600, 60)] * 30, [(600, 60)])
    course.add(course.at + 40, (5, 5))
    assert list(course.hour)[-4:] == [(0, 0), (0, 0), (0, 0), (5, 5)]
    course.add(course.at + 7 * 86_400, (1, 1))
    assert (len(course.hour), len(course.day)) == (HOUR, DAY)
    assert list(course.hour)[-2:] == [(0, 0), (1, 1)]


def test_rates_outlive_a_restart_and_a_damaged_file_is_an_empty_graph(tmp_path) -> None:
    before = Rates(tmp_path)
    before.add({"a": (100, 0), "b": (0, 0)})
    before.keep_all()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "all.json"]
    assert list(rate_history.read(tmp_path, "a").hour) == [(100, 0)]
    (tmp_path / "a.json").write_text('{"hour": [[1]], "day": 3')
    assert list(rate_history.read(tmp_path, "a").hour) == []
    rate_history.forget(tmp_path, "a")
    assert not (tmp_path / "a.json").exists()


def test_a_graph_says_in_words_what_it_draws() -> None:
    drawn = graph("The last hour", "an hour ago", [(0, 0), (2000, 500)], width=4)
    assert drawn.down == "2,100.0 3,0.0"
    assert drawn.up == "2,100.0 3,75.0"
    assert drawn.text == "Down: 1.0 kB/s on average, 2.0 kB/s at most."
    assert graph("t", "b", [], 4).down == ""
    [none, one] = bars([("20 Nov", 0, 0), ("21 Nov", 300, 100)])
    assert (none.down, one.down, one.up, one.up_top) == (0, 75, 25, 0)
    assert one.text == "21 Nov: 300 B down, 100 B up"


def test_only_what_somebody_looks_at_is_asked_for(tmp_path) -> None:
    box = DetailsMailbox(tmp_path / "box")
    assert (box.asked(), box.details("a")) == ([], None)
    box.ask("a")
    box.publish("a", {"peers": []})
    assert (box.asked(), box.details("a")) == (["a"], {"peers": []})
    long_ago = time.time() - 60
    for name in ("a.asked", "a.json"):
        os.utime(tmp_path / "box" / name, (long_ago, long_ago))
    assert (box.asked(), box.details("a")) == ([], None)
    os.utime(tmp_path / "box" / "a.json", (long_ago - 7200, long_ago - 7200))
    box.asked()
    assert not (tmp_path / "box" / "a.json").exists()


# --- what each day brought ---


@pytest.mark.django_db
def test_bytes_count_for_each_owner_and_once_for_the_site(ann, bob) -> None:
    meter = Meter()
    meter.note("t", (100, 10), [ann.pk, bob.pk])
    meter.note("t", (150, 10), [ann.pk, bob.pk])
    meter.note("t", (30, 0), [ann.pk])  # it was added to the session anew
    meter.write()
    meter.note("t", (40, 5), [ann.pk])
    meter.write()
    sums = {row.owner_id: (row.down, row.up) for row in Traffic.objects.all()}
    assert sums == {ann.pk: (190, 15), bob.pk: (150, 10), None: (190, 15)}


@pytest.mark.django_db
def test_days_add_up_to_months_and_nobody_sees_those_of_others(client, ann, bob) -> None:
    today = timezone.localdate()
    for ago, down in ((0, 10), (1, 20), (400, 7)):
        Traffic.objects.create(owner=ann, day=today - timedelta(days=ago), down=down, up=1)
    Traffic.objects.create(owner=bob, day=today, down=777_000_000, up=0)
    mine = Traffic.objects.filter(owner=ann).summary()
    assert mine["today"] == {"down": 10, "up": 1}
    assert [one["down"] for one in mine["days"]] == [10, 20]
    assert sum(one["down"] for one in mine["months"]) == 37
    client.force_login(ann)
    page = client.get("/downloads/traffic/").content.decode()
    assert "<title>Bytes down and up on each day</title>" in page
    assert "777 MB" not in page and "bob" not in page
    client.force_login(permit(bob, "view", Traffic))
    page = client.get("/downloads/traffic/").content.decode()
    assert "777 MB" in page and "ann" in page


# --- the real thing ---


@pytest.mark.swarm
@pytest.mark.tree
def test_a_page_that_is_open_shows_peers_trackers_pieces_files_and_rates(
    site, owner, client, tmp_path
) -> None:
    """One slow torrent, looked at by the page and the API while it is fetched and afterwards."""
    film = tmp_path / "film"
    film.mkdir()
    for number in range(3):
        (film / f"{number}.bin").write_bytes(os.urandom(4 * MIB))
    token = site.token(owner.username)
    with (
        Tracker(refusal="not registered") as tracker,
        seeder(film, "--max-up-kb", "900") as [one],
    ):
        link = f"{one.magnet}&tr={tracker.url.replace(':', '%3A').replace('/', '%2F')}"
        _, answer = site.call("POST", "/api/v1/downloads/", token, {"links": link})
        job = answer["added"][0]["id"]
        address = f"/api/v1/downloads/{job}/inside/"
        wait_until(lambda: site.get(address, token)[1]["pieces"])
        look = wait_until(
            lambda: (seen := site.get(address, token)[1])["pieces"]["have"] > 5 and seen
        )
        assert look["peer_count"] == 1
        assert look["peers"][0]["address"].startswith("127.0.0.1:")
        assert look["peers"][0]["client"] == "jobsite-seeder"
        assert "sends" in look["peers"][0]["flags"]
        [asked] = look["trackers"]
        assert asked["tracker"] == tracker.url.removesuffix("/announce")
        assert (asked["status"], asked["message"]) == ("refuses", "not registered")
        assert len(look["pieces"]["map"]) == min(look["pieces"]["count"], 240)
        assert set(look["pieces"]["map"]) & {"4"} and len(look["files"]) == 3
        wait_until(lambda: site.get(f"/api/v1/downloads/{job}/", token)[1]["status"] == "succeeded")
    assert site.get(address, token)[1]["peers"] == []
    wait_until(
        lambda: (
            12 * MIB <= site.get("/api/v1/downloads/traffic/", token)[1]["today"]["down"] < 14 * MIB
        )
    )
    assert rate_history.read(site.folder / "data" / "swarm" / "rates", one.info_hash).hour


@pytest.mark.django_db
def test_a_page_asks_for_a_close_look_and_shows_the_answer(client, ann, settings, tmp_path) -> None:
    settings.DATA_DIR = tmp_path
    job = Download.objects.add(ann, [Entry(Link(v1="a" * 40))])[0].job
    Download.objects.filter(pk=job.pk).update(status="running", attempt=1)
    # In the order of their paths, of which the page shows the first hundred.
    files = [StoredFile(150 - number, f"{number}.flac", 9) for number in range(151)]
    DownloadFile.objects.list_for(job.pk, files)
    box = DetailsMailbox(tmp_path / "swarm" / "watched")
    peer = {
        "address": "192.0.2.7:6881",
        "client": "<b>Evil</b>",
        "flags": "sends, encrypted",
        "progress": 0.5,
        "rate_down": 12_000,
        "rate_up": 0,
    }
    said = {
        "tracker": "udp://tracker.example.org",
        "tier": 0,
        "status": "refuses",
        "message": "not registered",
        "next_announce": 600,
        "seeds": 3,
        "leechers": None,
    }
    pieces = {"count": 3, "length": 16384, "have": 1, "map": "40x"}
    look = {"peer_count": 1, "peers": [peer], "trackers": [said], "pieces": pieces}
    look["files"] = [0.0] * 51 + [0.25] + [0.0] * 99
    box.publish("a" * 40, look)
    box.publish(
        "site", {"rate_down": 3_400_000, "rate_up": 0, "downloading": 2, "peers": 9, "free": 1}
    )
    client.force_login(ann)
    for headers in ({}, {"HX-Request": "true"}):
        page = client.get(f"/downloads/{job.pk}/?files=1", headers=headers).content.decode()
        assert "192.0.2.7:6881" in page and "&lt;b&gt;Evil&lt;/b&gt;" in page
        assert "not registered" in page and 'class="piece piece--x"' in page
    bars = re.findall(r'id="file-([0-9]+)"\s+max="1"\s+value="(.+)"\s+hx-swap-oob', page)
    assert [int(number) for number, _ in bars] == list(range(150, 50, -1))
    assert bars[-1] == ("51", "0.25")
    assert box.asked() == ["a" * 40]
    assert "3.4 MB/s" in client.get("/downloads/").content.decode()
