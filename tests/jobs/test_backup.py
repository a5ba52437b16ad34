"""Backups: made beside writers, restored to the same rows and bytes, refused where they must be."""

import contextlib
import hashlib
import json
import os
import random
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from jobsite.jobs.backup import restore
from jobsite.jobs.backup.archive import DATABASE, LEFT_OUT, MANIFEST, Archive, files_below, write
from jobsite.jobs.backup.schedule import BackupSchedule
from jobsite.jobs.queue import submit
from tests.drill.models import Drill
from tests.support.running_site import Site
from tests.support.waiting import PATIENCE, wait_until


def hashes(root: Path) -> dict[str, str]:
    """Every file below a folder that a backup must hold."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files_below(root, frozenset(root / name for name in LEFT_OUT))
        if not path.name.startswith("jobsite.sqlite3")
    }


def rows(site: Site, point_at) -> dict[str, list]:
    """Every row of every table, as the database gives them, but for the person made by looking."""
    with point_at(site) as looker, connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            texts = sorted(map(repr, cursor.fetchall()))
            found[table] = [text for text in texts if looker.username not in text]
        return found


@pytest.fixture
def two_sites(tmp_path):
    """A site with work in it, and an empty one."""
    old, new = Site(tmp_path / "old"), Site(tmp_path / "new")
    for one in (old, new):
        one.folder.mkdir()
    old.start()
    yield old, new
    for one in (old, new):
        if one.process is not None:
            one.stop()


@pytest.mark.tree
def test_a_backup_made_while_jobs_write_restores_to_the_same_rows_and_files(
    two_sites, point_at, tmp_path
):
    old, new = two_sites
    archive = tmp_path / "site.zip"
    with point_at(old) as owner:
        busy = [
            Drill(owner=owner, name="x" * 200, script=[["write", f"{n}.bin"], ["progress", 0.5]])
            for n in range(16)
        ]
        for job in busy:
            submit(job)
        done = old.manage("backup", str(archive))  # in the middle of them
        assert done.returncode == 0, done.stderr
        wait_until(lambda: not Drill.objects.exclude(status="succeeded").exists())
    old.stop()
    exact = tmp_path / "exact.zip"
    assert old.manage("backup", str(exact)).returncode == 0
    assert exact.stat().st_mode & 0o777 == 0o600
    new.make_database()
    assert new.manage("restore", str(exact)).returncode == 0
    assert rows(new, point_at) == rows(old, point_at)
    assert hashes(new.folder / "data") == hashes(old.folder / "data") != {}

    busy_one = Site(tmp_path / "busy")
    busy_one.folder.mkdir()
    busy_one.make_database()
    restored = busy_one.manage("restore", str(archive))
    assert restored.returncode == 0, restored.stderr
    try:
        busy_one.start()
        assert busy_one.manage("release").returncode == 0
        with point_at(busy_one):
            wait_until(lambda: not Drill.objects.exclude(status="succeeded").exists())
            assert Drill.objects.count() == 16
            for job in Drill.objects.all():
                place = busy_one.folder / "data" / "drill" / str(job.pk) / "result"
                wait_until(place.exists)  # put in place right after the row
                assert len(list(place.iterdir())) == 1
    finally:
        busy_one.stop()


@pytest.fixture
def made(tmp_path, ann, settings) -> Path:
    """A backup of this process's own database and data folder."""
    place = Path(settings.DATA_DIR) / "datasets"
    place.mkdir(exist_ok=True)
    (place / "a.csv").write_text("x,y\n1,2\n")
    target = tmp_path / "made.zip"
    write(target)
    return target


def again(source: Path, target: Path, **changes) -> Path:
    """The archive once more, with members or fields of its manifest changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        manifest = json.loads(old.read(MANIFEST)) | changes.pop("manifest", {})
        members = {name: old.read(name) for name in manifest["sha256"] if name in old.namelist()}
        members |= changes.pop("members", {})
        for name, data in members.items():
            if data is not None:
                new.writestr(name, data)
                if changes.get("honest"):
                    manifest["sha256"][name] = hashlib.sha256(data).hexdigest()
        new.writestr(MANIFEST, json.dumps(manifest))
    return target


@pytest.fixture
def empty(tmp_path, settings, monkeypatch) -> Path:
    """An empty data folder and database in the eyes of `restore`."""
    folder = tmp_path / "empty"
    (folder / "tmp").mkdir(parents=True)
    settings.DATA_DIR = folder
    settings.FILE_UPLOAD_TEMP_DIR = folder / "tmp"
    settings.DOWNLOAD_DIR = folder / "downloads"
    monkeypatch.setattr(restore.database, "is_empty", lambda: True)
    return folder


NEWER = {"migrations": [["jobs", "9999_from_the_future"]]}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"manifest": NEWER}, r"newer version of jobsite. It knows jobs.9999_from_the_future"),
        ({"manifest": {"format": 99}}, "newer version of jobsite. Update this one first"),
        ({"manifest": {"database": "oracle"}}, "holds a oracle database"),
        ({"manifest": {"format": None, "migrations": 3}}, "its manifest is missing or cannot"),
        ({"members": {"files/datasets/a.csv": b"other"}}, "its content is not what was written"),
        ({"members": {"files/datasets/a.csv": None}}, "its files are not those of its manifest"),
        ({"members": {"files/extra": b"x"}}, "its files are not those of its manifest"),
        ({"members": {"files/../../evil": b"x"}, "honest": True}, "leads out of its folder"),
        ({"members": {"/etc/evil": b"x"}, "honest": True}, "leads out of its folder"),
        ({"members": {"evil": b"x"}, "honest": True}, "leads out of its folder"),
        ({"members": {"files\\..\\evil": b"x"}, "honest": True}, "leads out of its folder"),
        ({"members": {"database": b"no database"}, "honest": True}, "damaged|pg_restore"),
    ],
)
def test_an_archive_that_does_not_fit_is_refused_and_nothing_is_written(
    made, empty, tmp_path, changes, sentence
):
    bad = again(made, tmp_path / "bad.zip", **changes)
    with pytest.raises(CommandError, match=sentence):
        call_command("restore", str(bad))
    assert not (tmp_path / "evil").exists()
    if "database" not in changes.get("members", {}):
        assert [path for path in empty.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_half_an_archive_is_refused(made, empty, tmp_path, share):
    half = tmp_path / "half.zip"
    half.write_bytes(made.read_bytes()[: int(made.stat().st_size * share)])
    with pytest.raises(CommandError, match="is damaged or no backup of jobsite"):
        call_command("restore", str(half))


def test_a_byte_that_flipped_is_found(made, empty, tmp_path):
    with zipfile.ZipFile(made) as archive:
        member = archive.getinfo(DATABASE)
    data = bytearray(made.read_bytes())
    data[member.header_offset + member.compress_size // 2] ^= 0xFF
    flipped = tmp_path / "flipped.zip"
    flipped.write_bytes(data)
    with pytest.raises(CommandError, match="damaged"):
        call_command("restore", str(flipped))


def test_whatever_byte_flips_the_archive_is_refused_or_holds_what_was_written(
    made, empty, tmp_path, monkeypatch
):
    whole, kept = made.read_bytes(), []
    monkeypatch.setattr(restore, "put_back", lambda folder: kept.append(hashed(folder)))
    restore.read(made)
    chance = random.Random(7)
    directory = whole.rindex(b"PK\x01\x02")  # the names and methods of the members lie behind it
    places = [chance.randrange(directory - 2000, len(whole)) for _ in range(300)]
    for place in places:
        data = bytearray(whole)
        data[place] ^= 1 << chance.randrange(8)
        (tmp_path / "flipped.zip").write_bytes(data)
        with contextlib.suppress(restore.CannotRestore):
            restore.read(tmp_path / "flipped.zip")
    assert all(found == kept[0] for found in kept)


def hashed(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_folder_that_is_used_is_refused(made, empty):
    (empty / "datasets").mkdir()
    (empty / "datasets" / "mine.csv").write_text("precious")
    with pytest.raises(CommandError, match=r"is not empty \(it holds datasets/mine.csv\)"):
        call_command("restore", str(made))
    assert (empty / "datasets" / "mine.csv").read_text() == "precious"


def test_a_database_that_is_used_is_refused(made, empty, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(CommandError, match="The database is not empty"):
        call_command("restore", str(made))


def test_what_a_backup_holds_and_what_it_leaves_out(made, settings, tmp_path):
    with zipfile.ZipFile(made) as archive:
        names = archive.namelist()
    assert {"database", "files/datasets/a.csv", "manifest.json"} <= set(names)
    assert not [name for name in names if "secret_key" in name or name.endswith(".test")]
    (Path(settings.DOWNLOAD_DIR) / "film.mkv").write_bytes(b"frames")
    link = Path(settings.DOWNLOAD_DIR) / "link"
    link.unlink(missing_ok=True)
    link.symlink_to("/etc/passwd")
    plain, whole = tmp_path / "plain.zip", tmp_path / "whole.zip"
    call_command("backup", str(plain))
    call_command("backup", str(whole), "--library")
    with zipfile.ZipFile(plain) as first, zipfile.ZipFile(whole) as second:
        assert "library/film.mkv" not in first.namelist()
        assert "library/film.mkv" in second.namelist()
        assert "library/link" not in second.namelist()


def test_a_backup_that_fails_leaves_nothing_and_keeps_the_old_one(made, tmp_path, monkeypatch):
    before = made.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Archive, "finish", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write(made)
    assert made.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if ".part" in path.name] == []
    for folder in (tmp_path, "/"):
        with pytest.raises(CommandError, match="is a folder"):
            call_command("backup", str(folder))
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        call_command("backup", str(tmp_path / "nowhere" / "x.zip"))


@pytest.mark.django_db
def test_backups_by_the_clock_keep_the_newest_and_wait_for_their_hour(tmp_path, settings):
    settings.BACKUP_DIR, settings.BACKUP_HOURS, settings.BACKUP_KEEP = tmp_path, 24, 2
    for day in (1, 2, 3):
        old = tmp_path / f"jobsite-2020010{day}-000000.zip"
        old.write_bytes(b"")
        os.utime(old, (0, 0))
    (tmp_path / "jobsite-20200104-000000.zip.part-ab").write_bytes(b"")
    schedule = BackupSchedule()
    schedule.step()
    process = schedule.process
    assert process is not None
    process.wait(PATIENCE)
    schedule.step()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 2
    assert names[0] == "jobsite-20200103-000000.zip"
    assert schedule.process is None
    schedule.not_before = 0.0
    schedule.step()
    assert schedule.process is None, "the next one is due in a day"
