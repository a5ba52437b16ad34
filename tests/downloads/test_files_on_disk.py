"""Files that lie in the library when a torrent is added: found there, checked, and not fetched."""

import os
import shutil
from pathlib import Path

import libtorrent as lt
import pytest
from django.test import Client as Browser

from downloads.engine.interface import Phase, Snapshot
from downloads.library.record import StoredFile
from downloads.metainfo import torrent_file
from downloads.models.download import Download
from downloads.qbittorrent.format import state_of
from downloads.seeder import make_torrent
from downloads.session.metadata import Metadata
from downloads.sync.row_updates import describe
from downloads.sync.seeding_rows import Seeds
from jobsite.jobs.status import Status
from tests.factories import MIB, a_download, same
from tests.support.torrent_peers import LOOPBACK, Client, seeder

pytestmark = pytest.mark.swarm


@pytest.fixture
def client(torrent_client):
    """A maker of torrent clients, in the place of Django's client."""
    return torrent_client


@pytest.fixture
def client_of_ann(ann):
    browser = Browser()
    browser.force_login(ann)
    return browser


@pytest.mark.parametrize("version", ["v1_only", None])
@pytest.mark.parametrize("folder", ["", "Films"])
def test_a_whole_torrent_is_found_and_nobody_is_asked(client, album, tmp_path, version, folder):
    data = make_torrent(album, getattr(lt.create_torrent, version) if version else 0)
    mine: Client = client()
    shutil.copytree(album, mine.file(folder) / "album")
    link = add_file(mine, tmp_path, data, folder=folder)
    mine.finish(link.key)
    assert mine.seen[link.key].fetched == 0
    assert mine.seen[link.key].record.place == f"{folder}/album".strip("/")
    assert not mine.file(folder).joinpath("album (2)").exists()
    assert any(
        "3 of its files were in the library" in one.text for one in mine.reconciler.log_lines()
    )


def add_file(mine: Client, scratch: Path, data: bytes, **fields):
    path = scratch / "one.torrent"
    path.write_bytes(data)
    link = torrent_file.read(data, LOOPBACK).link
    mine.want(link, file=path, **fields)
    return link


def test_of_a_magnet_link_too(client, source) -> None:
    (source / "film.mkv").write_bytes(os.urandom(3 * MIB))
    mine = client()
    shutil.copy(source / "film.mkv", mine.file("film.mkv"))
    with seeder(source / "film.mkv", "--max-up-kb", "100") as [one]:
        mine.want(one.link)
        mine.finish(one.info_hash)
    assert sorted(path.name for path in mine.file(".").iterdir() if path.is_file()) == ["film.mkv"]
    assert mine.seen[one.info_hash].fetched < MIB


def test_what_lacks_is_fetched_beside_it(client, album) -> None:
    mine = client()
    (mine.file("album") / "extra").mkdir(parents=True)
    with seeder(album, "--version", "hybrid") as [one]:
        shutil.copy(album / "extra" / "c.flac", mine.file("album") / "extra" / "c.flac")
        shutil.copy(album / "a.flac", mine.file("album") / "a.flac")
        mine.want(one.link)
        mine.finish(one.info_hash)
    for name in ("a.flac", "b.flac", "extra/c.flac"):
        assert same(mine.file("album") / name, album / name)


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: b"x" + data[1:]])
def test_another_file_of_that_name_is_left_alone(client, source, change) -> None:
    (source / "film.mkv").write_bytes(os.urandom(3 * MIB))
    mine = client()
    theirs = change((source / "film.mkv").read_bytes())
    mine.file("film.mkv").write_bytes(theirs)
    with seeder(source / "film.mkv") as [one]:
        mine.want(one.link)
        mine.finish(one.info_hash)
    assert mine.file("film.mkv").read_bytes() == theirs
    assert same(mine.file("film (2).mkv"), source / "film.mkv")


def test_the_files_of_another_torrent_stay_with_that(client, source, tmp_path) -> None:
    (source / "film.mkv").write_bytes(os.urandom(MIB))
    mine = client()
    with seeder(source / "film.mkv") as [one]:
        mine.want(one.link)
        mine.finish(one.info_hash)
        other = make_torrent(
            source / "film.mkv", lt.create_torrent.v1_only, ("http://127.0.0.1:1/a",)
        )
        info = lt.bdecode(other)
        info[b"info"][b"source"] = b"another tracker"
        link = add_file(mine, tmp_path, lt.bencode(info))
        mine.until(lambda me: me.state(link.key) == "downloading")
    assert link.key != one.info_hash
    assert mine.reconciler._engine.library.record(link.key) is None


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: os.truncate(path, 5)])
def test_a_file_that_vanishes_from_under_a_seed_is_noticed(client, album, damage) -> None:
    mine = client()
    with seeder(album) as [one]:
        mine.want(one.link)
        mine.finish(one.info_hash)
    mine.want(one.link, seed=True, token="seed")
    mine.until(lambda me: me.state(one.info_hash) == "seeding")
    damage(mine.file("album") / "b.flac")
    mine.until(lambda me: me.state(one.info_hash) == "failed")
    assert mine.reason(one.info_hash).startswith("“album/b.flac” is not in the library any more")


def test_its_owner_is_told_and_checks_again(client_of_ann, ann) -> None:
    job = a_download(ann, status=Status.SUCCEEDED, seeding=True, seed="forever", size=5, done=5)
    seeds = Seeds()
    seeds.read(())
    why = "“film.mkv” is not in the library any more."
    seeds.write([Snapshot(job.info_hash, Phase.FAILED, "failed", why)])
    job.refresh_from_db()
    assert (job.seeding, job.message, job.shown_state) == (False, why, "damaged")
    assert state_of(job) == "missingFiles"
    page = client_of_ann.get(job.get_absolute_url()).content.decode()
    assert why in page and "Check again" in page
    client_of_ann.post(f"/downloads/{job.pk}/check/")
    job.refresh_from_db()
    assert job.recheck and job.status == Status.QUEUED


@pytest.mark.parametrize(("renamed", "name"), [("Mine", "Mine"), ("", "the torrent's own")])
def test_a_name_given_while_the_list_of_files_is_stored_stays(ann, renamed, name) -> None:
    job = a_download(ann)
    read_before = Download.objects.get(pk=job.pk)
    if renamed:
        job.change({"name": renamed})
    files = (StoredFile(0, "", 5),)
    describe(read_before, Metadata("a" * 40, "", "the torrent's own", "film", 5, files))
    job.refresh_from_db()
    assert job.name == name and job.is_listed
