"""What people put into their watch folder is added by itself, once, or refused with the reason."""

import os
import time
from pathlib import Path

import pytest

from downloads.models.download import Download
from downloads.sync.watch_folders import WatchFolders
from tests.support.torrent_files import made
from tests.support.waiting import wait_until

LINK = f"magnet:?xt=urn:btih:{'d' * 40}&dn=A%20film"


@pytest.fixture
def folder(tmp_path, ann) -> Path:
    """ann's folder."""
    mine = tmp_path / "ann"
    mine.mkdir()
    return mine


@pytest.fixture
def watched(tmp_path) -> WatchFolders:
    return WatchFolders(tmp_path)


def put(path: Path, data: bytes, seconds_ago: float = 60) -> Path:
    path.write_bytes(data)
    then = time.time() - seconds_ago
    os.utime(path, (then, then))
    return path


def look(watched: WatchFolders) -> None:
    watched.step()
    watched.step()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_torrents_and_lists_are_added_and_renamed(folder, watched, ann, settings, tmp_path) -> None:
    put(folder / "show.TORRENT", made(name=b"show"))
    put(folder / "links.txt", f"# mine\n{LINK}\nnonsense\n".encode())
    put(folder / "one.magnet", f"{'e' * 40}\n".encode())
    put(folder / "film.mkv", b"not looked at")
    look(watched)
    assert names(folder) == [
        *("film.mkv", "links.txt.added", "links.txt.reason"),
        *("one.magnet.added", "show.TORRENT.added"),
    ]
    assert "nonsense: " in (folder / "links.txt.reason").read_text()
    rows = Download.objects.filter(owner=ann)
    assert sorted(row.name for row in rows) == ["A film", "e" * 40, "show"]
    assert rows.get(name="show").has_file
    look(watched)
    assert rows.count() == 3


def test_what_cannot_be_used_is_refused_with_the_reason(folder, watched) -> None:
    put(folder / "page.torrent", b"<html>")
    put(folder / "empty.txt", b"\n# nothing\n")
    look(watched)
    assert names(folder) == [
        *("empty.txt.invalid", "empty.txt.reason"),
        *("page.torrent.invalid", "page.torrent.reason"),
    ]
    assert "This is a web page" in (folder / "page.torrent.reason").read_text()
    assert "no link in this file" in (folder / "empty.txt.reason").read_text()
    assert not Download.objects.exists()


def test_a_file_that_still_grows_is_left_alone(folder, watched) -> None:
    put(folder / "fresh.txt", LINK.encode(), seconds_ago=0)
    look(watched)
    put(folder / "grows.txt", LINK.encode()[:20])
    watched.step()
    put(folder / "grows.txt", LINK.encode(), seconds_ago=50)
    watched.step()
    assert names(folder) == ["fresh.txt", "grows.txt"]
    watched.step()
    assert names(folder) == ["fresh.txt", "grows.txt.added"]


def test_strangers_links_and_folders_are_left_alone(folder, watched, tmp_path) -> None:
    (tmp_path / "nobody").mkdir()
    put(tmp_path / "nobody" / "a.txt", LINK.encode())
    secret = put(tmp_path / "secret.txt", LINK.encode())
    (folder / "link.txt").symlink_to(secret)
    (folder / "folder.txt").mkdir()
    os.mkfifo(folder / "pipe.txt")
    (tmp_path / "bob").symlink_to(tmp_path / "nobody")
    look(watched)
    assert not Download.objects.exists()
    assert names(folder) == ["folder.txt", "link.txt", "pipe.txt"]


def test_a_reason_is_not_written_through_a_link(folder, watched, tmp_path) -> None:
    keys = put(tmp_path / "authorized_keys", b"ssh-ed25519 ours")
    put(folder / "x.txt", b"ssh-ed25519 AAAA attacker")
    (folder / "x.txt.reason").symlink_to(keys)
    put(folder / "y.txt", b"nonsense")
    (folder / "y.txt.invalid").symlink_to(keys)
    look(watched)
    assert keys.read_bytes() == b"ssh-ed25519 ours"
    assert names(folder) == ["x.txt.invalid", "x.txt.reason", "y.txt.invalid", "y.txt.reason"]
    assert not any(path.is_symlink() for path in folder.iterdir())


def test_a_folder_that_is_swapped_for_a_link_is_not_entered(folder, watched, tmp_path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    put(elsewhere / "a.txt", b"nonsense")
    put(folder / "a.txt", b"nonsense")
    watched.step()  # seen, and swapped before it is read
    folder.rename(tmp_path / "away")
    folder.symlink_to(elsewhere)
    look(watched)
    assert names(elsewhere) == ["a.txt"]
    assert names(tmp_path / "away") == ["a.txt"]


def test_beyond_the_allowance_a_file_waits(folder, watched, settings) -> None:
    settings.USER_QUEUED = 1
    put(folder / "many.txt", f"{'a' * 40}\n{'b' * 40}\n".encode())
    look(watched)
    assert names(folder) == ["many.txt"]
    settings.USER_QUEUED = 0
    look(watched)
    assert names(folder) == ["many.txt.added"]


@pytest.mark.tree
def test_the_running_site_looks_into_the_folders(site, owner) -> None:
    mine = site.folder / "data" / "watch" / owner.username
    mine.mkdir(parents=True)
    put(mine / "a.txt", LINK.encode())
    wait_until(lambda: names(mine) == ["a.txt.added"])
    [job] = Download.objects.filter(owner=owner)
    assert job.name == "A film"
    job.request_delete()
