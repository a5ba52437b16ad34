"""qbittorrent-api, the client under Home Assistant, qbit_manage and qBitrr, at the running site."""

import os
import time

import pytest
import qbittorrentapi
from qbittorrentapi import APIError, Client, Conflict409Error, Forbidden403Error, NotFound404Error

from downloads.library.selection import HIGH, SKIP
from downloads.models.download import Download
from downloads.seeding import FOREVER
from jobsite.jobs.models.api_token import ApiToken
from tests.factories import MIB, now, until
from tests.support.torrent_files import made
from tests.support.torrent_peers import Tracker, seeder
from tests.support.waiting import wait_until

pytestmark = pytest.mark.tree

HASHES = [f"{n:040x}" for n in range(1, 701)]
URL = "http://tracker.example.org/announce"


@pytest.fixture
def client(site, owner) -> Client:
    token = ApiToken.make(owner, "client")
    made_client = Client(host=site.url, username=owner.username, password=token)
    made_client.auth_log_in()
    return made_client


def magnet(info_hash: str, name: str = "film") -> str:
    return f"magnet:?xt=urn:btih:{info_hash}&dn={name}&tr={URL}"


@pytest.fixture
def one(client, owner) -> Download:
    """A torrent of three files, stopped, added as this client adds files."""
    files = [{b"length": 10, b"path": [b"disc", name]} for name in (b"a", b"b", b"c")]
    assert client.torrents_add(torrent_files=made(files=files), is_stopped=True) == "Ok."
    return Download.objects.get(owner=owner)


def test_a_file_is_added_with_every_option_or_refused_by_name(client, owner):
    options = {
        "category": "tv/sonarr", "tags": "a,b", "rename": "Other", "upload_limit": 2048,
        "download_limit": 4096, "is_stopped": True, "is_sequential_download": True,
        "is_first_last_piece_priority": True, "ratio_limit": 2, "content_layout": "NoSubfolder",
    }  # fmt: skip
    assert client.torrents_add(urls=magnet(HASHES[0]), **options) == "Ok."
    job = Download.objects.get(owner=owner)
    assert (job.name, job.save_as, job.status) == ("Other", "Other", "paused")
    assert (job.category.name, job.category.folder) == ("tv/sonarr", "tv/sonarr")
    assert (job.tags, job.up_kb, job.down_kb) == (["a", "b"], 2, 4)
    assert (job.sequential, job.ends_first, job.layout) == (True, True, "flat")
    assert (job.seed, job.seed_ratio) == ("goal", 2.0)
    # What is here already is not added again, but sorted as asked.
    again = {"category": "films", "tags": "c"}
    assert client.torrents_add(urls=magnet(HASHES[0]), **again) == "Fails."
    assert (now(job).category.name, job.tags) == ("films", ["a", "b", "c"])
    for wrong in (
        {"is_skip_checking": True},
        {"download_path": "/elsewhere"},
        {"stop_condition": "FilesChecked"},
    ):
        with pytest.raises(Conflict409Error):
            client.torrents_add(urls=magnet(HASHES[1]), **wrong)
    assert client.torrents_add(urls=magnet(HASHES[1]), save_path="/etc") == "Fails."
    assert Download.objects.filter(owner=owner).count() == 1
    home = client.app_default_save_path()
    assert client.torrents_add(urls=magnet(HASHES[1]), save_path=f"{home}deep/er") == "Ok."
    assert Download.objects.get(info_hash=HASHES[1], owner=owner).category.folder == "deep/er"
    asked = client.torrents_add(urls=magnet(HASHES[2]), stop_condition="MetadataReceived")
    assert asked == "Ok." and Download.objects.get(info_hash=HASHES[2], owner=owner).hold


def test_more_hashes_than_a_statement_takes(client, owner):
    text = "\n".join(map(magnet, HASHES))
    assert client.torrents_add(urls=text, is_stopped=True) == "Ok."
    mine = Download.objects.filter(owner=owner)
    client.torrents_add_tags(tags="all", torrent_hashes=HASHES)
    assert {tuple(tags) for tags in mine.values_list("tags", flat=True)} == {("all",)}
    found = client.torrents_info(torrent_hashes=HASHES, sort="hash", reverse=True, limit=2)
    assert [torrent.hash for torrent in found] == HASHES[:-3:-1]
    assert [torrent.hash for torrent in client.torrents_info(limit=1, offset=1)] == [HASHES[1]]
    assert client.torrents_info(offset=-1)[0].hash == HASHES[-1]
    assert client.torrents_count() == len(HASHES)
    assert client.torrents_info(status_filter="checking") == []
    client.torrents_delete(torrent_hashes=HASHES, delete_files=True)
    assert client.torrents_info() == []


def test_everything_first_and_then_what_has_changed(client, owner):
    client.torrents_add(urls=[magnet(HASHES[0]), magnet(HASHES[1])], is_stopped=True)
    client.torrents_create_tags(tags=["kept"])
    whole = client.sync_maindata()
    assert whole.full_update and set(whole.torrents) == set(HASHES[:2])
    assert list(whole.tags) == ["kept"] and whole.server_state.free_space_on_disk > 0
    rid = whole.rid
    # Another process of the site may answer: it knows no number of this one, and tells all.
    wait_until(lambda: not client.sync_maindata(rid=rid).full_update)
    client.torrents_add_tags(tags="new", torrent_hashes=HASHES[0])
    client.torrents_delete(torrent_hashes=HASHES[1])

    def change():
        answer = client.sync_maindata(rid=rid)
        return None if answer.full_update else answer

    told = wait_until(change)
    assert list(told.torrents) == [HASHES[0]] and list(told.torrents_removed) == [HASHES[1]]
    assert told.torrents[HASHES[0]].tags == "new" and list(told.tags) == ["new"]


def test_files_names_places_and_trackers_are_changed(client, one):
    key = one.info_hash
    wait_until(lambda: client.torrents_files(key))
    assert next(file.name for file in client.torrents_files(key)).endswith("/disc/a")
    client.torrents_file_priority(key, [0, 1], 0)
    client.torrents_file_priority(key, 2, 7)
    priorities = dict(one.files.values_list("index", "priority"))
    assert priorities == {0: SKIP, 1: SKIP, 2: HIGH}
    with pytest.raises(APIError):
        client.torrents_file_priority(key, 2, 4)
    with pytest.raises(Conflict409Error):
        client.torrents_file_priority(key, 9, 1)
    top = one.name
    client.torrents_rename_file(key, old_path=f"{top}/disc/a", new_path=f"{top}/disc/x")
    client.torrents_rename_folder(key, old_path=f"{top}/disc", new_path=f"{top}/cd")
    client.torrents_rename(key, new_torrent_name="Better")
    assert now(one).save_as == "Better"
    client.torrents_add_trackers(key, urls=[URL, "udp://tracker.example.net:80"])
    client.torrents_edit_tracker(key, original_url=URL, new_url=f"{URL}/2")
    assert now(one).trackers[-2:] == [f"{URL}/2", "udp://tracker.example.net:80"]
    client.torrents_remove_trackers(key, urls=f"{URL}/2")
    with pytest.raises(Conflict409Error):
        client.torrents_edit_tracker(key, original_url=URL, new_url="x")
    assert client.torrents_export(key).startswith(b"d")
    home = client.app_default_save_path()
    client.torrents_set_location(location=f"{home}there", torrent_hashes=key)
    assert now(one).category.folder == "there"
    with pytest.raises(Conflict409Error):
        client.torrents_set_location(location="/etc", torrent_hashes=key)
    about = client.torrents_properties(key)
    assert (about.pieces_num, about.name, about.is_private) == (1, "Better", False)
    with pytest.raises(NotFound404Error):
        client.torrents_properties("f" * 40)


def test_limits_orders_and_what_is_not_offered(client, one):
    key = one.info_hash
    client.torrents_set_download_limit(limit=10240, torrent_hashes=key)
    client.torrents_set_upload_limit(limit=20480, torrent_hashes=key)
    assert client.torrents_download_limit(torrent_hashes=key) == {key: 10240}
    assert client.torrents_upload_limit(torrent_hashes=key) == {key: 20480}
    client.torrents_toggle_sequential_download(torrent_hashes=key)
    client.torrents_toggle_first_last_piece_priority(torrent_hashes=key)
    assert now(one).sequential and one.ends_first
    client.torrents_set_auto_management(enable=True, torrent_hashes=key)
    for refuse in (
        lambda: client.torrents_set_auto_management(enable=False, torrent_hashes=key),
        lambda: client.torrents_set_super_seeding(enable=True, torrent_hashes=key),
    ):
        with pytest.raises(Conflict409Error):
            refuse()
    for refuse in (
        client.app_shutdown,
        lambda: client.app_set_preferences({"listen_port": 1}),
        client.search_status,
        client.rss_items,
        lambda: client.transfer_ban_peers("1.2.3.4:5"),
    ):
        with pytest.raises(Forbidden403Error):
            refuse()
    assert client.transfer_speed_limits_mode() == "0"
    client.torrents_create_tags(tags=["a", "b"])
    client.torrents_add_tags(tags="c", torrent_hashes=key)
    assert client.torrents_tags() == ["a", "b", "c"]
    client.torrents_delete_tags(tags=["b", "c"])
    assert client.torrents_tags() == ["a"] and now(one).tags == []
    client.torrents_create_category("x/y")
    client.torrents_set_category("x/y", torrent_hashes=key)
    client.torrents_remove_categories(["x/y"])
    assert client.torrents_categories() == {} and now(one).category is None


@pytest.mark.swarm
def test_trackers_files_and_peers_of_a_torrent_in_the_swarm(client, owner, source):
    folder = source / "album"
    folder.mkdir()
    for name in ("a.flac", "b.flac"):
        (folder / name).write_bytes(os.urandom(MIB))
    with Tracker() as works, Tracker(refusal="unregistered torrent") as refuses:
        with seeder(folder) as [seeded]:
            links = f"{seeded.magnet}&tr={works.url}&tr={refuses.url}"
            assert client.torrents_add(urls=links, ratio_limit=-1) == "Ok."
            job = until(Download.objects.get(owner=owner), "succeeded")
        assert job.seed == FOREVER
        wait_until(lambda: now(job).state == "seeding")
        client.torrents_reannounce(torrent_hashes=job.info_hash)

        def statuses():
            rows = client.torrents_trackers(job.info_hash)
            return {row.url: (row.status, row.msg) for row in rows}

        wait_until(lambda: statuses()[works.url] == (2, ""))
        assert statuses()["** [LSD] **"][0] == 0
        client.torrents_edit_tracker(job.info_hash, works.url, f"{refuses.url}?again")
        wait_until(lambda: statuses()[refuses.url] == (4, "unregistered torrent"))
        assert [file.progress for file in client.torrents_files(job.info_hash)] == [1, 1]
        began = time.monotonic()
        assert client.sync_torrent_peers(job.info_hash).full_update
        assert time.monotonic() - began < 10
        assert client.torrents_piece_states(job.info_hash) == [2] * len(
            hashes := client.torrents_piece_hashes(job.info_hash)
        )
        assert hashes and all(len(one) == 40 for one in hashes)
        said = client.torrents_add_peers(
            peers=["127.0.0.1:9", "8.8.8.8:9"], torrent_hashes=job.info_hash
        )
        assert said == {job.info_hash: {"added": 1, "failed": 1}}
        wait_until(lambda: "127.0.0.1:9" in now(job).link)
        lines = client.log_main(info=False)
        assert any("unregistered torrent" in line.message for line in lines)
        assert {line.type for line in lines} <= {1, 4, 8}
        assert client.log_main(last_known_id=lines[-1].id) == []
        [torrent] = client.torrents_info()
        assert torrent.state == "stalledUP" and torrent.tracker
        assert isinstance(qbittorrentapi.TorrentStates(torrent.state).is_complete, bool)
