"""Which files are wanted: rules and real torrents."""

import os
from pathlib import Path

import pytest

from downloads.library.selection import (
    HIGH,
    NORMAL,
    SKIP,
    Choice,
    clean_patterns,
    natural,
    together,
)
from downloads.metainfo.magnet import parse_link
from downloads.models.download import Download
from downloads.models.download_queryset import Entry
from downloads.sync.row_updates import list_files
from tests.factories import FILES, MIB, V1, same
from tests.support.torrent_peers import Client, seeder


@pytest.fixture
def client(torrent_client):
    """A maker of torrent clients, in the place of Django's client."""
    return torrent_client


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


def stored(mine: Client) -> set[str]:
    top = mine.file("album")
    return {str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()}


@pytest.mark.swarm
@pytest.mark.parametrize("version", ["v1", "v2", "hybrid"])
def test_a_part_is_fetched_and_the_rest_when_it_is_wanted(client, album, version: str) -> None:
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
def test_while_it_runs_files_are_left_out_and_taken_in(client, album) -> None:
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
def test_held_it_has_its_list_and_fetches_nothing(client, album) -> None:
    with seeder(album) as [one]:
        mine = client()
        mine.want(one.link, hold=True)
        mine.until(lambda me: me.state(one.info_hash) == "held")
        held = mine.seen[one.info_hash]
        assert len(held.metadata.files) == 3 and held.record is None
        mine.leave(one.info_hash)
        mine.until(lambda me: not me.reconciler.holds(one.info_hash))
    mine.want(one.link, hold=True)  # nobody is there any more, and nobody is needed
    mine.until(lambda me: me.state(one.info_hash) == "held")
    with seeder(album, "--port", one.link.peers[0].rpartition(":")[2]):
        mine.want(one.link, token="start")
        mine.finish(one.info_hash)


@pytest.mark.swarm
def test_in_order_the_first_pieces_come_first(client, source) -> None:
    (source / "film.mkv").write_bytes(os.urandom(24 * MIB))
    from downloads.library.selection import PieceOrder

    with seeder(source / "film.mkv", "--max-up-kb", "6000") as [film]:
        mine = client()
        mine.want(film.link, order=PieceOrder(sequential=True, ends_first=True))
        mine.until(lambda me: me.seen[film.info_hash].done > 6 * MIB if me.seen else False)
        handle = mine.reconciler._engine.session._handles[film.info_hash]
        have = handle.status().pieces
        first = have.index(False)
        assert have[-1], "the last piece holds the index of many films"
        assert first >= 0.5 * sum(have), have
        mine.want(film.link)
        mine.finish(film.info_hash)


@pytest.mark.swarm
def test_a_new_check_finds_damage_in_the_library_and_mends_it(client, album) -> None:
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
def test_a_torrent_file_ends_the_wait_for_the_list(client, album, tmp_path) -> None:
    from downloads.metainfo.magnet import Link

    with seeder(album, "--torrents", str(tmp_path)) as [one]:
        mine = client()
        mine.want(Link(v1=one.info_hash))  # without an address: nobody is found
        mine.until(
            lambda me: "No way to find peers" in me.seen[one.info_hash].reason if me.seen else False
        )
        mine.want(one.link, file=Path(one.torrent))
        mine.finish(one.info_hash)


@pytest.mark.swarm
def test_bytes_are_counted_by_file_where_owners_want_different_ones(client, album) -> None:
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


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("named", "wanted"), [("so=1", {1}), ("so=0-1", {0, 1}), ("so=9", {0, 1, 2})]
)
def test_a_link_that_names_files_has_only_those_fetched(ann, named: str, wanted: set[int]) -> None:
    link = parse_link(f"magnet:?xt=urn:btih:{V1}&{named}")
    [placed] = Download.objects.add(ann, [Entry(link)])
    row = Download.objects.get(pk=placed.job.pk)
    assert list_files(row, FILES)
    kept = row.files.exclude(priority=SKIP).values_list("index", flat=True)
    assert set(kept) == wanted
