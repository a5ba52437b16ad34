"""An engine at rest: cheap looks that still see every change, and obey it at once."""

import os
import time
from typing import Any

import pytest

from downloads.engine.interface import Phase, Snapshot
from downloads.library.record import Record, StoredFile
from downloads.library.selection import natural
from downloads.models.category import Category
from downloads.models.download import Download
from downloads.models.seeding_goal import SeedingPlan
from downloads.rate_limits import Speed
from downloads.seeding import FOREVER, GOAL
from downloads.session.metadata import Metadata
from downloads.sync.rows import Rows
from jobsite.jobs.models.allowance import Allowance
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.status import Status
from tests.factories import MIB, a_download
from tests.support.torrent_peers import seeder


@pytest.fixture
def client(torrent_client):
    """A maker of torrent clients, in the place of Django's client."""
    return torrent_client


@pytest.fixture
def running(ann) -> Download:
    return a_download(ann, status=Status.RUNNING, is_listed=True)


@pytest.fixture
def seeding(ann) -> Download:
    return a_download(ann, "2" * 40, status=Status.SUCCEEDED, seeding=True, size=100, seed=FOREVER)


@pytest.fixture
def engine_rows(running, seeding) -> Rows:
    """One that has read its rows."""
    one = Rows(Worker.of_this_process("downloads"))
    one.is_behind()
    one.wanted()
    one.have_terms_changed()
    return one


def test_rows_that_nobody_changes_are_not_read_again(engine_rows) -> None:
    assert not engine_rows.is_behind()
    assert not engine_rows.have_terms_changed()
    Download.objects.update(done=5, rate_down=7, peers=1, message="…")
    assert not engine_rows.is_behind()


@pytest.mark.parametrize(
    "change",
    [
        lambda job: job.pause(),
        lambda job: job.cancel(),
        lambda job: job.request_delete(),
        lambda job: job.announce(),
        lambda job: job.check_again(),
        lambda job: job.move("first"),
        lambda job: job.change({"sequential": True}),
        lambda job: job.limit(down_kb=5),
    ],
)
def test_each_change_of_a_running_row_is_seen_once(engine_rows, running, change: Any) -> None:
    assert change(running) is not False
    assert engine_rows.is_behind()
    engine_rows.wanted()
    assert not engine_rows.is_behind()


@pytest.mark.parametrize(
    "change",
    [
        lambda job: job.stop_seeding(),
        lambda job: job.request_delete(),
        lambda job: job.change({"seed": "off"}),
        lambda job: Download.objects.filter(pk=job.pk).update(move_asked=True),
    ],
)
def test_each_change_of_a_seeding_row_is_seen(engine_rows, seeding, change: Any) -> None:
    change(seeding)
    assert engine_rows.is_behind()
    assert not engine_rows.is_behind()


def test_what_is_added_or_seeded_anew_is_seen(engine_rows, seeding, ann) -> None:
    seeding.stop_seeding()
    assert engine_rows.is_behind()
    seeding.start_seeding()
    assert engine_rows.is_behind()
    a_download(ann, "3" * 40)
    assert engine_rows.is_behind()
    assert "3" * 40 in engine_rows.wanted()


def test_plans_categories_and_allowances_are_seen(engine_rows, running, ann) -> None:
    SeedingPlan.objects.create(seed=GOAL, seed_ratio=2)
    assert engine_rows.have_terms_changed()
    films = Category.objects.create(owner=ann, name="Films", folder="Films")
    assert engine_rows.have_terms_changed()
    films.seed = FOREVER
    films.save()
    assert engine_rows.have_terms_changed()
    Allowance.objects.create(user=ann, megabytes=1)
    assert engine_rows.have_terms_changed()
    assert not engine_rows.have_terms_changed()


def test_a_goal_that_is_reached_ends_uploading_without_a_change_of_rows(
    engine_rows, seeding
) -> None:
    seeding.change({"seed": GOAL, "seed_ratio": 0.5})
    engine_rows.wanted()
    shot = Snapshot(seeding.info_hash, Phase.SEEDING, "seeding", uploaded=49)
    engine_rows.note([shot], [])
    engine_rows.write()
    assert not engine_rows.have_terms_changed()
    engine_rows.note([Snapshot(seeding.info_hash, Phase.SEEDING, "seeding", uploaded=50)], [])
    engine_rows.write()
    assert engine_rows.have_terms_changed()
    assert seeding.info_hash not in engine_rows.wanted()


@pytest.mark.swarm
def test_between_two_rounds_a_wish_is_obeyed_and_a_newcomer_fetched(client, source) -> None:
    for name in ("old.bin", "new.bin"):
        (source / name).write_bytes(os.urandom(MIB))
    with seeder(source, "--each", "--max-up-kb", "1") as torrents:
        new, old = sorted(torrents, key=lambda one: one.name)
        mine = client()
        mine.want(old.link)
        mine.until(lambda me: me.state(old.info_hash) == "downloading")
        mine.reconciler._work_due = time.monotonic() + 3600
        mine.want(old.link, speed=Speed(down=5000))
        limits = mine.reconciler._engine.session._limits
        mine.until(lambda me: limits.get(old.info_hash) == Speed(down=5000))
    with seeder(source / "new.bin") as [again]:
        mine.reconciler._work_due = 0.0
        mine.want(again.link)
        mine.finish(new.info_hash)


def test_numbers_of_any_length_sort() -> None:
    longest = "a" + "9" * 5000
    assert sorted([longest, "a10", "a", "a9"], key=natural) == ["a", "a9", "a10", longest]


@pytest.mark.django_db
def test_a_long_list_of_files_is_stored_in_parts(ann, engine_rows, running, monkeypatch) -> None:
    """A torrent of 100,000 files must not hold up all others for seconds."""
    monkeypatch.setattr("downloads.models.download_file.PART", 40)
    Download.objects.filter(pk=running.pk).update(is_listed=False, exclude="*.nfo")
    engine_rows.wanted()
    files = tuple(
        StoredFile(n, f"part {n}.nfo" if n % 10 == 0 else f"part {n}", 5) for n in range(100)
    )
    about = Metadata(running.info_hash, "", "album", "album", 500, files)
    shot = Snapshot(running.info_hash, Phase.DOWNLOADING, "downloading", size=450, metadata=about)
    engine_rows.note([shot], [])
    for stored in (40, 80):
        engine_rows.write()
        running.refresh_from_db()
        assert (running.files.count(), running.is_listed) == (stored, False)
        assert engine_rows.is_unfinished
    engine_rows.write()
    running.refresh_from_db()
    assert not engine_rows.is_unfinished
    assert (running.name, running.is_partial, running.size) == ("album", True, 450)
    assert [file.path for file in running.files.all()][:4] == [
        "part 0.nfo",
        "part 1",
        "part 2",
        "part 3",
    ]
    assert running.files.filter(priority=0).count() == 10


def test_many_that_end_at_once_end_together_but_for_those_with_a_new_wish(ann, engine_rows) -> None:
    keys = [f"{number:040x}" for number in range(10, 20)]
    jobs = [a_download(ann, key) for key in keys]
    engine_rows.wanted()
    jobs[3].limit(sequential=True)
    jobs[4].pause()
    files = (StoredFile(0, "", 7),)
    about = [Metadata(key, "", key, key, 7, files) for key in keys]
    ended = [
        Snapshot(
            key, Phase.SUCCEEDED, "succeeded", metadata=one, record=Record(key, key, key, files)
        )
        for key, one in zip(keys, about, strict=True)
    ]
    engine_rows.note(ended, [])
    engine_rows.write()
    for job in jobs:
        job.refresh_from_db()
    assert [job.status for job in jobs].count("succeeded") == 8
    assert (jobs[3].status, jobs[4].status) == ("running", "paused")
    assert (jobs[0].place, jobs[0].done, jobs[0].progress) == (keys[0], 7, 1.0)
    assert jobs[0].result == {"path": keys[0], "size": 7, "files": 1}
    assert jobs[0].events.last().text.startswith("Finished: 7 B, verified.")
    engine_rows.wanted()  # the wish is read; it was whole all the time
    engine_rows.note([ended[3]], [])
    engine_rows.write()
    jobs[3].refresh_from_db()
    assert jobs[3].status == "succeeded"
