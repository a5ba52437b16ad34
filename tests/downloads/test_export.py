"""A download can be taken along as its .torrent file, whatever it was added as."""

import os

import libtorrent as lt
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from downloads.adding import read_torrents, submit
from downloads.engine.resume_data import ResumeStore
from downloads.models.download import Download
from downloads.sync.finished_files import remove_deleted
from downloads.uploaded_torrents import locked, torrent_file
from jobsite.jobs.status import Status
from tests.factories import URL, a_download, api_of
from tests.support.torrent_files import made
from tests.support.torrent_peers import clients, seeder

TRACKER = "udp://tracker.example.org:80/announce"


@pytest.mark.swarm
@pytest.mark.django_db
@pytest.mark.parametrize("version", ["v1", "v2", "hybrid"])
def test_what_came_as_a_link_is_saved_as_a_file(ann, client, settings, tmp_path, version) -> None:
    folder = tmp_path / "<i>album"
    folder.mkdir()
    for name in ("a.flac", "b.flac", "c.txt"):
        (folder / name).write_bytes(os.urandom(600_000 if name != "c.txt" else 5))
    with seeder(folder, "--version", version) as [one], clients(tmp_path) as make:
        mine = make()
        mine.want(one.link)
        mine.finish(one.info_hash)
    settings.DATA_DIR = tmp_path
    (tmp_path / "swarm").symlink_to(mine.folder / "state")
    job = a_download(ann, one.info_hash, Status.SUCCEEDED, is_listed=True, name="<i>album\u202e")
    job.change({"trackers": [TRACKER]})
    client.force_login(ann)
    answer = client.get(f"/downloads/{job.pk}/torrent/")
    assert answer.headers["Content-Type"] == "application/x-bittorrent"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="<i>album.torrent"'
    data = answer.getvalue()
    saved = lt.load_torrent_buffer(data)
    hashes = saved.ti.info_hashes()
    assert one.info_hash in {str(hashes.v1), str(hashes.v2)}
    assert (saved.ti.num_files() >= 3, list(saved.trackers)) == (True, [TRACKER])
    layers = lt.bdecode(data).get(b"piece layers", {})
    assert len(layers) == (0 if version == "v1" else 2)  # of each file of more than one piece
    kept = mine.folder / "state" / "resume"
    ResumeStore(kept).forget(one.info_hash)
    assert not list(kept.iterdir())


@pytest.mark.django_db
def test_what_was_uploaded_is_given_back_by_page_and_api(ann, bob, client, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    client.force_login(ann)
    data = made(name=b"show")
    client.post("/downloads/new/", {"torrents": SimpleUploadedFile("show.torrent", data)})
    job = Download.objects.get(name="show")
    saved = api_of(ann).get(f"{URL}{job.pk}/torrent/")
    assert saved.headers["Content-Disposition"] == 'attachment; filename="show.torrent"'
    assert str(lt.load_torrent_buffer(saved.getvalue()).ti.info_hashes().v1) == job.info_hash
    assert api_of(bob).get(f"{URL}{job.pk}/torrent/").status_code == 404


@pytest.mark.django_db
def test_without_a_list_of_files_there_is_a_sentence(ann, client, settings, tmp_path) -> None:
    settings.DATA_DIR = tmp_path
    job = a_download(ann, status=Status.RUNNING, state="metadata")
    client.force_login(ann)
    assert "can be saved once" in client.get(job.get_absolute_url()).text
    assert client.get(f"/downloads/{job.pk}/torrent/").status_code == 404
    store = ResumeStore(tmp_path / "swarm" / "resume")
    store.save(job.info_hash, b"d4:infoi")  # damaged, and nothing before it
    store.close()
    answer = api_of(ann).get(f"{URL}{job.pk}/torrent/")
    assert (answer.status_code, "not known yet" in answer.json()["detail"]) == (404, True)


class Empty:
    """A swarm in which nothing is."""

    def holds(self, key: str) -> bool:
        return False

    def forget(self, key: str, with_data: bool) -> None:
        pass


@pytest.mark.django_db
def test_a_torrent_that_is_uploaded_again_while_it_is_deleted_keeps_its_file(
    ann, settings, tmp_path
) -> None:
    settings.DATA_DIR = tmp_path
    torrent = SimpleUploadedFile("show.torrent", made(name=b"show"))
    [job] = submit(ann, read_torrents([torrent])).added
    job.request_delete(with_data=True)
    with locked():  # its file is kept, its new row is not stored yet
        remove_deleted(Empty())
        assert torrent_file(job.info_hash).exists()
    torrent.seek(0)
    [again] = submit(ann, read_torrents([torrent])).added
    remove_deleted(Empty())
    assert not Download.objects.filter(pk=job.pk).exists()
    assert torrent_file(job.info_hash).exists()
    again.request_delete()
    remove_deleted(Empty())
    assert not torrent_file(job.info_hash).exists()
