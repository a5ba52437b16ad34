"""How the files of a torrent lie in the library: as it has them, in a folder, or without one."""

import os
from pathlib import Path

import pytest

from downloads.library.library import Library
from downloads.library.record import Layout, StoredFile, Where
from downloads.models.category import Category
from downloads.models.defaults import Defaults
from downloads.models.download import Download
from downloads.models.download_queryset import Entry
from jobsite.jobs.status import Status
from jobsite.jobs.storage.safe_paths import SafeFolder
from tests.factories import URL, a_download, api_of, until
from tests.support.sonarr import HASH, MAGNET, mine
from tests.support.torrent_peers import seeder
from tests.support.waiting import wait_until

KEY = "k" * 40
FLAT = Where("Music", layout=Layout.FLAT)


@pytest.fixture
def library(tmp_path) -> Library:
    (tmp_path / "d").mkdir()
    return Library(tmp_path / "d", tmp_path / "s")


def fetched(library: Library, *paths: str, key: str = KEY) -> list[StoredFile]:
    for path in paths:
        file = library.incomplete(key) / "album" / path if path else library.incomplete(key) / "a.x"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"12345")
    return [StoredFile(index, path, 5) for index, path in enumerate(paths)]


def lying(folder: Path) -> list[str]:
    """The files below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_one_file_alone_gets_a_folder_of_its_name(library, tmp_path) -> None:
    files = fetched(library, "")
    record = library.publish(KEY, "a.x", files, Where("Films", "Film v1.5", Layout.SUBFOLDER))
    assert lying(tmp_path / "d") == ["Films/Film v1.5/Film v1.5.x"]
    assert library.complete(KEY) == record
    moved = library.relocate(KEY, "Old", "Film")
    assert moved is not None and lying(tmp_path / "d") == ["Old/Film/Film v1.5.x"]
    library.delete(KEY)
    assert lying(tmp_path / "d") == [] and (tmp_path / "d" / "Old").exists()


def test_what_has_a_folder_gets_no_second_one(library, tmp_path) -> None:
    where = Where(layout=Layout.SUBFOLDER)
    library.publish(KEY, "album", fetched(library, "1.x", "cover/2.x"), where)
    assert lying(tmp_path / "d") == ["album/1.x", "album/cover/2.x"]


def test_files_lie_directly_among_others_move_and_go_alone(library, tmp_path) -> None:
    (tmp_path / "d" / "Music").mkdir()
    (tmp_path / "d" / "Music" / "mine.x").touch()
    record = library.publish(KEY, "album", fetched(library, "1.x", "cover/2.x"), FLAT)
    assert lying(tmp_path / "d") == ["Music/1.x", "Music/cover/2.x", "Music/mine.x"]
    assert library.complete(KEY) == record
    moved = library.relocate(KEY, "", "a name that no folder has")
    assert moved is not None and moved.place == "."
    assert lying(tmp_path / "d") == ["1.x", "Music/mine.x", "cover/2.x"]
    assert not (tmp_path / "d" / "Music" / "cover").exists()
    library.delete(KEY)
    assert lying(tmp_path / "d") == ["Music/mine.x"]


@pytest.mark.parametrize("taken", ["1.x", "cover"])
def test_where_a_name_is_taken_the_folder_stays(library, tmp_path, taken) -> None:
    (tmp_path / "d" / "Music" / taken).mkdir(parents=True)
    record = library.publish(KEY, "album", fetched(library, "1.x", "cover/2.x"), FLAT)
    assert record.place == "Music/album"
    assert lying(tmp_path / "d") == ["Music/album/1.x", "Music/album/cover/2.x"]


def test_a_move_onto_taken_names_is_refused_and_nothing_is_lost(library, tmp_path) -> None:
    record = library.publish(KEY, "album", fetched(library, "1.x"), FLAT)
    (tmp_path / "d" / "1.x").write_bytes(b"mine")
    with pytest.raises(OSError, match="same name"):
        library.relocate(KEY, "")
    assert library.complete(KEY) == record
    assert (tmp_path / "d" / "1.x").read_bytes() == b"mine"


def test_hidden_names_are_not_put_among_others(library, tmp_path) -> None:
    record = library.publish(KEY, "album", fetched(library, ".bashrc"), Where(layout=Layout.FLAT))
    assert record.place == "album"


@pytest.mark.parametrize("where", [FLAT, Where("Films", layout=Layout.SUBFOLDER)])
def test_killed_between_two_files_it_goes_on_at_the_next_look(
    library, tmp_path, monkeypatch, where
) -> None:
    is_flat = where.layout == Layout.FLAT
    files = fetched(library, "1.x", "2.x") if is_flat else fetched(library, "")
    rename = SafeFolder.rename

    def die(self, source, target):
        if Path(target).name in {"2.x", "a.x"}:
            raise KeyboardInterrupt
        return rename(self, source, target)

    with monkeypatch.context() as patch:
        patch.setattr(SafeFolder, "rename", die)
        with pytest.raises(KeyboardInterrupt):
            library.publish(KEY, "album" if is_flat else "a.x", files, where)
    after = Library(tmp_path / "d", tmp_path / "s").complete(KEY)
    assert after is not None
    there = ["Music/1.x", "Music/2.x"] if is_flat else ["Films/a/a.x"]
    assert lying(tmp_path / "d") == there


# --- asked for ---


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("form", "layout"),
    [
        ({}, Layout.SUBFOLDER),
        ({"contentLayout": "Original"}, Layout.ORIGINAL),
        ({"contentLayout": "NoSubfolder"}, Layout.FLAT),
        ({"contentLayout": "Subfolder"}, Layout.SUBFOLDER),
        ({"root_folder": "false"}, Layout.FLAT),
        ({"root_folder": "true"}, Layout.ORIGINAL),
    ],
)
def test_qbittorrents_callers_say_how(ann, sonarr, form, layout) -> None:
    Defaults.objects.create(user=ann, layout=Layout.SUBFOLDER)
    assert sonarr.post("torrents/add", urls=MAGNET, **form) == "Ok."
    assert mine().layout == layout


@pytest.mark.django_db
def test_they_are_told_where_files_without_a_folder_are(ann, sonarr, settings) -> None:
    music = Category.objects.create(owner=ann, name="Music", folder="Music")
    fields = {"place": "Music", "layout": Layout.FLAT, "category": music}
    job = a_download(ann, HASH, Status.SUCCEEDED, **fields)
    job.files.create(index=0, path="cover/2.x", size=5)
    [one] = sonarr.get("torrents/info").json()
    home = str(settings.DOWNLOAD_DIR / "Music")
    assert (one["content_path"], one["save_path"]) == (home, f"{home}/")
    [file] = sonarr.get("torrents/files", hash=HASH).json()
    assert file["name"] == "cover/2.x"


@pytest.mark.django_db
def test_form_and_api_take_it_and_the_defaults_hold(ann, client) -> None:
    Defaults.objects.create(user=ann, layout=Layout.FLAT)
    client.force_login(ann)
    assert 'value="flat" selected' in client.get("/downloads/new/").text
    client.post("/downloads/new/", {"links": "1" * 40, "layout": "subfolder"})
    client.post("/downloads/new/", {"links": "2" * 40})
    api = api_of(ann)
    api.post(URL, {"links": "3" * 40}, content_type="application/json")
    answer = api.post(URL, {"links": "4" * 40, "layout": "x"}, content_type="application/json")
    assert answer.status_code == 400
    layouts = Download.objects.order_by("info_hash").values_list("layout", flat=True)
    assert list(layouts) == ["subfolder", "original", "flat"]


@pytest.mark.swarm
@pytest.mark.tree
def test_through_the_engine_its_rows_know_where_the_files_are(site, owner, tmp_path) -> None:
    source = tmp_path / "source"
    (source / "album" / "cover").mkdir(parents=True)
    for path in ("film.mkv", "album/1.flac", "album/cover/2.jpg"):
        (source / path).write_bytes(os.urandom(40_000))
    folder = Category.objects.create(owner=owner, name="Mine", folder=owner.username)
    with seeder(source, "--each") as [album, film]:
        for one, layout in ((album, Layout.FLAT), (film, Layout.SUBFOLDER)):
            options = {"layout": layout, "category": folder}
            Download.objects.add(owner, [Entry(one.link)], options)
        first, second = (
            until(Download.objects.get(owner=owner, info_hash=one.info_hash), "succeeded")
            for one in (album, film)
        )
    home = site.folder / "library" / owner.username
    assert lying(home) == ["1.flac", "cover/2.jpg", "film/film.mkv"]
    assert [file.path for file in second.files.all()] == ["film.mkv"]
    word = site.token(owner.username)
    for job in (first, second):
        for file in site.get(f"{URL}{job.pk}/files/", word)[1]:
            assert site.call("HEAD", file["url"].removeprefix(site.url), word)[0] == 200
        job.request_delete(with_data=True)
    both = Download.objects.filter(pk__in=[first.pk, second.pk])
    wait_until(lambda: not both.exists())
    assert lying(home) == [] and home.exists()
