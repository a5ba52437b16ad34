"""The API of downloads: answers for each line, strangers, status rules."""

import uuid
from pathlib import Path

import libtorrent as lt
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from downloads.models.engine import Engine
from downloads.uploaded_torrents import torrent_file
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.status import Status
from tests.factories import URL, V1, a_download, post

V2 = "caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e"


def test_each_line_has_an_answer(api, ann) -> None:
    known = a_download(ann, "a" * 40)
    text = f"# list\n{V1}\nnonsense\n\n{V1.upper()}\n{'A' * 40}\nmagnet:?xt=urn:btmh:1220{V2}"
    status, answer = post(api, text)
    assert status == 202
    assert [job["info_hash"] for job in answer["added"]] == [V1, V2]
    assert [one["line"] for one in answer["duplicates"]] == [5, 6]
    assert answer["duplicates"][0]["job"]["id"] == answer["added"][0]["id"]
    assert answer["duplicates"][1]["job"]["id"] == str(known.pk)
    assert [(one["line"], one["text"]) for one in answer["invalid"]] == [(3, "nonsense")]
    assert answer["invalid"][0]["reason"].endswith(".")
    job = answer["added"][0]
    assert job.keys() == {
        *("id", "kind", "name", "status", "progress", "message", "attempt", "created_at"),
        *("started_at", "finished_at", "error", "info_hash", "size", "done", "rate_down"),
        *("rate_up", "peers", "eta", "state", "priority", "down_kb", "up_kb", "forced"),
        *("category", "tags", "hold", "exclude", "layout", "sequential", "ends_first"),
        "full_size",
        *(
            "seed",
            "seed_ratio",
            "seed_hours",
            "seed_idle_hours",
            "seed_then",
            "uploaded",
            "seeding",
        ),
    }
    assert (job["status"], job["state"], job["progress"]) == ("queued", "queued", 0)


def test_links_may_be_a_list(api) -> None:
    status, answer = post(api, [V1, "bad\nline", V2])
    assert status == 202
    assert len(answer["added"]) == 2
    assert answer["invalid"][0]["line"] == 2


@pytest.mark.parametrize(
    "links", ["nonsense", ["nonsense"], "", [], "# only this", None, 7, [7], {}]
)
def test_where_no_line_is_usable_it_is_400(api, links) -> None:
    status, answer = post(api, links)
    assert status == 400
    assert answer
    assert not Download.objects.exists()


def test_duplicates_alone_are_accepted(api, ann) -> None:
    a_download(ann)
    status, answer = post(api, V1)
    assert (status, answer["added"], len(answer["duplicates"])) == (202, [], 1)


def test_two_people_may_want_the_same_and_do_not_see_each_other(api, bob) -> None:
    theirs = a_download(bob)
    status, answer = post(api, V1)
    assert (status, len(answer["added"])) == (202, 1)
    assert api.get(URL).json()["count"] == 1
    for path in ("", "result/", "files/", "files/0/"):
        assert api.get(f"{URL}{theirs.pk}/{path}").status_code == 404
    for verb in ("pause", "resume", "cancel", "retry"):
        assert api.post(f"{URL}{theirs.pk}/{verb}/").status_code == 404
    assert api.delete(f"{URL}{theirs.pk}/").status_code == 404


def test_torrent_files_are_uploaded_cleaned_and_kept(api, ann) -> None:
    info = {b"name": b"a.bin", b"length": 5, b"piece length": 16384, b"pieces": b"x" * 20}
    data = lt.bencode({b"info": info, b"announce": b"http://10.0.0.1/announce"})
    files = [SimpleUploadedFile("a.torrent", data), SimpleUploadedFile("b.torrent", b"<html>")]
    answer = api.post(URL, {"torrents": files})
    assert answer.status_code == 202, answer.content
    [job] = answer.json()["added"]
    assert (job["name"], job["size"]) == ("a.bin", 5)
    [bad] = answer.json()["invalid"]
    assert (bad["line"], bad["text"]) == (2, "b.torrent")
    kept = torrent_file(job["info_hash"])
    assert b"announce" not in kept.read_bytes()
    assert "10.0.0.1" not in Download.objects.get().link
    kept.unlink()


def test_a_form_may_hold_links_and_files(api) -> None:
    answer = api.post(URL, {"links": V1})
    assert answer.status_code == 202
    assert api.post(URL, {}).status_code == 400


def test_a_thousand_links_cost_few_queries(api, django_assert_max_num_queries) -> None:
    text = "\n".join(f"magnet:?xt=urn:btih:{number:040x}&dn=film" for number in range(1, 1001))
    with django_assert_max_num_queries(100):
        status, answer = post(api, text)
    assert (status, len(answer["added"])) == (202, 1000)
    assert JobEvent.objects.filter(kind="downloads", text="Queued.").count() == 1000


ALLOWED = {
    "pause": {Status.QUEUED, Status.RUNNING},
    "resume": {Status.PAUSED},
    "cancel": {Status.QUEUED, Status.RUNNING, Status.PAUSED},
    "retry": {Status.FAILED, Status.CANCELLED},
}


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("verb", list(ALLOWED))
def test_an_action_is_202_or_409_by_status(api, ann, verb: str, status: Status) -> None:
    job = a_download(ann, status=status)
    answer = api.post(f"{URL}{job.pk}/{verb}/")
    assert answer.status_code == (202 if status in ALLOWED[verb] else 409), answer.content
    assert "detail" in answer.json() or answer.json()["id"] == str(job.pk)


def test_the_result_tells_where_the_files_are(api, ann) -> None:
    job = a_download(ann)
    assert api.get(f"{URL}{job.pk}/result/").status_code == 202
    assert api.get(f"{URL}{job.pk}/result/").headers["Retry-After"]
    failed = a_download(ann, "b" * 40, Status.FAILED, error="No space.")
    answer = api.get(f"{URL}{failed.pk}/result/")
    assert (answer.status_code, answer.json()) == (409, {"detail": "No space."})
    done = a_download(ann, "c" * 40, Status.SUCCEEDED, result={"path": "x", "size": 5, "files": 1})
    DownloadFile.objects.create(download=done, index=0, path="", size=5)
    answer = api.get(f"{URL}{done.pk}/result/").json()
    assert (answer["path"], answer["info_hash"]) == ("x", "c" * 40)
    assert answer["files"][0]["url"].endswith(f"{URL}{done.pk}/files/0/")


def test_deleted_it_is_gone_for_its_people_and_can_be_added_again(api, ann) -> None:
    job = a_download(ann, status=Status.RUNNING)
    assert api.delete(f"{URL}{job.pk}/?data=1").status_code == 204
    assert api.get(f"{URL}{job.pk}/").status_code == 404
    row = Download.objects.get()
    assert (row.status, row.delete_requested, row.delete_data) == ("cancelled", True, True)
    assert len(post(api, V1)[1]["added"]) == 1


# --- files ---


@pytest.fixture
def finished(ann, settings, tmp_path) -> Download:
    settings.DOWNLOAD_DIR = tmp_path
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / "song <1>.flac").write_bytes(b"0123456789")
    job = a_download(ann, status=Status.SUCCEEDED, place="album")
    DownloadFile.objects.create(download=job, index=3, path="song <1>.flac", size=10)
    return job


def body(answer) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_finished_file_is_served_whole_or_in_part(api, finished) -> None:
    [file] = api.get(f"{URL}{finished.pk}/files/").json()
    assert (file["index"], file["path"], file["size"]) == (3, "song <1>.flac", 10)
    answer = api.get(file["url"])
    assert (answer.status_code, body(answer)) == (200, b"0123456789")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    part = api.get(file["url"], headers={"Range": "bytes=2-4"})
    assert (part.status_code, body(part)) == (206, b"234")
    assert part.headers["Content-Range"] == "bytes 2-4/10"
    assert api.get(file["url"], headers={"Range": "bytes=99-"}).status_code == 416
    assert api.get(f"{URL}{finished.pk}/files/4/").status_code == 404


@pytest.mark.parametrize("trick", ["link", "folder link", "dots", "absolute", "no place", "gone"])
def test_nothing_outside_the_library_is_served(api, finished, tmp_path, trick: str) -> None:
    secret = tmp_path.parent / f"secret-{uuid.uuid4()}"
    secret.mkdir()
    (secret / "song <1>.flac").write_bytes(b"secret")
    song = tmp_path / "album" / "song <1>.flac"
    rows = Download.objects.filter(pk=finished.pk)
    if trick == "link":
        song.unlink()
        song.symlink_to(secret / "song <1>.flac")
    elif trick == "folder link":
        song.unlink()
        song.parent.rmdir()
        song.parent.symlink_to(secret)
    elif trick == "dots":
        rows.update(place=f"../{secret.name}")
    elif trick == "absolute":
        rows.update(place=str(secret))
    elif trick == "no place":
        rows.update(place="")
        (tmp_path / "song <1>.flac").write_bytes(b"of somebody else")
    else:
        song.unlink()
    answer = api.get(f"{URL}{finished.pk}/files/3/")
    assert answer.status_code == 404


# --- the engine's row ---


def test_one_engine_at_most_is_active(ann) -> None:
    a_download(ann)
    Engine.keep_alive()
    Engine.keep_alive()
    assert Engine.objects.count() == 1


def test_an_engine_that_keeps_dying_is_given_a_rest(ann) -> None:
    a_download(ann)

    def die() -> None:
        assert Engine.objects.filter(status="queued").transition(Status.RUNNING)
        assert Engine.objects.filter(status="running").transition(Status.FAILED)

    Engine.keep_alive()
    die()
    Engine.keep_alive()
    assert Engine.objects.filter(status="queued").count() == 1
    die()
    Engine.keep_alive()
    assert Engine.objects.filter(status="queued").count() == 0


def test_no_process_of_the_site_loads_libtorrent() -> None:
    import subprocess
    import sys

    code = (
        "import django, sys; django.setup(); import jobsite.urls, downloads.admin;"
        "import downloads.management.commands.download;"
        "sys.exit(any(name in sys.modules for name in ('libtorrent', 'torrentp')))"
    )
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0


@pytest.mark.parametrize(
    ("fields", "shares"),
    [
        ({"status": Status.SUCCEEDED}, [1.0, 0.0, 1.0]),
        ({"status": Status.QUEUED}, [0.0, 0.0, 0.0]),
        ({"status": Status.PAUSED, "progress": 0.5}, [None, 0.0, None]),
    ],
)
def test_each_file_says_how_much_of_it_is_here(api, ann, fields, shares) -> None:
    job = a_download(ann, **fields)
    for index, priority in enumerate((4, 0, 7)):
        DownloadFile.objects.create(download=job, index=index, size=1, priority=priority)
    found = api.get(f"{URL}{job.pk}/files/").json()
    assert [file["progress"] for file in found] == shares
