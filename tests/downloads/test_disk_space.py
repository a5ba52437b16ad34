"""Space: what does not fit waits, and the floor is never crossed."""

import os
import shutil
import subprocess

import pytest

from tests.factories import MIB, same
from tests.support.torrent_peers import seeder

pytestmark = pytest.mark.swarm


@pytest.fixture
def client(torrent_client):
    """A maker of torrent clients, in the place of Django's client."""
    return torrent_client


def test_what_does_not_fit_waits_with_a_sentence(client, source) -> None:

    (source / "a.bin").write_bytes(os.urandom(4 * MIB))
    with seeder(source / "a.bin") as [one]:
        mine = client(floor=shutil.disk_usage(source).free * 2)
        mine.want(one.link)
        mine.until(lambda me: "are always kept free" in me.history[-1].reason if me.history else 0)
        assert mine.state(one.info_hash) == "queued"


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
