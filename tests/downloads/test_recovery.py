"""Torrents and an engine that dies, errs or finds its data damaged."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import libtorrent as lt
import pytest

from downloads.engine.event_handlers import handle
from downloads.engine.piece_recovery import recover_pieces
from downloads.seeder import make_torrent
from downloads.session import events
from tests.factories import MIB, same
from tests.support.ports import free_port
from tests.support.torrent_peers import ROOT, Seeded, seeder, written
from tests.support.waiting import PATIENCE, SLACK

pytestmark = pytest.mark.swarm

PARTS = 2 * MIB  # of pieces that are not whole
PIECE, BLOCK = 4 * MIB, 16 * 1024
PACE = min(SLACK, 3)

DRIVER = """
import sys
from pathlib import Path
from downloads.metainfo.magnet import parse_link
from tests.support.torrent_peers import LOOPBACK, Client
mine = Client(Path(sys.argv[1]))
mine.want(*(parse_link(link, LOOPBACK) for link in sys.argv[2:]))
while True:
    mine.tick()
    print(sum(one.done for one in mine.seen.values()), flush=True)
"""


@pytest.fixture
def client(torrent_client):
    """A maker of torrent clients, in the place of Django's client."""
    return torrent_client


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
    (source / "big.bin").write_bytes(os.urandom(96 * MIB))
    words = ("--port", str(free_port()), "--version", version)
    speed = str(int(60_000 / PACE))  # so much less comes while the thread that writes must wait
    with seeder(source / "big.bin", "--max-up-kb", speed, *words) as [big]:
        done = killed_at(tmp_path / "client", [big], 0.5)
        assert done < 96 * MIB
    kept = written(tmp_path / "client" / "downloads" / ".incomplete" / big.info_hash)
    # What was in memory is lost, however large the torrent is.
    assert done - kept <= 10 * MIB * PACE
    # Nobody seeds now: what it has is what it finds on disk.
    mine = client()
    mine.want(big.link)
    enough = kept - PARTS
    mine.until(lambda me: big.info_hash in me.seen and me.seen[big.info_hash].done >= enough)
    with seeder(source / "big.bin", *words):
        mine.finish(big.info_hash)
    assert same(mine.file("big.bin"), source / "big.bin")
    assert mine.seen[big.info_hash].fetched <= 96 * MIB - enough


def test_the_blocks_of_a_piece_that_was_begun_are_not_fetched_again(tmp_path, source) -> None:
    """Pieces of 4 MiB: some are always half here when a process is killed."""
    data = os.urandom(3 * PIECE)
    (source / "big.bin").write_bytes(data)
    params = lt.load_torrent_buffer(made_of_large_pieces(source / "big.bin"))
    part = tmp_path / "big.bin"
    part.touch()
    os.truncate(part, len(data))
    with part.open("r+b") as file:
        file.write(data[:PIECE])  # whole
        file.seek(PIECE + 5 * BLOCK)
        file.write(data[PIECE + 5 * BLOCK : PIECE + 8 * BLOCK])
        file.seek(2 * PIECE)
        file.write(bytes(PIECE - 1) + b"x")  # damaged
    params.unfinished_pieces = {1: [True]}
    assert recover_pieces(params, tmp_path) == 1
    assert list(params.have_pieces) == [True, False, False]
    [(piece, blocks)] = params.unfinished_pieces.items()
    assert piece == 1
    assert [number for number, is_here in enumerate(blocks) if is_here] == [0, 5, 6, 7]


def made_of_large_pieces(path: Path) -> bytes:
    found = lt.file_storage()
    lt.add_files(found, str(path))
    made = lt.create_torrent(found, piece_size=PIECE, flags=lt.create_torrent.v1_only)
    lt.set_piece_hashes(made, str(path.parent))
    return lt.bencode(made.generate())


def test_v2_data_whose_hashes_were_not_saved_yet_is_found_again(client, tmp_path, source) -> None:
    """They come from a peer, after the list of files; what is on disk is kept until then."""
    data = os.urandom(32 * MIB)
    (source / "big.bin").write_bytes(data)
    described = lt.bdecode(make_torrent(source / "big.bin", lt.create_torrent.v2_only))
    listed = lt.load_torrent_buffer(lt.bencode({b"info": described[b"info"]}))
    with seeder(source / "big.bin", "--version", "v2") as [big]:
        mine = client()
        saved = mine.folder / "state" / "resume" / f"{big.info_hash}.resume"
        saved.write_bytes(lt.write_resume_data_buf(listed))
        part = mine.file(".incomplete") / big.info_hash / "big.bin"
        part.parent.mkdir(parents=True)
        part.write_bytes(b"damaged" + data[7 : 24 * MIB])
        os.truncate(part, 32 * MIB)  # what is missing is a hole
        mine.want(big.link)
        mine.finish(big.info_hash)
    assert same(mine.file("big.bin"), source / "big.bin")
    assert 8 * MIB < mine.seen[big.info_hash].fetched <= 8 * MIB + PARTS


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
from downloads.metainfo.magnet import parse_link
from tests.support.torrent_peers import LOOPBACK, Client
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
            dying = [sys.executable, "-c", DYING, *words]
            death = subprocess.run(dying, cwd=ROOT, timeout=PATIENCE)
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
    (source / "a.bin").write_bytes(os.urandom(MIB))
    with seeder(source / "a.bin") as [one]:
        mine = client()
        mine.want(one.link)
        mine.finish(one.info_hash)
        engine = mine.reconciler._engine
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
                handle(engine, make(key))
                engine.session.remove(key)
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
