"""Which files are wanted: rows, pages and API."""

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client as HttpClient

from downloads.engine.interface import Phase, Snapshot
from downloads.library.record import Record
from downloads.library.selection import NORMAL, SKIP, Choice, in_order, together
from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from downloads.models.download_queryset import Entry
from downloads.session.metadata import Metadata
from downloads.sync.row_updates import OWN_IS_HERE
from downloads.sync.rows import Rows
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.status import Status
from tests.factories import FILES, MIB, URL, a_download, add, api_of, now, same, until
from tests.support.torrent_peers import seeder
from tests.support.waiting import wait_until


@pytest.fixture
def client(torrent_client):
    """A maker of torrent clients, in the place of Django's client."""
    return torrent_client


@pytest.fixture
def client_of_ann(ann) -> HttpClient:
    page = HttpClient()
    page.force_login(ann)
    return page


@pytest.fixture
def listed(ann):
    """A download whose files are known."""
    job = a_download(ann, status=Status.PAUSED, is_listed=True, hold=True, size=13, full_size=13)
    DownloadFile.objects.list_for(job.pk, in_order(FILES))
    return job


def options(job) -> dict[int, str]:
    return {file.index: file.priority_name for file in job.files.all()}


def test_held_it_is_chosen_from_and_started_on_its_page(client_of_ann, listed) -> None:
    page, path = client_of_ann, f"/downloads/{listed.pk}/files/"
    text = page.get(path).content.decode()
    assert "Start with these" in text and text.count("<select") == 4
    assert "Choose files" in page.get(listed.get_absolute_url()).content.decode()
    page.post(path, {"p-0": "high", "pattern": "*.nfo", "rule": "skip"})
    listed.refresh_from_db()
    assert options(listed) == {0: "high", 1: "normal", 2: "skip"}
    assert (listed.size, listed.is_partial, listed.status) == (12, True, "paused")
    text = page.post(path, {"rule": "skip"}, follow=True).content.decode()
    assert "Choose at least one file." in text
    assert "would leave out every file" in page.post(
        path, {"rule": "high", "pattern": "**"}, follow=True
    ).content.decode().replace("&quot;", '"')
    page.post(path, {"p-1": "skip", "p-x": "high", "p-99": "skip", "start": "1"})
    listed.refresh_from_db()
    assert (listed.status, listed.hold, listed.size) == ("queued", False, 10)


def test_the_api_chooses_and_a_finished_one_goes_on(client_of_ann, ann, listed) -> None:
    api = api_of(ann)

    def patch(**data):
        path = f"{URL}{listed.pk}/files/"
        answer = api.patch(path, data, content_type="application/json")
        return answer.status_code, answer.json()

    status, files = patch(files={"0": "high"}, pattern="*.nfo", rule="skip")
    assert status == 200
    assert [(one["index"], one["priority"]) for one in files] == [
        *((0, "high"), (2, "skip"), (1, "normal")),
    ]
    assert patch(files={"0": "low"})[0] == 400
    assert patch(files={"x": "skip"})[0] == 400
    assert patch(rule="skip")[1] == {"files": ["Choose at least one file."]}
    assert len(api.get(f"{URL}{listed.pk}/files/?limit=2&offset=2").json()) == 1
    assert listed.resume()
    rows = Download.objects.filter(pk=listed.pk)
    rows.transition(Status.RUNNING)
    rows.transition(Status.SUCCEEDED)
    assert patch(files={"0": "skip"})[1]["files"][0].startswith("What is here stays")
    assert patch(files={"2": "normal"})[0] == 200
    listed.refresh_from_db()
    assert (listed.status, listed.size) == ("queued", 13)


def test_wishes_of_every_download_are_defaults(client_of_ann, ann) -> None:
    page = client_of_ann
    assert "no file" not in page.get("/downloads/defaults/").content.decode()
    page.post("/downloads/defaults/", {"exclude": "*.nfo", "hold": "on", "layout": "flat"})
    text = page.get("/downloads/new/").content.decode()
    assert 'value="*.nfo"' in text
    assert "would leave out" in page.post("/downloads/defaults/", {"exclude": "*"}).content.decode()
    api_of(ann).post(URL, {"links": "b" * 40}, content_type="application/json")
    [job] = Download.objects.all()
    assert (job.exclude, job.hold) == ("*.nfo", False)
    page.post("/downloads/new/", {"links": "c" * 40, "exclude": "x*", "hold": "on"})
    job = Download.objects.get(info_hash="c" * 40)
    assert (job.exclude, job.hold) == ("x*", True)


def test_the_engine_hears_the_union_of_what_owners_want(ann, bob) -> None:
    mine = a_download(ann, exclude="*.nfo")
    theirs = a_download(bob, exclude="film*", hold=True)
    engine_rows = Rows(Worker.of_this_process("downloads"))
    wanted = engine_rows.wanted()[mine.info_hash]
    assert (wanted.choices, wanted.hold) == ((Choice(exclude=("*.nfo",)),), False)
    about = Metadata("a" * 40, "", "film", "film", 13, tuple(FILES))
    engine_rows.note(
        [Snapshot(mine.info_hash, Phase.QUEUED, "queued", size=12, metadata=about)], []
    )
    engine_rows.write()
    for job in (mine, theirs):
        job.refresh_from_db()
    assert (mine.status, theirs.status, theirs.shown_state) == ("running", "paused", "held")
    assert (options(mine)[2], options(theirs)[0]) == ("skip", "skip")
    assert theirs.size == 3
    assert theirs.resume()
    choices = engine_rows.wanted()[mine.info_hash].choices
    assert together(choices, FILES) == dict.fromkeys(range(3), NORMAL)


def test_each_of_two_owners_sees_the_progress_of_their_own_files(ann, bob) -> None:
    mine, theirs = a_download(ann), a_download(bob)
    engine_rows = Rows(Worker.of_this_process("downloads"))
    engine_rows.wanted()
    about = Metadata("a" * 40, "", "film", "film", 13, tuple(FILES))
    both: dict[str, Any] = {"size": 13, "metadata": about, "rate_down": 2}

    def told(done: int, **fields) -> list[tuple]:
        shot = Snapshot(mine.info_hash, Phase.DOWNLOADING, "downloading", **both, **fields)
        engine_rows.note([replace(shot, done=done)], [])
        engine_rows.write()
        rows = [Download.objects.get(pk=job.pk) for job in (mine, theirs)]
        return [(row.done, row.size, row.eta, row.message) for row in rows]

    assert told(3, eta=5) == [(3, 13, 5, "")] * 2
    mine.choose_files({0: SKIP})
    theirs.choose_files({1: SKIP, 2: SKIP})
    engine_rows.wanted()
    assert told(4, files_done=(2, 2, 0)) == [(2, 3, 1, ""), (2, 10, 4, "")]
    assert told(5, files_done=(2, 2, 1), reason="Stalled.") == [
        (3, 3, 0, OWN_IS_HERE),
        (2, 10, 4, "Stalled."),
    ]
    assert told(5, files_done=()) == [(3, 3, 0, OWN_IS_HERE), (5, 10, 3, "")]


@pytest.mark.tree
@pytest.mark.swarm
def test_previewed_chosen_finished_and_widened(site, owner, album) -> None:
    other = get_user_model().objects.create_user(f"second-{owner.username}")
    with seeder(album) as [one]:
        [placed] = Download.objects.add(owner, [Entry(one.link)], {"hold": True})
        job = placed.job
        wait_until(lambda: now(job).is_held)
        assert job.full_size == 3 * (2 * MIB + 12_345)
        numbers = {file.path: file.index for file in job.files.all()}
        job.choose_files({numbers["b.flac"]: SKIP, numbers["extra/c.flac"]: SKIP})
        assert job.resume()
        until(job, "succeeded")
        assert job.size == job.done == 2 * MIB + 12_345
        top = site.folder / "library" / job.place
        assert [path.name for path in top.rglob("*") if path.is_file()] == ["a.flac"]
        job.choose_files({numbers["b.flac"]: NORMAL})
        assert now(job).status == "queued"
        until(job, "succeeded")
        assert sorted(path.name for path in top.rglob("*")) == ["a.flac", "b.flac"]
        [theirs] = add(other, one)
        until(theirs, "succeeded")
        assert theirs.place == job.place
        assert theirs.files.count() == 3
    [again] = add(get_user_model().objects.create_user(f"third-{owner.username}"), one)
    until(again, "succeeded")
    assert again.files.count() == 3, "complete before it was added, it has its list all the same"
    (top / "b.flac").write_bytes(bytes(2 * MIB + 12_345))
    with seeder(album, "--port", one.link.peers[0].rpartition(":")[2]):
        assert now(job).check_again()
        until(job, "succeeded")
        assert same(top / "b.flac", album / "b.flac")
    assert not job.recheck


def test_what_is_chosen_while_the_last_blocks_are_written_is_not_lost(ann) -> None:
    job = a_download(ann)
    engine_rows = Rows(Worker.of_this_process("downloads"))
    engine_rows.wanted()
    about = Metadata("a" * 40, "", "film", "film", 13, tuple(FILES))
    record = Record(job.info_hash, "film", "film", tuple(FILES[:1]))
    whole = {"size": 10, "metadata": about, "record": record}
    engine_rows.note([Snapshot(job.info_hash, Phase.SUCCEEDED, "succeeded", **whole)], [])
    engine_rows.write()
    job.refresh_from_db()
    assert job.status == "running", "two of its files are not in the library"
    job.choose_files({1: SKIP, 2: SKIP})
    engine_rows.wanted()
    engine_rows.note([Snapshot(job.info_hash, Phase.SUCCEEDED, "succeeded", **whole)], [])
    engine_rows.write()
    job.refresh_from_db()
    assert (job.status, job.size) == ("succeeded", 10)
