"""The pages and the command of downloads."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from downloads.library.record import StoredFile
from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from jobsite.jobs.status import Status
from tests.factories import V1, a_download

HTMX = {"HX-Request": "true"}


@pytest.fixture
def page(client, ann):
    client.force_login(ann)
    return client


def test_an_empty_list_shows_the_first_step(page) -> None:
    answer = page.get("/downloads/")
    assert "/downloads/new/" in answer.content.decode()
    assert "A test torrent: Sintel" in answer.content.decode()


def test_one_press_downloads_the_test_torrent_that_the_site_names(page, settings) -> None:
    first = page.post("/try/downloads/torrent/").headers["Location"]
    job = Download.objects.get()
    assert (job.name, first) == ("Sintel", job.get_absolute_url())
    assert page.post("/try/downloads/torrent/").headers["Location"] == first, "it is here already"
    assert page.post("/try/downloads/other/").status_code == 404
    Download.objects.all().delete()
    settings.DOWNLOAD_SAMPLE = f"magnet:?xt=urn:btih:{V1}&dn=ours"
    settings.DOWNLOAD_SAMPLE_ABOUT = "From the machine <beside> this one."
    text = page.get("/").content.decode()
    assert "A test torrent: ours" in text
    assert "the machine &lt;beside&gt; this one" in text
    settings.DOWNLOAD_SAMPLE = ""
    assert "A test torrent" not in page.get("/").content.decode()
    assert page.post("/try/downloads/torrent/").status_code == 404


def test_the_list_shows_each_with_its_state_and_reason(page, ann) -> None:
    running = {"state": "stalled", "message": "No peer has been found.", "size": 10**9}
    a_download(ann, status=Status.RUNNING, **running)
    a_download(ann, "b" * 40, Status.FAILED, error="The disk <b>is</b> full.")
    text = page.get("/downloads/").content.decode()
    assert "No peer has been found." in text
    assert "Stalled" in text
    assert "1.0 GB" in text
    assert "The disk &lt;b&gt;is&lt;/b&gt; full." in text
    assert "hx-get" in text
    assert "style=" not in text


def test_a_poll_is_a_fragment_of_three_queries(page, ann, django_assert_max_num_queries) -> None:
    for number in range(30):
        a_download(ann, f"{number + 1:040x}", Status.RUNNING)
    page.get("/downloads/")
    with django_assert_max_num_queries(4):  # one of them is the session's user
        answer = page.get("/downloads/?status=running&sort=-rate_down", headers=HTMX)
    assert "<html" not in answer.content.decode()


@pytest.mark.parametrize("query", ["q=film", f"q={V1[:12]}", "status=queued", "sort=-size"])
def test_the_list_can_be_searched_filtered_and_sorted(page, ann, query: str) -> None:
    a_download(ann)
    assert "film" in page.get(f"/downloads/?{query}").content.decode()
    assert "Nothing matches" in page.get("/downloads/?q=other").content.decode()


def test_a_finished_one_polls_no_more_and_links_its_files(page, ann) -> None:
    job = a_download(ann, status=Status.SUCCEEDED, place="film")
    DownloadFile.objects.create(download=job, index=0, path="<i>.mkv", size=5)
    text = page.get(job.get_absolute_url()).content.decode()
    assert "hx-get" not in text
    assert f"/downloads/{job.pk}/files/0/" in text
    assert "&lt;i&gt;.mkv" in text
    assert "&lt;i&gt;.mkv" in page.get(f"/downloads/{job.pk}/files/").content.decode()


def test_an_active_one_is_a_fragment_of_few_queries(
    page, ann, django_assert_max_num_queries
) -> None:
    job = a_download(ann, status=Status.RUNNING, state="metadata")
    page.get(job.get_absolute_url())
    with django_assert_max_num_queries(4):
        text = page.get(job.get_absolute_url(), headers=HTMX).content.decode()
    assert "hx-get" in text
    assert "Metadata" in text


def test_a_paste_of_good_links_leads_to_the_list(page, ann) -> None:
    answer = page.post("/downloads/new/", {"links": f"{V1}\n{'a' * 40}"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/downloads/"
    assert "2 added." in answer.content.decode()
    assert Download.objects.filter(owner=ann).count() == 2


def test_what_was_refused_stays_in_the_box_with_its_reason(page) -> None:
    answer = page.post("/downloads/new/", {"links": f"{V1}\nhttp://example.org/x\n{V1}"})
    text = answer.content.decode()
    assert "1 added, 1 here already, 1 refused." in text
    assert "address of a web page" in text
    assert ">\nhttp://example.org/x</textarea>" in text


def test_an_empty_paste_is_refused_and_a_file_that_is_none_as_well(page) -> None:
    assert "Paste a link" in page.post("/downloads/new/", {"links": " "}).content.decode()
    file = SimpleUploadedFile("a.torrent", b"<html>")
    text = page.post("/downloads/new/", {"torrents": file}).content.decode()
    assert "web page, not a .torrent" in text


def test_buttons_work_without_javascript(page, ann) -> None:
    job = a_download(ann)
    for verb, status in (
        ("pause", "paused"),
        ("resume", "queued"),
        ("cancel", "cancelled"),
        ("retry", "queued"),
    ):
        assert page.get(f"/downloads/{job.pk}/{verb}/").status_code == 405
        page.post(f"/downloads/{job.pk}/{verb}/")
        job.refresh_from_db()
        assert job.status == status


def test_deleting_asks_whether_the_files_go_too(page, ann) -> None:
    job = a_download(ann)
    assert "Delete the files, too" in page.get(f"/downloads/{job.pk}/delete/").content.decode()
    page.post(f"/downloads/{job.pk}/delete/", {"choice": "data"})
    job.refresh_from_db()
    assert (job.delete_requested, job.delete_data) == (True, True)
    assert page.get(job.get_absolute_url()).status_code == 404


def test_a_button_over_a_selection(page, ann, bob) -> None:
    mine = [a_download(ann, f"{number:040x}") for number in range(1, 4)]
    theirs = a_download(bob)
    ids = [str(job.pk) for job in (*mine[:2], theirs)] + ["nonsense"]
    text = page.post("/downloads/bulk/", {"ids": ids, "action": "pause"}, follow=True)
    assert "2 of 2 downloads paused." in text.content.decode()
    assert Download.objects.filter(status="paused").count() == 2
    text = page.post("/downloads/bulk/", {"action": "pause"}, follow=True).content.decode()
    assert "Nothing was selected" in text
    page.post("/downloads/bulk/", {"ids": ids, "action": "delete", "choice": "keep"})
    assert Download.objects.visible_to(ann).count() == 1


def test_the_command_adds_and_tells(ann, tmp_path) -> None:
    (tmp_path / "links").write_text(f"# mine\n{'b' * 40}\n")
    out, err = io.StringIO(), io.StringIO()
    call_command(
        "download",
        V1,
        from_file=str(tmp_path / "links"),
        user="ann",
        json=True,
        stdout=out,
        stderr=err,
    )
    answer = json.loads(out.getvalue())
    assert [job["info_hash"] for job in answer["added"]] == [V1, "b" * 40]
    assert "added: " in err.getvalue()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--user", "ann"], "No link was given"),
        (["nonsense", "--user", "ann"], "no info hash"),
        ([V1, "--user", "nobody"], "no user named"),
        (["--from-file", "/nowhere", "--user", "ann"], "cannot be read"),
    ],
)
def test_the_command_refuses_bad_input_with_status_2(ann, words: list[str], said: str) -> None:
    err = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("download", *words, stdout=io.StringIO(), stderr=err)
    assert end.value.code == 2
    assert said in err.getvalue()
    assert not Download.objects.exists()


def test_torrent_files_have_an_upload_limit_of_their_own(page, settings) -> None:
    settings.DOWNLOAD_UPLOAD_MB = 1
    small = SimpleUploadedFile("a.torrent", b"<html>")
    large = SimpleUploadedFile("b.torrent", b"d4:info" + b"x" * 2**20)
    answer = page.post("/downloads/new/", {"torrents": [small, large]})
    assert answer.status_code == 413
    text = answer.content.decode()
    assert "larger than 1 MB" in text and "DOWNLOAD_UPLOAD_MB" in text
    settings.DOWNLOAD_UPLOAD_MB = 20
    huge = SimpleUploadedFile("c.torrent", b"d4:info" + b"x" * (11 * 2**20))
    text = page.post("/downloads/new/", {"torrents": huge}).content.decode()
    assert "This file has 11.0 MB; a .torrent has at most 10 MB" in text


def test_ten_thousands_of_files_are_listed_page_by_page(page, ann) -> None:
    job = a_download(ann, status=Status.PAUSED, is_listed=True, hold=True)
    files = [StoredFile(number, f"d/{number}.bin", 1) for number in range(20_000)]
    while not DownloadFile.objects.list_for(job.pk, files):  # a part at a time
        pass
    text = page.get(f"/downloads/{job.pk}/files/?page=80").content.decode()
    assert "d/19999.bin" in text and "19,751–20,000" in text
    page.post(f"/downloads/{job.pk}/files/?page=80", {"pattern": "1*.bin", "rule": "skip"})
    assert job.files.filter(priority=0).count() == 1 + 10 + 100 + 1000 + 10_000
