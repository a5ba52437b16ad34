"""Real torrents between real clients on loopback."""

import os
import time
from pathlib import Path

import libtorrent as lt
import pytest

from downloads.metainfo.magnet import Link
from downloads.seeder import make_torrent
from tests.factories import MIB, same
from tests.support.torrent_peers import TRANSMISSION, Tracker, seeder, transmission
from tests.support.waiting import PATIENCE, promised, wait_until

pytestmark = pytest.mark.swarm


@pytest.fixture
def client(torrent_client):
    """A maker of torrent clients, in the place of Django's client."""
    return torrent_client


def test_a_magnet_link_is_fetched_verified_and_put_into_the_library(client, source) -> None:
    (source / "film.mkv").write_bytes(os.urandom(24 * MIB))
    with seeder(source / "film.mkv") as [film]:
        mine = client()
        mine.want(film.link)
        mine.finish(film.info_hash)
    last = mine.seen[film.info_hash]
    assert (last.done, last.size, last.reason) == (24 * MIB, 24 * MIB, "")
    assert last.record is not None and last.record.place == "film.mkv"
    assert same(mine.file("film.mkv"), source / "film.mkv")
    assert list(mine.file(".incomplete").iterdir()) == []
    phases = list(dict.fromkeys(str(one.phase) for one in mine.history))
    assert phases[0] in {"metadata", "queued"} and phases[-1] == "succeeded"


@pytest.mark.parametrize("version", ["v1", "v2", "hybrid"])
def test_folders_of_every_version_keep_their_tree(client, source, version: str) -> None:
    folder = source / "album"
    (folder / "disc 2").mkdir(parents=True)
    for name in ("a.flac", "disc 2/b.flac", "disc 2/<i>.txt"):
        (folder / name).write_bytes(os.urandom(300_000))
    with seeder(folder, "--version", version) as [album]:
        mine = client()
        mine.want(album.link)
        mine.finish(album.info_hash)
    record = mine.seen[album.info_hash].record
    assert record is not None
    assert sorted(file.path for file in record.files) == [
        "a.flac",
        "disc 2/<i>.txt",
        "disc 2/b.flac",
    ]
    for file in record.files:
        assert same(mine.file(record.path_of(file)), folder / file.path)


def test_a_torrent_file_needs_no_metadata_phase(client, source, tmp_path) -> None:
    (source / "a.bin").write_bytes(os.urandom(3 * MIB))
    with seeder(source / "a.bin", "--torrents", str(tmp_path)) as [one]:
        mine = client()
        mine.want(one.link, file=Path(one.torrent))
        mine.finish(one.info_hash)
    assert "metadata" not in {one.state for one in mine.history}
    assert same(mine.file("a.bin"), source / "a.bin")


def test_many_torrents_share_one_session(client, source) -> None:
    for number in range(60):
        (source / f"{number}.bin").write_bytes(os.urandom(MIB // 2))
    with seeder(source, "--each") as torrents:
        mine = client()
        mine.want(*(one.link for one in torrents))
        mine.finish(*(one.info_hash for one in torrents))
    for one in torrents:
        assert same(mine.file(one.name), source / one.name)


def test_so_many_at_once_the_others_wait_with_a_number(client, source) -> None:
    for number in range(4):
        (source / f"{number}.bin").write_bytes(os.urandom(2 * MIB))
    with seeder(source, "--each", "--max-up-kb", "2000") as torrents:
        mine = client(active=1)
        mine.want(*(one.link for one in torrents))
        mine.until(
            lambda me: any("1st in the queue: 1 download" in one.reason for one in me.history)
        )
        mine.finish(*(one.info_hash for one in torrents))


def test_a_forced_one_starts_past_the_queue(client, source) -> None:
    for number in range(3):
        (source / f"{number}.bin").write_bytes(os.urandom(2 * MIB))
    with seeder(source, "--each", "--max-up-kb", "500") as [first, second, forced]:
        mine = client(active=1)
        mine.want(first.link, second.link)
        mine.until(lambda me: "queue" in me.reason(first.info_hash) + me.reason(second.info_hash))
        mine.want(forced.link, forced=True)
        mine.until(lambda me: me.state(forced.info_hash) == "downloading")
        assert {mine.state(one.info_hash) for one in (first, second)} == {"downloading", "queued"}


@pytest.mark.skipif(TRANSMISSION is None, reason="Debian's transmission-daemon is not installed")
def test_transmission_is_understood_through_a_tracker(client, tmp_path) -> None:
    home = tmp_path / "transmission"
    (home / "data").mkdir(parents=True)
    (home / "data" / "book.pdf").write_bytes(os.urandom(4 * MIB))
    with Tracker() as tracker:
        data = make_torrent(home / "data" / "book.pdf", lt.create_torrent.v1_only, (tracker.url,))
        info_hash = str(lt.load_torrent_buffer(data).ti.info_hashes().v1)
        with transmission(home, data):
            wait_until(lambda: tracker.peers.get(bytes.fromhex(info_hash)))
            mine = client()
            mine.want(Link(v1=info_hash, trackers=(tracker.url,)))
            mine.finish(info_hash)
    assert same(mine.file("book.pdf"), home / "data" / "book.pdf")


def test_a_tracker_outside_the_open_networks_is_never_asked(tmp_path, source) -> None:
    from downloads.engine.interface import EngineOptions, Wanted
    from downloads.engine.reconciler import Reconciler
    from downloads.session.settings import Options

    (tmp_path / "d").mkdir()
    (tmp_path / "s").mkdir()
    with Tracker() as tracker:
        reconciler = Reconciler(
            Options("127.0.0.1:0", dht=False), EngineOptions(tmp_path / "d", tmp_path / "s")
        )
        # As if the link's own check had been passed: the session has a filter, too.
        link = Link(v1="a" * 40, trackers=(tracker.url,), peers=("127.0.0.1:1",))
        reconciler.want({link.key: Wanted(link)})
        said = []
        deadline = time.monotonic() + PATIENCE
        while not any("cannot be reached" in text for text in said) and time.monotonic() < deadline:
            said += [one.reason for one in reconciler.tick(0.2)]
        reconciler.stop(2)
        assert any("The tracker 127.0.0.1 cannot be reached: " in text for text in said)
        assert tracker.peers == {}


def test_dead_links_do_not_hold_up_a_live_one(client, source) -> None:
    (source / "live.bin").write_bytes(os.urandom(MIB))
    with seeder(source / "live.bin") as [live]:
        mine = client()
        mine.want(*(Link(v1=f"{number:040x}") for number in range(1, 501)))
        mine.until(lambda me: len(me.seen) == 500)
        mine.want(live.link)
        mine.finish(live.info_hash, seconds=promised(10))
    reasons = {one.reason for one in mine.seen.values() if one.key != live.info_hash}
    assert any(text.startswith("No way to find peers: DHT is off") for text in reasons)
    assert any(text.startswith("Waiting for its turn") for text in reasons)


def test_paused_and_resumed_it_goes_on_where_it_was(client, source) -> None:
    (source / "a.bin").write_bytes(os.urandom(16 * MIB))
    with seeder(source / "a.bin", "--max-up-kb", "6000") as [one]:
        mine = client()
        mine.want(one.link)
        mine.until(lambda me: one.info_hash in me.seen and me.seen[one.info_hash].done > 4 * MIB)
        done = mine.seen[one.info_hash].done
        mine.leave(one.info_hash)
        mine.until(lambda me: not me.reconciler.holds(one.info_hash))
        mine.history.clear()
        mine.want(one.link)
        mine.finish(one.info_hash)
        assert next(snapshot.done for snapshot in mine.history if snapshot.size) >= done - MIB
    assert same(mine.file("a.bin"), source / "a.bin")


def test_a_complete_torrent_is_not_fetched_twice(client, source) -> None:
    (source / "a.bin").write_bytes(os.urandom(MIB))
    with seeder(source / "a.bin") as [one]:
        mine = client()
        mine.want(one.link)
        mine.finish(one.info_hash)
    mine.leave(one.info_hash)
    mine.until(lambda me: not me.reconciler.holds(one.info_hash))
    mine.want(one.link)  # nobody seeds any more
    mine.finish(one.info_hash)
    assert [path.name for path in mine.file("").iterdir() if path.name != ".incomplete"] == [
        "a.bin"
    ]


def test_forgotten_with_its_data_nothing_is_left(client, source) -> None:
    (source / "a.bin").write_bytes(os.urandom(8 * MIB))
    with seeder(source / "a.bin", "--max-up-kb", "2000") as [one]:
        mine = client()
        mine.want(one.link)
        mine.until(lambda me: one.info_hash in me.seen and me.seen[one.info_hash].done > 0)
        mine.leave(one.info_hash)
        mine.until(lambda me: not me.reconciler.holds(one.info_hash))
    mine.reconciler.forget(one.info_hash, with_data=True)
    assert list(mine.file(".incomplete").iterdir()) == []
    assert list((mine.folder / "state" / "resume").iterdir()) == []


def test_both_hashes_of_a_hybrid_end_as_one_download(client, source) -> None:
    (source / "a.bin").write_bytes(os.urandom(MIB))
    with seeder(source / "a.bin", "--version", "hybrid") as [one]:
        first = Link(v1=one.link.v1, peers=one.link.peers)
        second = Link(v2=one.link.v2, peers=one.link.peers)
        mine = client()
        mine.want(first, second)
        mine.until(
            lambda me: (
                sorted((me.state(first.key), me.state(second.key)))
                in (["failed", "succeeded"], ["succeeded", "succeeded"])
            )
        )
    failed = [one for one in mine.seen.values() if one.state == "failed"]
    assert all("the same torrent as another" in one.reason for one in failed)
