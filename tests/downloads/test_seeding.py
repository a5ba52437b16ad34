"""Seeding goals: rules, rows, pages, and torrents that are really uploaded."""

import os
from dataclasses import replace

import libtorrent as lt
import pytest
from django.contrib.auth import get_user_model

from downloads.engine.interface import Phase, Snapshot
from downloads.metainfo.magnet import Link
from downloads.models.category import Category
from downloads.models.download import Download
from downloads.models.download_queryset import Entry
from downloads.models.seeding_goal import SeedingPlan
from downloads.rate_limits import Speed, Speeds
from downloads.seeder import make_torrent
from downloads.seeding import FOREVER, GOAL, OFF, REMOVE, Goal
from downloads.sync.rows import Rows
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.status import Status
from tests.factories import MIB, URL, a_download, api_of, now, same, until
from tests.support.torrent_peers import TRANSMISSION, Tracker, seeder, transmission
from tests.support.users import permit
from tests.support.waiting import wait_until

HOUR = 3600


@pytest.fixture
def client(torrent_client):
    """A maker of torrent clients, in the place of Django's client."""
    return torrent_client


@pytest.mark.parametrize(
    ("goal", "state", "ends"),
    [
        (Goal(GOAL, ratio=1.0), (99, 100, 0, 0), ""),
        (Goal(GOAL, ratio=1.0), (100, 100, 0, 0), "the ratio of 1 is reached"),
        (Goal(GOAL, hours=2), (0, 100, 2 * HOUR, 0), "after 2 h"),
        (Goal(GOAL, idle_hours=0.5), (0, 100, 0, HOUR), "nobody wanted anything for 0.5 h"),
        (Goal(GOAL, ratio=2, hours=1), (100, 100, HOUR, 0), "after 1 h"),
        (Goal(GOAL, ratio=1), (5, 0, 0, 0), ""),
        (Goal(FOREVER, ratio=1), (900, 100, 99 * HOUR, 99 * HOUR), ""),
        (Goal(OFF), (0, 100, 0, 0), "nothing is to be uploaded"),
    ],
)
def test_the_first_limit_that_is_reached_ends_it(goal: Goal, state, ends: str) -> None:
    said = goal.reached(*state)
    assert ends in said and bool(said) == bool(ends)


def test_it_tells_how_far_it_is() -> None:
    assert Goal(GOAL, ratio=1.0).explain(43, 100, 0) == "Seeding 0.43 of 1.0."
    assert Goal(GOAL, 2.0, hours=3).explain(0, 0, HOUR) == "Seeding 0.00 of 2.0, 1.0 of 3 h."
    assert Goal(FOREVER).explain(250, 100, 0) == "Seeding 2.50."


@pytest.fixture
def seeding(ann) -> Download:
    return a_download(ann, status=Status.SUCCEEDED, seeding=True, size=100, seed=FOREVER)


def a_ledger() -> Rows:
    return Rows(Worker.of_this_process("downloads"))


def test_the_own_goal_comes_before_the_categorys_and_that_before_the_sites(seeding, ann) -> None:
    engine_rows = a_ledger()
    assert engine_rows.wanted()[seeding.info_hash].seed
    films = Category.objects.create(owner=ann, name="Films", seed=GOAL, seed_ratio=0.5)
    seeding.change({"seed": "", "category": films})
    Download.objects.update(uploaded=60, move_asked=False)
    assert engine_rows.wanted() == {}
    seeding.refresh_from_db()
    assert not seeding.seeding
    assert "ratio of 0.5" in seeding.events.last().text
    Download.objects.update(seeding=True, category=None)
    SeedingPlan.objects.create(seed=GOAL, seed_ratio=0.7)
    assert seeding.info_hash in engine_rows.wanted()
    Download.objects.update(uploaded=70)
    assert engine_rows.wanted() == {}


def test_at_the_end_the_entry_goes_where_that_was_wished(seeding) -> None:
    seeding.change({"seed": GOAL, "seed_ratio": 0.1, "seed_then": REMOVE})
    Download.objects.update(uploaded=60)
    a_ledger().wanted()
    seeding.refresh_from_db()
    assert (seeding.delete_requested, seeding.delete_data) == (True, False)


def test_progress_of_uploading_is_stored_and_shown(seeding, client) -> None:
    engine_rows = a_ledger()
    engine_rows.wanted()
    shot = Snapshot(seeding.info_hash, Phase.SEEDING, "seeding", rate_up=5, peers=2, uploaded=43)
    engine_rows.note([shot], [])
    engine_rows.write()
    seeding.refresh_from_db()
    assert (seeding.uploaded, seeding.rate_up, seeding.reason) == (43, 5, "Seeding 0.43.")
    assert (seeding.status, seeding.shown_state) == ("succeeded", "seeding")
    gone = Snapshot(seeding.info_hash, Phase.FAILED, "failed", reason="Its files are away.")
    engine_rows.note([gone], [])
    engine_rows.write()
    seeding.refresh_from_db()
    assert (seeding.status, seeding.seeding) == ("succeeded", False)


def test_on_pages_it_is_begun_stopped_and_given_a_goal(django_client, ann, seeding) -> None:
    page = django_client
    text = page.get("/downloads/").content.decode()
    assert "Seeding" in text and "hx-get" in text
    assert "Stop seeding" in page.get(seeding.get_absolute_url()).content.decode()
    page.post(f"/downloads/{seeding.pk}/pause/")
    seeding.refresh_from_db()
    assert (seeding.status, seeding.seeding) == ("succeeded", False)
    page.post(f"/downloads/{seeding.pk}/seed/")
    seeding.refresh_from_db()
    assert seeding.seeding
    form = {"name": seeding.name, "priority": 0, "down_kb": 0, "up_kb": 0, "seed": "goal"}
    path = f"/downloads/{seeding.pk}/options/"
    assert "Say what the goal is" in page.post(path, form).content.decode()
    page.post(path, {**form, "seed_ratio": "1.5", "seed_then": "stop"})
    seeding.refresh_from_db()
    assert (seeding.seed, seeding.seed_ratio) == ("goal", 1.5)
    api = api_of(ann)
    answer = api.patch(f"{URL}{seeding.pk}/", {"seed": "off"}, content_type="application/json")
    assert answer.json()["seed"] == "off"
    bad = {"seed": "goal", "seed_ratio": None}
    answer = api.patch(f"{URL}{seeding.pk}/", bad, content_type="application/json")
    assert answer.status_code == 400
    assert api.post(f"{URL}{seeding.pk}/pause/").json()["seeding"] is False
    assert api.post(f"{URL}{seeding.pk}/seed/").json()["state"] == "seeding"


def test_staff_set_the_sites_goal(django_client, ann) -> None:
    assert django_client.get("/downloads/seeding/").status_code == 404
    staff = get_user_model().objects.create_user("staff")
    django_client.force_login(permit(staff, "change", SeedingPlan))
    django_client.post("/downloads/seeding/", {"seed": "goal", "seed_ratio": "2"})
    assert SeedingPlan.goal() == Goal(GOAL, ratio=2.0)


@pytest.fixture
def django_client(ann):
    from django.test import Client

    page = Client()
    page.force_login(ann)
    return page


@pytest.mark.swarm
@pytest.mark.parametrize("version", ["v1", "hybrid"])
def test_what_is_complete_is_uploaded_within_the_limit(client, source, version: str) -> None:
    folder = source / "album"
    folder.mkdir()
    for name in ("a.flac", "b.flac"):
        (folder / name).write_bytes(os.urandom(3 * MIB + 777))
    mine, other = client("mine"), client("other")
    with seeder(folder, "--version", version) as [one]:
        mine.want(one.link)
        mine.finish(one.info_hash)
    mine.want(one.link, seed=True, uploaded=1000, token="seed")
    mine.reconciler.limit(Speeds(Speed(up=MIB)))
    mine.until(lambda me: me.state(one.info_hash) == "seeding")
    port = mine.reconciler._engine.session.port
    other.want(Link(one.link.v1, one.link.v2, peers=(f"127.0.0.1:{port}",)))

    def done(_) -> bool:
        mine.tick()
        return other.state(one.info_hash) == "succeeded"

    other.until(done)
    assert 0 < max(shot.rate_up for shot in mine.history) < 2 * MIB
    mine.until(lambda me: me.seen[one.info_hash].uploaded >= 6 * MIB)
    assert same(other.file("album/b.flac"), folder / "b.flac")
    mine.leave(one.info_hash)
    mine.until(lambda me: not me.reconciler.holds(one.info_hash))
    mine.file("album/a.flac").unlink()
    mine.want(one.link, seed=True)
    mine.until(lambda me: me.state(one.info_hash) == "failed")
    assert "not in the library any more" in mine.seen[one.info_hash].reason


@pytest.mark.swarm
@pytest.mark.skipif(TRANSMISSION is None, reason="Debian's transmission-daemon is not installed")
def test_transmission_is_given_what_is_complete_through_a_tracker(client, tmp_path) -> None:
    (tmp_path / "source").mkdir()
    book = tmp_path / "source" / "book.pdf"
    book.write_bytes(os.urandom(2 * MIB))
    home = tmp_path / "transmission"
    (home / "data").mkdir(parents=True)
    with Tracker() as tracker:
        mine = client()
        with seeder(book) as [one]:
            link = replace(one.link, trackers=(tracker.url,))
            mine.want(link)
            mine.finish(one.info_hash)
        mine.want(link, seed=True, token="seed")
        mine.until(lambda me: me.state(one.info_hash) == "seeding")
        mine.until(lambda me: tracker.peers.get(bytes.fromhex(one.info_hash)))
        data = make_torrent(book, lt.create_torrent.v1_only, (tracker.url,))
        with transmission(home, data):
            theirs = home / "data" / "book.pdf"
            mine.until(lambda me: len(tracker.peers[bytes.fromhex(one.info_hash)]) > 1)
            # Transmission calls no loopback address: it waits to be called.
            mine.want(link, seed=True, token="seed", announce=1.0)
            mine.until(lambda me: theirs.exists() and same(theirs, book))
        mine.until(lambda me: me.seen[one.info_hash].uploaded >= 2 * MIB)


@pytest.mark.swarm
@pytest.mark.tree
def test_seeded_renamed_and_moved_meanwhile_until_its_goal_changes(site, owner, source) -> None:
    folder = source / "series"
    folder.mkdir()
    for name in ("a.mkv", "b.mkv"):
        (folder / name).write_bytes(os.urandom(MIB))
    films = Category.objects.create(owner=owner, name="Films", folder="Films", seed=FOREVER)
    with seeder(folder) as [one]:
        [placed] = Download.objects.add(owner, [Entry(one.link)], {"category": films})
        job = placed.job
        until(job, "succeeded")
    assert job.seeding
    wait_until(lambda: now(job).reason == "Seeding 0.00.")
    first = job.files.get(path="a.mkv")
    first.rename("season 1/a.mkv")
    job.change({"name": "Better", "save_as": "Better"})
    wait_until(lambda: now(job).place == "Films/Better" and not job.move_asked)
    top = site.folder / "library" / job.place
    assert same(top / "season 1" / "a.mkv", folder / "a.mkv")
    first.refresh_from_db()
    assert (first.path, first.new_path) == ("season 1/a.mkv", "")
    wait_until(lambda: now(job).state == "seeding")
    assert job.announce()
    films.seed = OFF
    films.save()
    wait_until(lambda: not now(job).seeding)
    texts = [event.text for event in job.events]
    assert "Uploading has ended: nothing is to be uploaded." in texts
    job.change({"seed": FOREVER})
    assert job.start_seeding()
    (top / "b.mkv").unlink()
    wait_until(lambda: not now(job).seeding)
    assert "not in the library any more" in job.events.last().text
