"""Real torrents between real clients on loopback."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import libtorrent as lt
import pytest

from downloads.links import Link
from downloads.seeder import make_torrent
from tests.ports import free_port
from tests.swarm import (
    ROOT,
    TRANSMISSION,
    Seeded,
    Tracker,
    clients,
    seeder,
    transmission,
)
from tests.waiting import PATIENCE, promised, wait_until

pytestmark = pytest.mark.swarm

MIB = 2**20


@pytest.fixture
def client(tmp_path):
    with clients(tmp_path) as make:
        yield make


@pytest.fixture
def source(tmp_path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


def same(one: Path, other: Path) -> bool:
    return hashlib.sha256(one.read_bytes()).digest() == hashlib.sha256(other.read_bytes()).digest()


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
    from downloads.moves import Place
    from downloads.session_settings import Options
    from downloads.swarm import Swarm
    from downloads.torrent import Wanted

    (tmp_path / "d").mkdir()
    (tmp_path / "s").mkdir()
    with Tracker() as tracker:
        swarm = Swarm(Options("127.0.0.1:0", dht=False), Place(tmp_path / "d", tmp_path / "s"))
        # As if the link's own check had been passed: the session has a filter, too.
        link = Link(v1="a" * 40, trackers=(tracker.url,), peers=("127.0.0.1:1",))
        swarm.want({link.key: Wanted(link)})
        said = []
        deadline = time.monotonic() + PATIENCE
        while not any("cannot be reached" in text for text in said) and time.monotonic() < deadline:
            said += [one.reason for one in swarm.tick(0.2)]
        swarm.stop(2)
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
    assert any(text.startswith("Nobody can be asked: DHT is off") for text in reasons)
    assert any(text.startswith("Waiting for its turn") for text in reasons)


def test_paused_and_resumed_it_goes_on_where_it_was(client, source) -> None:
    (source / "a.bin").write_bytes(os.urandom(16 * MIB))
    with seeder(source / "a.bin", "--max-up-kb", "6000") as [one]:
        mine = client()
        mine.want(one.link)
        mine.until(lambda me: one.info_hash in me.seen and me.seen[one.info_hash].done > 4 * MIB)
        done = mine.seen[one.info_hash].done
        mine.leave(one.info_hash)
        mine.until(lambda me: not me.swarm.holds(one.info_hash))
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
    mine.until(lambda me: not me.swarm.holds(one.info_hash))
    mine.want(one.link)  # nobody seeds any more
    mine.finish(one.info_hash, seconds=promised(5))
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
        mine.until(lambda me: not me.swarm.holds(one.info_hash))
    mine.swarm.forget(one.info_hash, with_data=True)
    assert list(mine.file(".incomplete").iterdir()) == []
    assert list((mine.folder / "state" / "resume").iterdir()) == []


def test_what_does_not_fit_waits_with_a_sentence(client, source) -> None:
    import shutil

    (source / "a.bin").write_bytes(os.urandom(4 * MIB))
    with seeder(source / "a.bin") as [one]:
        mine = client(floor=shutil.disk_usage(source).free * 2)
        mine.want(one.link)
        mine.until(lambda me: "are always kept free" in me.history[-1].reason if me.history else 0)
        assert mine.state(one.info_hash) == "queued"


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


DRIVER = """
import sys
from pathlib import Path
from downloads.links import parse_link
from tests.swarm import LOOPBACK, Client
mine = Client(Path(sys.argv[1]))
mine.want(*(parse_link(link, LOOPBACK) for link in sys.argv[2:]))
while True:
    mine.tick()
    print(sum(one.done for one in mine.seen.values()), flush=True)
"""


def killed_at(folder: Path, torrents: list[Seeded], share: float) -> int:
    """Run a client in a process of its own and kill -9 it; bytes it had said to have."""
    total = sum(one.size for one in torrents)
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(folder), *(one.magnet for one in torrents)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    done = 0
    try:
        for line in process.stdout:
            done = int(line)
            if done >= share * total:
                break
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    return done


@pytest.mark.parametrize("version", ["v1", "v2", "hybrid"])
def test_killed_at_half_it_goes_on_and_fetches_next_to_nothing_again(
    client, tmp_path, source, version: str
) -> None:
    (source / "big.bin").write_bytes(os.urandom(192 * MIB))
    words = ("--port", str(free_port()), "--version", version)
    with seeder(source / "big.bin", "--max-up-kb", "60000", *words) as [big]:
        done = killed_at(tmp_path / "client", [big], 0.5)
        assert done < 192 * MIB
    # Nobody seeds now: what it has is what it finds on disk.
    mine = client()
    mine.want(big.link)
    enough = done - 10 * MIB  # what was in flight, however large the torrent is
    mine.until(lambda me: big.info_hash in me.seen and me.seen[big.info_hash].done >= enough, 10)
    with seeder(source / "big.bin", *words):
        mine.finish(big.info_hash)
    assert same(mine.file("big.bin"), source / "big.bin")


def test_twenty_killed_at_half_all_go_on(client, tmp_path, source) -> None:
    for number in range(20):
        (source / f"{number}.bin").write_bytes(os.urandom(3 * MIB))
    with seeder(source, "--each", "--max-up-kb", "20000") as torrents:
        done = killed_at(tmp_path / "client", torrents, 0.5)
        mine = client()
        mine.want(*(one.link for one in torrents))
        mine.until(lambda me: len(me.seen) == 20 and all(one.size for one in me.seen.values()))
        mine.finish(*(one.info_hash for one in torrents))
        assert done > 0
    for one in torrents:
        assert same(mine.file(one.name), source / one.name)


def test_damage_on_disk_is_fetched_again(client, tmp_path, source) -> None:
    """Repair counts a piece only where its hash is right."""
    (source / "a.bin").write_bytes(os.urandom(32 * MIB))
    with seeder(source / "a.bin", "--max-up-kb", "16000") as [one]:
        killed_at(tmp_path / "client", [one], 0.4)
        [resume] = (tmp_path / "client" / "state" / "resume").glob("*.resume")
        params = lt.read_resume_data(resume.read_bytes())
        params.have_pieces = []
        resume.write_bytes(lt.write_resume_data_buf(params))
        [part] = (tmp_path / "client" / "downloads" / ".incomplete").glob("*/a.bin")
        with part.open("r+b") as file:
            file.write(b"\0" * 100)
        mine = client()
        mine.want(one.link)
        mine.finish(one.info_hash)
    assert same(mine.file("a.bin"), source / "a.bin")


DYING = """
import os, signal, sys
from pathlib import Path
from downloads.links import parse_link
from tests.swarm import LOOPBACK, Client
poison, *others = (parse_link(link, LOOPBACK) for link in sys.argv[2:])
mine = Client(Path(sys.argv[1]))
journal = Path(sys.argv[1]) / "state" / "in-hand"
mine.want(poison, *others)
while True:
    mine.tick()
    if poison.key in journal.read_text().partition("deaths")[0]:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_torrent_that_kills_the_engine_three_times_is_given_up(client, tmp_path, source) -> None:
    for number in range(6):
        (source / f"{number}.bin").write_bytes(os.urandom(MIB))
    with seeder(source, "--each") as torrents:
        words = [str(tmp_path / "client"), *(one.magnet for one in torrents)]
        for _ in range(3):
            death = subprocess.run([sys.executable, "-c", DYING, *words], cwd=ROOT, timeout=60)
            assert death.returncode == -signal.SIGKILL
        mine = client()
        mine.want(*(one.link for one in torrents))
        poison, *others = (one.info_hash for one in torrents)
        mine.until(lambda me: me.state(poison) == "failed")
        assert "died 3 times while it worked on this torrent" in mine.seen[poison].reason
        mine.finish(*others)
        mine.want(torrents[0].link, token="asked again")
        mine.finish(poison)


def test_what_is_told_of_a_torrent_that_is_gone_is_ignored(client, source) -> None:
    from downloads import events
    from downloads.reactions import heed

    (source / "a.bin").write_bytes(os.urandom(MIB))
    with seeder(source / "a.bin") as [one]:
        mine = client()
        mine.want(one.link)
        mine.finish(one.info_hash)
        moves = mine.swarm._moves
        told = [
            events.Flushed,
            events.Removed,
            events.Finished,
            events.MetadataArrived,
            lambda key: events.ResumeData(key, b"x"),
            lambda key: events.Failed(key, "late"),
            lambda key: events.Conflict(key, "c" * 40),
            lambda key: events.TrackerSaid(key, "late"),
            lambda key: events.Moved(key, 1, 1, 0, 0, 0, True, False, True),
        ]
        for key in (one.info_hash, "b" * 40):
            for make in (*told, *reversed(told)):
                heed(moves, make(key))
                moves.session.remove(key)
        mine.tick()
        assert mine.state(one.info_hash) == "succeeded"


def test_an_error_with_one_torrent_fails_it_and_takes_no_other_along(client, source) -> None:
    for name in ("a", "b"):
        (source / f"{name}.bin").write_bytes(os.urandom(MIB))
    with seeder(source, "--each") as [broken, well]:
        mine = client()
        # A folder where a file of the engine's own belongs.
        (mine.folder / "state" / "library" / f"{broken.info_hash}.part").mkdir()
        mine.want(broken.link, well.link)
        mine.finish(well.info_hash)
        mine.until(lambda me: me.state(broken.info_hash) == "failed")
    assert "could not be moved into the library" in mine.seen[broken.info_hash].reason


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 48 MiB for the client's downloads."""
    if "SMALL_DISK" not in os.environ:
        pytest.skip("libtorrent may abort its process on a full disk: `make chaos` runs this")
    folder = tmp_path / "client" / "downloads"
    folder.mkdir(parents=True)
    words = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("only root can mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_fills_up_is_a_sentence_and_it_goes_on_by_itself(
    small_disk, client, source
) -> None:
    (source / "a.bin").write_bytes(os.urandom(24 * MIB))
    with seeder(source / "a.bin", "--max-up-kb", "6000") as [one]:
        mine = client()
        mine.want(one.link)
        mine.until(lambda me: one.info_hash in me.seen and me.seen[one.info_hash].done > 4 * MIB)
        with (small_disk / "other").open("wb") as file:
            file.truncate(64 * MIB)
            with pytest.raises(OSError, match="No space"):
                while True:
                    file.write(bytes(MIB))
                    file.flush()
        mine.until(lambda me: "space" in me.seen[one.info_hash].reason)
        assert mine.state(one.info_hash) == "queued"
        (small_disk / "other").unlink()
        mine.finish(one.info_hash)
    assert same(mine.file("a.bin"), source / "a.bin")


def test_the_floor_is_never_crossed(small_disk, client, source) -> None:
    import shutil

    for number in range(6):
        (source / f"{number}.bin").write_bytes(os.urandom(8 * MIB))
    with seeder(source, "--each", "--max-up-kb", "20000") as torrents:
        mine = client(floor=20 * MIB)  # room for three of six, and some
        mine.want(*(one.link for one in torrents))
        lowest = []

        def settled(me) -> bool:
            lowest.append(shutil.disk_usage(small_disk).free)
            states = sorted(me.state(one.info_hash) for one in torrents)
            return states == ["queued"] * 3 + ["succeeded"] * 3

        mine.until(settled)
        assert min(lowest) >= 20 * MIB
        waits = next(one for one in mine.seen.values() if one.state == "queued")
        assert waits.reason.startswith("Waiting for ")
        for one in torrents:
            if mine.state(one.info_hash) == "succeeded":
                mine.file(one.name).unlink()
        mine.finish(waits.key)
