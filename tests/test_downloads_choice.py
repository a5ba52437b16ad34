"""Which files are wanted: rules, real torrents, pages and API."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client as HttpClient

from downloads.choices import HIGH, NORMAL, SKIP, Choice, clean_patterns, natural, together
from downloads.ledger import Ledger
from downloads.metadata import Metadata
from downloads.models import Download, DownloadFile
from downloads.querysets import Entry
from downloads.records import Record, StoredFile
from downloads.row_changes import OWN_IS_HERE
from downloads.torrent import Phase, Snapshot
from jobsite.jobs.models import Worker
from jobsite.jobs.status import Status
from tests.swarm import Client, seeder
from tests.test_downloads_api import URL, a_download, api_of
from tests.test_downloads_engine import add, now, until
from tests.test_downloads_swarm import MIB, client, same, source  # noqa: F401 (fixtures)
from tests.waiting import wait_until

FILES = [
    StoredFile(0, "film.mkv", 10),
    StoredFile(1, "Sample/sample.mkv", 2),
    StoredFile(2, "info.NFO", 1),
]


def test_of_several_wishes_each_file_gets_the_highest() -> None:
    mine = Choice({0: SKIP, 1: HIGH})
    theirs = Choice({1: SKIP, 2: SKIP})
    assert together([mine, theirs], FILES) == {0: NORMAL, 1: HIGH, 2: NORMAL}
    assert together([mine], FILES) == {0: SKIP, 1: HIGH, 2: NORMAL}
    assert together([], FILES) == {0: NORMAL, 1: NORMAL, 2: NORMAL}


@pytest.mark.parametrize(
    ("patterns", "left_out"),
    [
        ("*.nfo", {2}),
        ("sample*", {1}),
        ("SAMPLE", {1}),
        ("*.nfo, *.mkv", set()),  # everything: then nothing is left out
        ("film.*,*.nfo", {0, 2}),
        ("", set()),
    ],
)
def test_patterns_leave_files_out(patterns: str, left_out: set[int]) -> None:
    wanted = together([Choice(exclude=clean_patterns(patterns))], FILES)
    assert {index for index, priority in wanted.items() if not priority} == left_out


@pytest.mark.parametrize("text", ["*", "a,**", "x" * 81, ",".join(map(str, range(31)))])
def test_patterns_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        clean_patterns(text)


def test_paths_sort_as_people_sort_them() -> None:
    paths = [
        "s/part 10.rar",
        "s/part 2.rar",
        "S/Part 1.rar",
        "readme",
        "s2/a",
        "s10/a",
        "s/7",
        "s/007b",
    ]
    assert sorted(paths, key=natural) == [
        *("readme", "s/7", "s/007b", "S/Part 1.rar", "s/part 2.rar", "s/part 10.rar"),
        *("s2/a", "s10/a"),
    ]


# --- real torrents ---


@pytest.fixture
def album(source) -> Path:  # noqa: F811
    folder = source / "album"
    (folder / "extra").mkdir(parents=True)
    for name in ("a.flac", "b.flac", "extra/c.flac"):
        (folder / name).write_bytes(os.urandom(2 * MIB + 12_345))
    return folder


def stored(mine: Client) -> set[str]:
    top = mine.file("album")
    return {str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()}


@pytest.mark.swarm
@pytest.mark.parametrize("version", ["v1", "v2", "hybrid"])
def test_a_part_is_fetched_and_the_rest_when_it_is_wanted(client, album, version: str) -> None:  # noqa: F811
    with seeder(album, "--version", version) as [one]:
        mine = client()
        mine.want(one.link, choices=(Choice(exclude=("b.*", "extra")),))
        mine.finish(one.info_hash)
        last = mine.seen[one.info_hash]
        assert (last.size, last.done) == (2 * MIB + 12_345,) * 2
        assert stored(mine) == {"a.flac"}
        number = mine.file("album/a.flac").stat().st_ino
        mine.history.clear()
        extra = next(file.index for file in last.metadata.files if file.path == "extra/c.flac")
        other = next(file.index for file in last.metadata.files if file.path == "b.flac")
        mine.want(one.link, choices=(Choice({other: SKIP, extra: HIGH}),), token="more")
        mine.until(lambda me: stored(me) == {"a.flac", "extra/c.flac"})
        mine.finish(one.info_hash)
        # A piece that lies in two files may come again; the first file as a whole does not.
        assert (
            version == "v2"
            or min(shot.done for shot in mine.history if shot.phase == "downloading") >= MIB
        )
        assert mine.file("album/a.flac").stat().st_ino == number
        mine.want(one.link, token="all")
        mine.until(lambda me: len(stored(me)) == 3)
        mine.finish(one.info_hash)
    for name in ("a.flac", "b.flac", "extra/c.flac"):
        assert same(mine.file(f"album/{name}"), album / name)
    assert list(mine.file(".incomplete").iterdir()) == []


@pytest.mark.swarm
def test_while_it_runs_files_are_left_out_and_taken_in(client, album) -> None:  # noqa: F811
    with seeder(album, "--max-up-kb", "1500") as [one]:
        mine = client()
        mine.want(one.link)
        mine.until(lambda me: me.seen[one.info_hash].done > MIB if me.seen else False)
        files = {file.path: file.index for file in mine.seen[one.info_hash].metadata.files}
        mine.want(one.link, choices=(Choice({files["a.flac"]: SKIP, files["b.flac"]: SKIP}),))
        mine.until(lambda me: me.seen[one.info_hash].size == 2 * MIB + 12_345)
        mine.finish(one.info_hash)
    assert stored(mine) == {"extra/c.flac"}, "what was begun of the others is gone"


@pytest.mark.swarm
def test_held_it_has_its_list_and_fetches_nothing(client, album) -> None:  # noqa: F811
    with seeder(album) as [one]:
        mine = client()
        mine.want(one.link, hold=True)
        mine.until(lambda me: me.state(one.info_hash) == "held")
        held = mine.seen[one.info_hash]
        assert len(held.metadata.files) == 3 and held.record is None
        mine.leave(one.info_hash)
        mine.until(lambda me: not me.swarm.holds(one.info_hash))
    mine.want(one.link, hold=True)  # nobody is there any more, and nobody is needed
    mine.until(lambda me: me.state(one.info_hash) == "held", 5)
    with seeder(album, "--port", one.link.peers[0].rpartition(":")[2]):
        mine.want(one.link, token="start")
        mine.finish(one.info_hash)


@pytest.mark.swarm
def test_in_order_the_first_pieces_come_first(client, source) -> None:  # noqa: F811
    (source / "film.mkv").write_bytes(os.urandom(24 * MIB))
    from downloads.torrent import Order

    with seeder(source / "film.mkv", "--max-up-kb", "6000") as [film]:
        mine = client()
        mine.want(film.link, order=Order(sequential=True, ends_first=True))
        mine.until(lambda me: me.seen[film.info_hash].done > 6 * MIB if me.seen else False)
        handle = mine.swarm._moves.session._handles[film.info_hash]
        have = handle.status().pieces
        first = have.index(False)
        assert have[-1], "the last piece holds the index of many films"
        assert first >= 0.5 * sum(have), have
        mine.want(film.link)
        mine.finish(film.info_hash)


@pytest.mark.swarm
def test_a_new_check_finds_damage_in_the_library_and_mends_it(client, album) -> None:  # noqa: F811
    with seeder(album) as [one]:
        mine = client()
        mine.want(one.link)
        mine.finish(one.info_hash)
        with mine.file("album/b.flac").open("r+b") as file:
            file.write(bytes(1000))
        mine.file("album/extra/c.flac").unlink()
        mine.history.clear()
        mine.want(one.link, recheck=True, token="check")
        mine.until(lambda me: me.seen[one.info_hash].rechecked)
        mine.want(one.link, token="check")
        mine.finish(one.info_hash)
    for name in ("a.flac", "b.flac", "extra/c.flac"):
        assert same(mine.file(f"album/{name}"), album / name)


@pytest.mark.swarm
def test_a_torrent_file_ends_the_wait_for_the_list(client, album, tmp_path) -> None:  # noqa: F811
    from downloads.links import Link

    with seeder(album, "--torrents", str(tmp_path)) as [one]:
        mine = client()
        mine.want(Link(v1=one.info_hash))  # without an address: nobody is found
        mine.until(lambda me: "Nobody" in me.seen[one.info_hash].reason if me.seen else False)
        mine.want(one.link, file=Path(one.torrent))
        mine.finish(one.info_hash)


# --- rows, pages, API ---


@pytest.fixture
def client_of_ann(ann) -> HttpClient:
    page = HttpClient()
    page.force_login(ann)
    return page


@pytest.fixture
def listed(ann):
    """A download whose files are known."""
    job = a_download(ann, status=Status.PAUSED, is_listed=True, hold=True, size=13, full_size=13)
    DownloadFile.objects.list_for(job, FILES)
    return job


def wishes(job) -> dict[int, str]:
    return {file.index: file.wish for file in job.files.all()}


def test_held_it_is_chosen_from_and_started_on_its_page(client_of_ann, listed) -> None:
    page, path = client_of_ann, f"/downloads/{listed.pk}/files/"
    text = page.get(path).content.decode()
    assert "Start with these" in text and text.count("<select") == 4
    assert "Choose files" in page.get(listed.get_absolute_url()).content.decode()
    page.post(path, {"p-0": "high", "pattern": "*.nfo", "rule": "skip"})
    listed.refresh_from_db()
    assert wishes(listed) == {0: "high", 1: "normal", 2: "skip"}
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
    page.post("/downloads/defaults/", {"exclude": "*.nfo", "hold": "on"})
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
    ledger = Ledger(Worker.of_this_process("downloads"))
    wanted = ledger.wanted()[mine.info_hash]
    assert (wanted.choices, wanted.hold) == ((Choice(exclude=("*.nfo",)),), False)
    about = Metadata("a" * 40, "", "film", "film", 13, tuple(FILES))
    ledger.note([Snapshot(mine.info_hash, Phase.QUEUED, "queued", size=12, metadata=about)], [])
    ledger.write()
    for job in (mine, theirs):
        job.refresh_from_db()
    assert (mine.status, theirs.status, theirs.shown_state) == ("running", "paused", "held")
    assert (wishes(mine)[2], wishes(theirs)[0]) == ("skip", "skip")
    assert theirs.size == 3
    assert theirs.resume()
    choices = ledger.wanted()[mine.info_hash].choices
    assert together(choices, FILES) == dict.fromkeys(range(3), NORMAL)


def test_each_of_two_owners_sees_the_progress_of_their_own_files(ann, bob) -> None:
    mine, theirs = a_download(ann), a_download(bob)
    ledger = Ledger(Worker.of_this_process("downloads"))
    ledger.wanted()
    about = Metadata("a" * 40, "", "film", "film", 13, tuple(FILES))
    both: dict[str, Any] = {"size": 13, "metadata": about, "rate_down": 2}

    def told(done: int, **fields) -> list[tuple]:
        shot = Snapshot(mine.info_hash, Phase.DOWNLOADING, "downloading", **both, **fields)
        ledger.note([replace(shot, done=done)], [])
        ledger.write()
        rows = [Download.objects.get(pk=job.pk) for job in (mine, theirs)]
        return [(row.done, row.size, row.eta, row.message) for row in rows]

    assert told(3, eta=5) == [(3, 13, 5, "")] * 2
    mine.choose_files({0: SKIP})
    theirs.choose_files({1: SKIP, 2: SKIP})
    ledger.wanted()
    assert told(4, files_done=(2, 2, 0)) == [(2, 3, 1, ""), (2, 10, 4, "")]
    assert told(5, files_done=(2, 2, 1), reason="Stalled.") == [
        (3, 3, 0, OWN_IS_HERE),
        (2, 10, 4, "Stalled."),
    ]
    assert told(5, files_done=()) == [(3, 3, 0, OWN_IS_HERE), (5, 10, 3, "")]


@pytest.mark.swarm
def test_bytes_are_counted_by_file_where_owners_want_different_ones(client, album) -> None:  # noqa: F811
    with seeder(album, "--max-up-kb", "2000") as [one]:
        mine = client()
        mine.want(one.link, choices=(Choice({0: SKIP}), Choice({1: SKIP})))
        mine.until(lambda me: one.info_hash in me.seen and me.seen[one.info_hash].files_done)
        told = [shot for shot in mine.history if shot.files_done]
        for shot in told:
            sizes = [file.size for file in shot.metadata.files]
            assert all(0 <= had <= size for had, size in zip(shot.files_done, sizes, strict=True))
        mine.finish(one.info_hash)
        mine.want(one.link, choices=(Choice({0: SKIP}),), token="alone")
        mine.until(lambda me: me.history[-1].files_done is None)


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
    ledger = Ledger(Worker.of_this_process("downloads"))
    ledger.wanted()
    about = Metadata("a" * 40, "", "film", "film", 13, tuple(FILES))
    record = Record(job.info_hash, "film", "film", tuple(FILES[:1]))
    whole = {"size": 10, "metadata": about, "record": record}
    ledger.note([Snapshot(job.info_hash, Phase.SUCCEEDED, "succeeded", **whole)], [])
    ledger.write()
    job.refresh_from_db()
    assert job.status == "running", "two of its files are not in the library"
    job.choose_files({1: SKIP, 2: SKIP})
    ledger.wanted()
    ledger.note([Snapshot(job.info_hash, Phase.SUCCEEDED, "succeeded", **whole)], [])
    ledger.write()
    job.refresh_from_db()
    assert (job.status, job.size) == ("succeeded", 10)
