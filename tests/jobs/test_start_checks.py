"""A machine, a folder or a database on which a site cannot work: one sentence and no change."""

import contextlib
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from django.core.exceptions import ImproperlyConfigured

from jobsite import data_folder, version
from jobsite.jobs.server import start_checks
from tests.support.running_site import ROOT
from tests.support.starting import refusal, up
from tests.support.waiting import PATIENCE

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="files of other users need root")
MAY_MOUNT = os.geteuid() == 0 and not subprocess.run(["unshare", "--mount", "true"]).returncode
with_mounts = pytest.mark.skipif(not MAY_MOUNT, reason="needs mounts of its own (root, no chroot)")
NOBODY = 65_534


def content(folder: Path) -> dict[str, str]:
    """Each file below a folder with the hash of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))  # empty, or SQLite's index
    }


def one_sentence(said: str) -> str:
    """The one line that was said, which ends like a sentence or with a command."""
    (line,) = said.strip().splitlines()
    return line


@with_mounts
def test_a_volume_that_is_read_only_is_refused(tmp_path) -> None:
    read_only = f"mount --bind {tmp_path} {tmp_path}; mount -o remount,bind,ro {tmp_path}"
    for _ in ("new", "with its folders"):
        said = one_sentence(refusal(tmp_path, read_only))
        assert "is mounted read-only. Mount it for writing, or set JOBSITE_DATA_DIR" in said
        assert content(tmp_path) == {}
        data_folder.prepare(tmp_path, [tmp_path / "run"])


@with_mounts
def test_a_library_that_cannot_be_written_to_is_refused(tmp_path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    read_only = f"mount -t tmpfs -o ro tmpfs {library}"
    said = one_sentence(refusal(tmp_path, read_only, DOWNLOAD_DIR=str(library)))
    assert f"DOWNLOAD_DIR is {library}, which this user cannot write to" in said
    assert not (tmp_path / "jobsite.sqlite3").exists()


@with_mounts
def test_a_machine_without_shared_memory_is_refused(tmp_path) -> None:
    said = one_sentence(refusal(tmp_path, "mount -t tmpfs -o ro tmpfs /dev/shm"))
    assert "The workers need shared memory, and /dev/shm cannot be used" in said
    assert not (tmp_path / "jobsite.sqlite3").exists()


@as_root
def test_root_does_not_start_the_site_of_another_user(tmp_path) -> None:
    data_folder.prepare(tmp_path, [tmp_path / "run"])
    for path in (tmp_path, tmp_path / "run"):
        os.chown(path, NOBODY, NOBODY)
    said = one_sentence(refusal(tmp_path))
    assert f"belongs to nobody (user id {NOBODY}), and this is root (user id 0)" in said
    assert "Run this as nobody, or give the folder to this user with: chown -R 0" in said
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@contextlib.contextmanager
def open_to_others(folder: Path) -> Iterator[None]:
    """Let everybody pass through the folders above one, which pytest keeps for its user."""
    closed = [path for path in folder.parents if not path.stat().st_mode & 0o001]
    modes = [path.stat().st_mode for path in closed]
    for path in closed:
        path.chmod(0o711)
    yield
    for path, mode in zip(closed, modes, strict=True):
        path.chmod(mode)


@as_root
def test_another_user_does_not_start_the_site_of_root(tmp_path) -> None:
    tmp_path.chmod(0o755)
    data_folder.prepare(tmp_path, [tmp_path / "run"])
    code = (
        "import os, sys; from pathlib import Path; from jobsite import data_folder;"
        f"os.seteuid({NOBODY}); data_folder.prepare(Path(sys.argv[1]), [])"
    )
    # pytest keeps its folders closed to other users, and this one has to be found.
    with open_to_others(tmp_path):
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
        )
    assert "belongs to root (user id 0), and this is nobody" in done.stderr


def test_a_folder_without_a_site_may_be_anybodys(tmp_path) -> None:
    """Such as a volume of Kubernetes: root's, and writable for a group."""
    assert data_folder.owner_of_the_site(tmp_path) is None
    data_folder.refuse_another_owner(tmp_path)


def test_a_file_in_place_of_a_folder_is_named(tmp_path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(ImproperlyConfigured, match="cannot be written to: File exists"):
        data_folder.prepare(tmp_path, [tmp_path / "run"])


MOUNTED = [
    ("/", "ext4"),
    ("/srv", "nfs4"),
    ("/srv/local", "xfs"),
    ("/mnt/c", "9p"),
    ("/mnt/over", "xfs"),
    ("/mnt/over", "cifs"),
]


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/var/lib/jobsite", "ext4"),
        ("/srv", "nfs4"),
        ("/srv/site/data", "nfs4"),
        ("/srvx", "ext4"),
        ("/srv/local/data", "xfs"),
        ("/mnt/c/Users/ann", "9p"),
        ("/mnt/over/x", "cifs"),
    ],
)
def test_the_file_system_of_a_path_is_that_of_the_last_mount_above_it(place, kind) -> None:
    assert start_checks.file_system(Path(place), MOUNTED) == kind


def test_the_file_system_of_this_machine_is_found() -> None:
    assert start_checks.file_system(Path("/proc/self"), start_checks.mounts()) == "proc"


@pytest.mark.parametrize(
    ("kind", "is_refused"),
    [(kind, True) for kind in ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs")]
    + [
        (kind, False)
        for kind in ("ext4", "btrfs", "zfs", "overlay", "tmpfs", "fuseblk", "virtiofs")
    ],
)
def test_sqlite_is_refused_where_other_machines_write_too(monkeypatch, kind, is_refused) -> None:
    part = namedtuple("part", "mountpoint fstype")("/", kind)
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: [part])
    if start_checks.connection.vendor != "sqlite":
        is_refused = False
    said = start_checks.sqlite_far_away()
    assert bool(said) == is_refused
    assert f"({kind})" in said or not is_refused


@pytest.mark.parametrize(
    ("vendor", "reason", "is_final"),
    [
        ("sqlite", "unable to open database file", True),
        ("postgresql", 'FATAL: password authentication failed for user "ann"', True),
        ("postgresql", 'FATAL: database "site" does not exist', True),
        ("postgresql", 'FATAL: role "ann" does not exist', True),
        ("postgresql", "fe_sendauth: no password supplied", True),
        ("postgresql", 'FATAL: no pg_hba.conf entry for host "10.0.0.1"', True),
        ("postgresql", "FATAL: the database system is starting up", False),
        ("postgresql", "connection refused", False),
        ("postgresql", "could not translate host name", False),
    ],
)
def test_only_a_database_that_may_come_is_waited_for(vendor, reason, is_final) -> None:
    assert start_checks.is_final(vendor, reason) == is_final


def test_a_file_that_is_no_database_is_named(tmp_path) -> None:
    (tmp_path / "jobsite.sqlite3").write_text(
        "no database at all, but quite some text in it\n" * 99
    )
    said = one_sentence(refusal(tmp_path))
    assert "The database does not answer: file is not a database" in said


# --- databases of other versions ---


def manage(folder: Path, *words: str) -> subprocess.CompletedProcess:
    """A command of this version on a SQLite site of its own."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.support.settings",
            "JOBSITE_DATA_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder / 'jobsite.sqlite3'}",
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def ok(folder: Path, *words: str) -> str:
    """What a command says that succeeds."""
    done = manage(folder, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def applied(database: Path) -> set[tuple[str, str]]:
    """The migrations that a SQLite file has, as app and name."""
    with closing(sqlite3.connect(database)) as rows:
        return set(rows.execute("SELECT app, name FROM django_migrations"))


@pytest.fixture(scope="module")
def made_by_an_older_version(tmp_path_factory) -> Path:
    """A site whose database an older version has made, with a person."""
    folder = tmp_path_factory.mktemp("older")
    for target in (["jobs", "0008"], ["training", "0007"], ["auth"], ["admin"]):
        ok(folder, "migrate", "--verbosity=0", *target)
    code = "from django.contrib.auth.models import User; User.objects.create_superuser('ann')"
    ok(folder, "shell", "--verbosity=0", "-c", code)
    return folder


@pytest.fixture
def older(made_by_an_older_version, tmp_path) -> Path:
    """A copy of that site for one test."""
    return shutil.copytree(made_by_an_older_version, tmp_path / "older")


@pytest.mark.xdist_group("older")
def test_an_upgrade_is_announced_and_backed_up_and_can_be_taken_back(older, tmp_path) -> None:
    database = older / "jobsite.sqlite3"
    before, was = applied(database), content(older)
    announced = ok(older, "upgrade", "--check")
    assert f"Upgrade from an earlier version to {version.VERSION}: " in announced
    assert "changes of the database (" in announced
    assert content(older) == was, "asking changes nothing"

    process = up(older)
    assert process.stdout is not None
    said = []
    while "jobsite runs at" not in "".join(said):
        line = process.stdout.readline()
        assert line, said
        said.append(line)
    process.terminate()
    process.communicate(timeout=PATIENCE)
    assert said[0] == announced
    (backup,) = (older / "backups").iterdir()
    assert said[1] == f"The former state is kept in {backup}.\n"
    assert said[2] == "The database is upgraded.\n"
    assert applied(database) > before
    assert (older / "version").read_text() == f"{version.VERSION}\n"
    assert ok(older, "upgrade") == "The database is of this version.\n"

    back = tmp_path / "back"
    ok(back, "restore", str(backup))
    assert applied(back / "jobsite.sqlite3") == before
    assert "Upgrade from an earlier version" in ok(back, "upgrade", "--check")
    assert "The database is upgraded." in ok(back, "upgrade", "--no-backup")
    assert not (back / "backups").exists()
    code = "from django.contrib.auth.models import User; print(User.objects.get().username)"
    assert ok(back, "shell", "--verbosity=0", "-c", code) == "ann\n"


@pytest.mark.xdist_group("older")
def test_without_its_backup_an_upgrade_changes_nothing(older) -> None:
    (older / "backups").write_text("a file where the folder should be")
    was = applied(older / "jobsite.sqlite3")
    done = manage(older, "upgrade")
    assert done.returncode == 1
    assert "Nothing was changed, because the backup before the upgrade failed" in done.stderr
    assert "manage.py upgrade --no-backup" in done.stderr
    assert applied(older / "jobsite.sqlite3") == was


@pytest.mark.xdist_group("older")
def test_the_data_of_a_newer_version_are_refused_untouched(older) -> None:
    database = older / "jobsite.sqlite3"
    with sqlite3.connect(database) as rows:
        rows.execute(
            "INSERT INTO django_migrations (app, name, applied) "
            "VALUES ('jobs', '9999_from_the_future', '2031-01-01')"
        )
    rows.close()
    (older / "version").write_text("9.1.0\n")
    was = content(older)
    said = one_sentence(refusal(older))
    assert "The database was changed by jobsite 9.1.0, and this is" in said
    assert "does not know jobs.9999_from_the_future" in said
    done = manage(older, "upgrade")
    assert done.returncode == 1
    assert "changed by jobsite 9.1.0" in done.stderr
    assert {name for name, digest in content(older).items() if was.get(name) != digest} <= {
        "run/up.lock"
    }
