"""Categories with their folders, and tags: rules, pages, API, command, and files that move."""

import os
from pathlib import Path

import pytest
from django.core.management import call_command

from downloads.library.folders import BadFolder, check_folder, clean_folder
from downloads.library.library import Library
from downloads.models.category import Category
from downloads.models.download import Download
from downloads.validators import clean_tags
from jobsite.jobs.status import Status
from jobsite.jobs.storage.safe_paths import SafeFolder
from tests.factories import MIB, URL, V1, a_download, add, fetched, now, until
from tests.support.torrent_peers import seeder
from tests.support.waiting import wait_until


@pytest.mark.parametrize(
    ("text", "folder"),
    [("", ""), (" Films ", "Films"), ("Films//HD/", "Films/HD"), ("Filme/Süß", "Filme/Süß")],
)
def test_a_folder_has_a_canonical_form(text: str, folder: str) -> None:
    assert clean_folder(text) == folder


@pytest.mark.parametrize(
    "text",
    [
        "..",
        "a/../b",
        "./a",
        "/etc",
        "~/x",
        ".incomplete",
        "a/.b",
        "a\\b",
        "a\0",
        "a\u202eb",
        "é" * 200,
    ],
)
def test_what_could_lead_elsewhere_is_no_folder(text: str) -> None:
    with pytest.raises(BadFolder, match=r"\.$|example"):
        clean_folder(text)


def test_a_link_a_file_and_another_disk_are_refused(tmp_path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("/tmp")
    (tmp_path / "file").touch()
    check_folder(tmp_path, "real/new")
    for folder in ("link", "link/x", "file"):
        with pytest.raises(BadFolder):
            check_folder(tmp_path, folder)
    with pytest.raises(BadFolder, match="another disk"):
        check_folder(Path("/"), "proc")


def test_tags_are_kept_once_and_in_order() -> None:
    assert clean_tags(" b, a  c ,,b") == ["b", "a c"]
    assert clean_tags(["x", "x"]) == ["x"]
    for bad in ("x" * 41, 'a"b', "a\x07", ",".join(map(str, range(21)))):
        with pytest.raises(ValueError, match=r"\."):
            clean_tags(bad)


# --- the library ---


def test_it_appears_in_its_folder_and_moves_by_rename(library, tmp_path) -> None:
    record = fetched(library, "k" * 40, "album", "Music/New")
    assert record.place == "Music/New/album"
    number = (tmp_path / "d" / record.place / "a.bin").stat().st_ino
    (tmp_path / "d" / "Old" / "album").mkdir(parents=True)
    moved = library.relocate("k" * 40, "Old")
    assert moved is not None and moved.place == "Old/album (2)"
    assert (tmp_path / "d" / moved.place / "a.bin").stat().st_ino == number
    assert library.complete("k" * 40) == moved
    assert library.relocate("k" * 40, "Old") == moved
    library.delete("k" * 40)
    assert (tmp_path / "d" / "Old").exists(), "the folder of a category outlives what lay in it"
    assert not (tmp_path / "d" / moved.place).exists()


def test_a_move_that_fails_leaves_all_as_it_was(library, tmp_path) -> None:
    record = fetched(library, "k" * 40, "album")
    (tmp_path / "d" / "out").symlink_to(tmp_path)
    with pytest.raises(OSError, match="link to elsewhere"):
        library.relocate("k" * 40, "out")
    assert library.complete("k" * 40) == record


def test_killed_within_a_move_it_is_finished_at_the_next_look(
    library, tmp_path, monkeypatch
) -> None:
    record = fetched(library, "k" * 40, "album")

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SafeFolder, "rename", die)
        with pytest.raises(KeyboardInterrupt):
            library.relocate("k" * 40, "Music")
    assert (tmp_path / "d" / record.place).exists()
    after = Library(tmp_path / "d", tmp_path / "s").complete("k" * 40)
    assert after is not None and (after.place, after.was) == ("Music/album", "")
    assert (tmp_path / "d" / "Music" / "album" / "a.bin").exists()


# --- pages ---


@pytest.fixture
def page(client, ann):
    client.force_login(ann)
    return client


def test_a_category_is_made_changed_and_deleted_on_pages(page, ann) -> None:
    text = page.post("/downloads/categories/", {"name": "Films", "folder": "../x"}).content.decode()
    assert "leads elsewhere" in text
    page.post("/downloads/categories/", {"name": "Films", "folder": "Films"})
    films = Category.objects.get()
    assert (films.owner, films.folder) == (ann, "Films")
    again = page.post("/downloads/categories/", {"name": "Films"}).content.decode()
    assert "already" in again
    job = a_download(ann, status=Status.SUCCEEDED, place="Films/x", category=films)
    page.post(f"/downloads/categories/{films.pk}/", {"name": "Cinema", "folder": "Cinema"})
    assert now(job).move_asked and job.category.name == "Cinema"
    page.post(f"/downloads/categories/{films.pk}/delete/")
    assert now(job).category is None


def test_other_peoples_categories_do_not_exist(page, ann, bob) -> None:
    theirs = Category.objects.create(owner=bob, name="Secret")
    for path in (f"{theirs.pk}/", f"{theirs.pk}/delete/"):
        assert page.get(f"/downloads/categories/{path}").status_code == 404
        assert page.post(f"/downloads/categories/{path}", {"name": "x"}).status_code == 404
    assert "Secret" not in page.get("/downloads/new/").content.decode()
    page.post("/downloads/new/", {"links": V1, "category": theirs.pk})
    job = a_download(ann, "b" * 40)
    page.post(
        f"/downloads/{job.pk}/options/", {"name": "film", "category": theirs.pk, "priority": 0}
    )
    assert not Download.objects.filter(category=theirs).exists()


def test_chosen_when_it_is_added_changed_later_and_filtered_by(page, ann) -> None:
    films = Category.objects.create(owner=ann, name="Films", folder="Films")
    page.post("/downloads/new/", {"links": V1, "category": films.pk, "tags": "new, süß"})
    job = Download.objects.get()
    assert (job.category, job.tags) == (films, ["new", "süß"])
    a_download(ann, "b" * 40, name="other")
    held = {"hold": True, "is_listed": True}
    Download.objects.filter(pk=job.pk).update(status=Status.PAUSED, **held)
    for query in ("category=Films", "tag=new", "tag=süß", "state=held"):
        text = page.get(f"/downloads/?{query}").content.decode()
        assert job.get_absolute_url() in text and ">other<" not in text
    text = page.get("/downloads/?category=-").content.decode()
    assert ">other<" in text and job.get_absolute_url() not in text
    assert "Nothing matches" in page.get("/downloads/?tag=ne").content.decode()
    form = {"name": "film", "category": "", "tags": "seen", "priority": 2, "down_kb": 0, "up_kb": 0}
    page.post(f"/downloads/{job.pk}/options/", form)
    assert (now(job).category, job.tags, job.priority) == (None, ["seen"], 2)
    text = page.post(f"/downloads/{job.pk}/options/", {**form, "tags": "x" * 50}).content.decode()
    assert "too long" in text


# --- API and command ---


def test_the_api_takes_category_and_tags_and_filters_by_them(api, ann) -> None:
    def send(method: str, path: str, **data):
        answer = getattr(api, method)(URL + path, data, content_type="application/json")
        return answer.status_code, answer.json() if answer.content else {}

    status, made = send("post", "categories/", name="Films", folder="Films//HD")
    assert (status, made["folder"]) == (201, "Films/HD")
    assert send("post", "categories/", name="Films")[0] == 400
    assert send("post", "categories/", name="x", folder="/etc")[1]["folder"]
    status, answer = send("post", "", links=V1, category="Films", tags=["a", "b"])
    assert status == 202
    [job] = answer["added"]
    assert (job["category"], job["tags"]) == ("Films", ["a", "b"])
    status, answer = send("post", "", links="b" * 40, category="Nothing")
    assert status == 400 and "Make it first" in answer["category"][0]
    assert api.get(f"{URL}?tag=a&category=Films").json()["count"] == 1
    assert api.get(f"{URL}?tag=c").json()["count"] == 0
    status, job = send("patch", f"{job['id']}/", category=None, tags="c", priority=3)
    assert (status, job["category"], job["tags"], job["priority"]) == (202, None, ["c"], 3)
    assert send("patch", f"{job['id']}/", tags=["x" * 99])[0] == 400
    assert send("patch", f"categories/{made['id']}/", name="Cinema")[1]["folder"] == "Films/HD"
    assert send("delete", f"categories/{made['id']}/")[0] == 204
    assert api.get(f"{URL}categories/").json() == []


def test_a_form_sent_to_the_api_takes_them_too(api, ann) -> None:
    answer = api.post(URL, {"links": V1, "tags": "a, b"})
    assert answer.json()["added"][0]["tags"] == ["a", "b"]


def test_the_command_takes_them(ann, capsys) -> None:
    Category.objects.create(owner=ann, name="Films")
    call_command("download", V1, user="ann", category="Films", tag=["x"])
    job = Download.objects.get()
    assert (job.category.name, job.tags) == ("Films", ["x"])
    with pytest.raises(SystemExit) as end:
        call_command("download", V1, user="ann", category="Other")
    assert end.value.code == 2
    assert "There is no category named" in capsys.readouterr().err


# --- the engine ---


@pytest.mark.swarm
@pytest.mark.tree
def test_finished_files_follow_the_category_of_their_first_owner(site, owner, source) -> None:
    from django.contrib.auth import get_user_model

    library = site.folder / "library"
    films = Category.objects.create(owner=owner, name="Films", folder="Films")
    (source / "film.mkv").write_bytes(os.urandom(MIB))
    other = get_user_model().objects.create_user(f"second-{owner.username}")
    with seeder(source / "film.mkv") as [one]:
        [mine] = add(owner, one)
        mine.change({"category": films})
        until(mine, "succeeded")
    wait_until(lambda: now(mine).place == "Films/film.mkv")
    [theirs] = add(other, one)
    until(theirs, "succeeded")
    assert theirs.place == mine.place
    number = (library / mine.place).stat().st_ino
    films.folder = "Cinema/2026"
    films.save()
    films.move_files()
    wait_until(lambda: now(mine).place == "Cinema/2026/film.mkv")
    assert now(theirs).place == mine.place
    assert (library / mine.place).stat().st_ino == number
    mine.request_delete(with_data=True)
    wait_until(lambda: now(theirs).place == "film.mkv")
    assert (library / "film.mkv").stat().st_ino == number
