"""One action over many downloads, names, trackers, and .torrent files for what is asked for."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from downloads.bulk import Values, carry_out
from downloads.library.library import Library
from downloads.library.record import StoredFile, Where
from downloads.metainfo.magnet import MAX_LINE
from downloads.metainfo.trackers import with_trackers
from downloads.models.category import Category
from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from downloads.seeder import make_torrent
from downloads.uploaded_torrents import torrent_file
from jobsite.jobs.status import Status
from tests.factories import URL, V1, a_download, api_of, fetched, now


@pytest.fixture
def page(client, ann):
    client.force_login(ann)
    return client


@pytest.fixture
def three(ann) -> list[Download]:
    return [a_download(ann, f"{number:040x}", queue_order=number) for number in range(1, 4)]


def bulk(page, action: str, *jobs: Download, **data) -> str:
    form = {"action": action, "ids": [str(job.pk) for job in jobs], **data}
    return page.post("/downloads/bulk/", form, follow=True).content.decode()


def test_each_that_allows_it_is_changed_and_the_others_are_named(page, ann, three) -> None:
    done = a_download(ann, "d" * 40, Status.SUCCEEDED, name="<b>done</b>")
    text = bulk(page, "pause", *three[:2], done)
    assert "2 of 3 downloads paused." in text
    assert "“&lt;b&gt;done&lt;/b&gt;” (succeeded)" in text
    assert "Nothing was selected" in bulk(page, "pause")
    assert "Nothing" not in bulk(page, "nonsense", *three)
    assert set(Download.objects.values_list("status", flat=True)) == {
        "paused",
        "queued",
        "succeeded",
    }


def test_all_that_match_the_filter_are_meant_not_only_this_page(page, ann, bob, three) -> None:
    a_download(bob, "b" * 40)
    three[0].pause()
    text = bulk(page, "cancel", all="1", query="status=queued&q=film", choice="keep")
    assert "2 of 2 downloads cancelled." in text
    assert Download.objects.filter(owner=bob).get().status == "queued"
    text = bulk(page, "retry", all="1", query="status=cancelled&category=-")
    assert "2 of 2" in text


def test_deleting_many_asks_first(page, three) -> None:
    text = bulk(page, "delete", *three[:2])
    assert "Delete 2 downloads?" in text and str(three[0].pk) in text
    assert Download.objects.filter(delete_requested=True).count() == 0
    assert "2 of 2 downloads deleted." in bulk(page, "delete", *three[:2], choice="data")
    assert Download.objects.filter(delete_requested=True, delete_data=True).count() == 2


def test_category_tags_and_places_of_many(page, ann, three) -> None:
    films = Category.objects.create(owner=ann, name="Films")
    bulk(page, "category", *three[:2], category=films.pk)
    bulk(page, "tag", *three, tags="new, old")
    bulk(page, "untag", three[0], tags="new")
    assert [(job.category, job.tags) for job in Download.objects.order_by("info_hash")] == [
        (films, ["old"]),
        (films, ["new", "old"]),
        (None, ["new", "old"]),
    ]
    assert "Write the tags" in bulk(page, "tag", *three)
    bulk(page, "first", *three[1:])
    order = Download.objects.order_by("queue_order").values_list("info_hash", flat=True)
    assert [int(info_hash, 16) for info_hash in order] == [2, 3, 1]


def test_recheck_and_reannounce_of_many(page, ann, three) -> None:
    Download.objects.filter(pk=three[0].pk).update(is_listed=True)
    Download.objects.filter(pk=three[1].pk).transition(Status.RUNNING)
    assert "1 of 3 downloads are checked anew." in bulk(page, "recheck", *three)
    assert "1 of 3 downloads ask for peers now." in bulk(page, "reannounce", *three)
    assert Download.objects.get(pk=three[0].pk).recheck
    assert Download.objects.get(pk=three[1].pk).announce_asked_at


def test_a_hundred_are_queued_again_with_as_many_queries_as_one(
    ann, django_assert_max_num_queries
) -> None:
    jobs = [a_download(ann, f"{number:040x}", Status.CANCELLED) for number in range(100)]
    jobs.append(a_download(ann, "d" * 40, Status.SUCCEEDED))
    with django_assert_max_num_queries(15):
        outcome = carry_out("retry", jobs, Values())
    assert (outcome.meant, outcome.changed, outcome.left) == (101, 100, jobs[-1:])
    assert Download.objects.filter(status=Status.QUEUED).count() == 100
    assert [event.text for event in jobs[0].events] == ["Queued.", "Queued again."]


def test_more_than_may_wait_are_not_queued_again_at_all(page, ann, three, settings) -> None:
    settings.USER_QUEUED = 2
    Download.objects.transition(Status.CANCELLED)
    assert "there is no room for 3 more" in bulk(page, "retry", *three)
    assert not Download.objects.filter(status=Status.QUEUED).exists()
    assert "2 of 2 downloads queued again." in bulk(page, "retry", *three[:2])


def test_the_api_acts_on_ids_or_on_a_filter(ann, bob, three) -> None:
    api = api_of(ann)
    theirs = a_download(bob, "b" * 40)

    def send(**data):
        answer = api.post(f"{URL}bulk/", data, content_type="application/json")
        return answer.status_code, answer.json()

    status, answer = send(action="pause", ids=[str(three[0].pk), str(theirs.pk)])
    assert (status, answer["meant"], answer["changed"]) == (202, 1, 1)
    assert send(action="resume", filter="status=paused")[1]["changed"] == 1
    assert send(action="pause")[0] == 400
    assert send(action="fly", ids=[])[0] == 400
    assert send(action="tag", filter="")[0] == 400
    assert send(action="tag", filter="", tags=["x"])[1]["changed"] == 3
    assert send(action="delete", filter="tag=x", with_data=True)[1]["changed"] == 3
    assert Download.objects.visible_to(ann).count() == 0


# --- names and trackers ---


def test_a_download_is_renamed_and_its_trackers_changed_on_its_page(page, ann) -> None:
    job = a_download(ann, status=Status.SUCCEEDED, place="film")
    path = f"/downloads/{job.pk}/options/"
    form = {"name": "Better name", "priority": 0, "down_kb": 0, "up_kb": 0, "seed": ""}
    page.post(path, {**form, "trackers": "udp://tracker.example.org:80/a\nhttps://1.1.1.1/x"})
    job.refresh_from_db()
    assert (job.name, job.save_as, job.move_asked) == ("Better name", "Better name", True)
    assert job.trackers == ["udp://tracker.example.org:80/a", "https://1.1.1.1/x"]
    for bad in ("http://10.0.0.1/announce", "file:///etc/passwd", "wss://x.example/"):
        assert "is not asked" in page.post(path, {**form, "trackers": bad}).content.decode()
    for bad in ("a/b", "..", "x\u202ey", ""):
        assert page.post(path, {**form, "name": bad}).status_code == 200
    long = "\n".join(f"https://1.1.1.1/{number}{'x' * 400}" for number in range(190))
    assert "too long together" in page.post(path, {**form, "trackers": long}).content.decode()
    Download.objects.update(is_private=True)
    text = page.post(path, {**form, "trackers": "udp://other.example.org:1/"}).content.decode()
    assert "private" in text
    page.post(path, {**form, "trackers": ""})
    job.refresh_from_db()
    assert job.trackers == []


def test_a_link_takes_no_more_trackers_than_can_be_read_again() -> None:
    many = [f"https://1.1.1.1/{number}{'ü' * 100}" for number in range(200)]
    assert len(with_trackers(V1, many)) <= MAX_LINE


def test_the_api_renames_and_sets_trackers(ann) -> None:
    api, job = api_of(ann), a_download(ann)

    def patch(**data):
        answer = api.patch(f"{URL}{job.pk}/", data, content_type="application/json")
        return answer.status_code, answer.json()

    status, answer = patch(name="New", trackers=["udp://tracker.example.org:80/a"])
    assert (status, answer["name"]) == (202, "New")
    job.refresh_from_db()
    assert job.trackers == ["udp://tracker.example.org:80/a"]
    assert patch(name="a/b")[0] == 400
    assert "is not asked" in patch(trackers=["http://10.0.0.1/x"])[1]["trackers"][0]


def test_files_are_renamed_within_their_folder(page, ann) -> None:
    job = a_download(ann, status=Status.SUCCEEDED, place="film", is_listed=True)
    files = [StoredFile(0, "a.mkv", 5), StoredFile(1, "extra/b.mkv", 5)]
    DownloadFile.objects.list_for(job.pk, files)
    path = f"/downloads/{job.pk}/files/0/rename/"
    assert 'value="a.mkv"' in page.get(path).content.decode()
    for bad in ("extra/b.mkv", "extra", "extra/b.mkv/c", "../x", "", "/x", ".hidden"):
        assert "notice--error" in page.post(path, {"path": bad}).content.decode(), bad
    page.post(path, {"path": "season 1/a.mkv"})
    job.refresh_from_db()
    assert job.files.get(index=0).new_path == "season 1/a.mkv" and job.move_asked
    api = api_of(ann)
    names = {"names": {"1": "season 1/b.mkv"}}
    path = f"{URL}{job.pk}/files/"
    assert api.patch(path, names, content_type="application/json").status_code == 200
    assert (
        api.patch(path, {"names": {"9": "x"}}, content_type="application/json").status_code == 400
    )


def test_the_library_renames_files_and_the_torrent(library, tmp_path) -> None:
    fetched(library, "k" * 40, "album")
    record = library.relocate("k" * 40, "Music", "Other: name")
    assert record is not None and record.place == "Music/Other: name"
    record = library.rename_files("k" * 40, {0: "disc 1/x.bin", 7: "y"})
    assert (tmp_path / "d" / record.place / "disc 1" / "x.bin").read_bytes() == b"12345"
    assert library.complete("k" * 40) == record
    (tmp_path / "d" / record.place / "taken").touch()
    with pytest.raises(OSError, match="already"):
        library.rename_files("k" * 40, {0: "taken"})
    assert library.complete("k" * 40) == record


def test_one_file_keeps_its_ending(tmp_path) -> None:
    (tmp_path / "d").mkdir()
    library = Library(tmp_path / "d", tmp_path / "s")
    library.incomplete("k" * 40).mkdir(parents=True)
    (library.incomplete("k" * 40) / "x.mkv").write_bytes(b"1")
    record = library.publish("k" * 40, "x.mkv", [StoredFile(0, "", 1)], Where(name="Film v1.5"))
    assert record.place == "Film v1.5.mkv"
    assert library.relocate("k" * 40, "", "Film.MKV").place == "Film.MKV"


# --- a .torrent for what is here as a link ---


def test_an_uploaded_torrent_gives_its_list_to_the_link_that_is_here(ann, tmp_path) -> None:
    import libtorrent as lt

    (tmp_path / "a.bin").write_bytes(b"x" * 50_000)
    data = make_torrent(tmp_path / "a.bin", trackers=("https://1.1.1.1/announce",))
    hashes = lt.load_torrent_buffer(data).ti.info_hashes()
    job = a_download(ann, str(hashes.v1))
    answer = api_of(ann).post(URL, {"torrents": SimpleUploadedFile("a.torrent", data)})
    assert len(answer.json()["duplicates"]) == 1
    job.refresh_from_db()
    assert job.has_file and torrent_file(job.info_hash).exists()
    assert "https://1.1.1.1/announce" in job.trackers
    torrent_file(job.info_hash).unlink()


def test_all_that_match_are_cancelled_after_a_question(client, ann) -> None:
    client.force_login(ann)
    jobs = [a_download(ann, f"{n + 1:040x}") for n in range(3)]
    form = {"action": "cancel", "all": "1", "query": "", "next": "/downloads/"}
    asked = client.post("/downloads/bulk/", form).content.decode()
    assert "Cancel 3 downloads?" in asked
    assert now(jobs[0]).status == Status.QUEUED
    client.post("/downloads/bulk/", {**form, "choice": "keep"})
    assert {now(job).status for job in jobs} == {Status.CANCELLED}
    one = a_download(ann, "d" * 40)
    client.post("/downloads/bulk/", {"action": "cancel", "ids": [str(one.pk)]})
    assert now(one).status == Status.CANCELLED, "what was ticked by hand needs no question"
