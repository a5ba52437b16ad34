"""Files are opened before they are whole: the pieces from the place of playing come first."""

import os
import urllib.error
import urllib.request

import pytest

from downloads.ipc.stream_requests import Available, ByteRange, StreamMailbox
from downloads.library.media_types import played_as
from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from downloads.models.download_queryset import Entry
from downloads.web.playback import PLACES
from tests.support.ports import free_port
from tests.support.torrent_peers import Client, seeder
from tests.support.waiting import PATIENCE, wait_until

MIB = 2**20


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("film.mp4", "video/mp4"),
        ("FILM.MKV", "video/webm"),
        ("song.flac", "audio/flac"),
        ("page.html", ""),
        ("picture.svg", ""),
        ("film.mp4.exe", ""),
        ("noending", ""),
    ],
)
def test_only_what_browsers_play_is_served_in_place(name, kind) -> None:
    assert played_as(name) == kind


def test_an_answer_is_taken_by_reading_it(tmp_path) -> None:
    box, request = StreamMailbox(tmp_path / "box"), ByteRange("a" * 40, 3, 5_000_000_000)
    assert (box.requests(), box.answer(request)) == ([], None)
    box.ask(request)
    assert box.requests() == [request]
    box.publish(request, Available("x/film.mp4", 7))
    assert box.requests() == []
    assert (box.answer(request), box.answer(request)) == (Available("x/film.mp4", 7), None)
    (tmp_path / "box" / "nonsense.want").touch()
    assert box.requests() == []


@pytest.mark.swarm
def test_the_pieces_follow_the_place_of_playing(tmp_path) -> None:
    film, port = tmp_path / "film.mp4", str(free_port())
    film.write_bytes(os.urandom(48 * MIB))
    mine = Client(tmp_path / "client")
    try:
        with seeder(film, "--port", port, "--max-up-kb", "1000") as [one]:
            mine.want(one.link)
            mine.until(lambda me: one.info_hash in me.seen and me.seen[one.info_hash].done > 0)
            for offset in (40 * MIB + 12_345, 20 * MIB):
                request = ByteRange(one.info_hash, 0, offset)
                found: list[Available] = []
                mine.until(lambda me, w=request, f=found: f.append(me.reconciler.serve(w)) or f[-1])
                here = found[-1]
                assert offset < here.until <= offset + 8 * MIB
                file = tmp_path / "client" / "downloads" / here.path
                with file.open("rb") as got, film.open("rb") as want:
                    got.seek(offset)
                    want.seek(offset)
                    assert got.read(here.until - offset) == want.read(here.until - offset)
                # What was played came before most of the rest.
                assert mine.seen[one.info_hash].done < 24 * MIB
            assert mine.reconciler.serve(ByteRange(one.info_hash, 0, 48 * MIB)) is None
            assert mine.reconciler.serve(ByteRange(one.info_hash, 9, 0)) is None
            assert mine.reconciler.serve(ByteRange("b" * 40, 0, 0)) is None
        with seeder(film, "--port", port):
            mine.finish(one.info_hash)
    finally:
        mine.reconciler.stop(2)
    assert mine.file("film.mp4").read_bytes() == (tmp_path / "film.mp4").read_bytes()


@pytest.mark.swarm
@pytest.mark.tree
def test_a_range_of_an_unfinished_file_is_served_by_the_site(site, owner, tmp_path) -> None:
    (tmp_path / "film.mp4").write_bytes(os.urandom(40 * MIB))
    token = site.token(owner.username)
    with seeder(tmp_path / "film.mp4", "--max-up-kb", "1000") as [one]:
        _, answer = site.call("POST", "/api/v1/downloads/", token, {"links": one.magnet})
        job = answer["added"][0]["id"]
        address = f"{site.url}/api/v1/downloads/{job}/files/0/"
        wait_until(lambda: site.get(f"/api/v1/downloads/{job}/", token)[1]["done"] > 0)
        headers = {"Authorization": f"Bearer {token}", "Range": f"bytes={30 * MIB}-"}
        request = urllib.request.Request(address, headers=headers)
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            body = response.read()
            assert response.status == 206
            span = f"bytes {30 * MIB}-{30 * MIB + len(body) - 1}/{40 * MIB}"
            assert response.headers["Content-Range"] == span
            assert response.headers["Content-Disposition"].startswith("attachment")
        assert body == (tmp_path / "film.mp4").read_bytes()[30 * MIB :][: len(body)]
        assert site.get(f"/api/v1/downloads/{job}/", token)[1]["progress"] < 0.8
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(
                urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
            )
        assert refused.value.code == 404
        site.call("DELETE", f"/api/v1/downloads/{job}/?data=1", token)


@pytest.fixture
def running(ann, settings, tmp_path):
    """A file of a download that runs, without an engine."""
    settings.DATA_DIR = settings.DOWNLOAD_DIR = tmp_path
    from downloads.metainfo.magnet import Link

    job = Download.objects.add(ann, [Entry(Link(v1="a" * 40))])[0].job
    Download.objects.filter(pk=job.pk).update(status="running", attempt=1, name="film.mp4")
    return DownloadFile.objects.create(download=job, index=0, path="a/film.mp4", size=1000)


@pytest.mark.django_db
def test_who_waits_in_vain_is_told_when_to_come_again(client, ann, running, monkeypatch) -> None:
    monkeypatch.setattr("downloads.web.playback.WAITS", 0.1)
    client.force_login(ann)
    address = f"/downloads/{running.download_id}/files/0/"
    response = client.get(address, headers={"Range": "bytes=0-"})
    assert (response.status_code, response.headers["Retry-After"]) == (503, "3")
    assert b"not here yet" in response.content
    taken = [PLACES.acquire(blocking=False) for _ in range(3)]
    try:
        response = client.get(address, headers={"Range": "bytes=0-"})
        assert (response.status_code, response.content[:8]) == (503, b"Too many")
    finally:
        for _ in taken:
            PLACES.release()
    assert client.get(address).status_code == 404
    assert client.get(address, headers={"Range": "bytes=1000-"}).status_code == 404


@pytest.mark.django_db
def test_what_is_here_is_served_in_place_and_sandboxed(client, ann, running, tmp_path) -> None:
    client.force_login(ann)
    (tmp_path / "part.bin").write_bytes(bytes(range(100)))
    (tmp_path / "swarm" / "streams").mkdir(parents=True)
    answer = tmp_path / "swarm" / "streams" / f"{'a' * 40}.0.10.here"
    address = f"/downloads/{running.download_id}/files/0/?play=1"
    answer.write_text('{"path": "part.bin", "until": 60}')
    response = client.get(address, headers={"Range": "bytes=10-"})
    assert (response.status_code, response.headers["Content-Range"]) == (206, "bytes 10-59/1000")
    assert b"".join(response.streaming_content) == bytes(range(10, 60))
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("sandbox")
    assert "Content-Disposition" not in response.headers
    (tmp_path.parent / "secret").write_text("secret")
    for path in ("../secret", "/etc/passwd"):
        answer.write_text(f'{{"path": "{path}", "until": 60}}')
        assert client.get(address, headers={"Range": "bytes=10-"}).status_code == 503
    page = client.get(f"/downloads/{running.download_id}/watch/0/").content.decode()
    assert '<video class="player"' in page and f'src="{address}"' in page
