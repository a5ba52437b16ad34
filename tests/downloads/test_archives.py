"""Folders as .zip and .tar: whole, of the length that was said, with harmless names."""

import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from downloads.models.download_file import DownloadFile
from downloads.web.archives import FORMATS, Changed, Member, member_name
from jobsite.jobs.status import Status
from tests.factories import URL, a_download, api_of
from tests.support.torrent_peers import ROOT

LONG = "ä" * 100 + ".mkv"
CONTENT = {
    "a.txt": b"one",
    "disc 2/b.bin": b"\x00" * 70_000,
    f"disc 2/{LONG}": b"",
    "<i>.html": b"x",
}


def unpack(data: bytes, kind: str) -> dict[str, bytes]:
    if kind == "zip":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar.getmembers()}


@pytest.mark.parametrize("kind", FORMATS)
def test_an_archive_holds_every_byte_and_is_as_long_as_it_said(tmp_path, kind: str) -> None:
    members = []
    for name, data in CONTENT.items():
        path = tmp_path / str(len(members))
        path.write_bytes(data)
        members.append(Member(name, path, len(data)))
    archive = FORMATS[kind](members)
    data = b"".join(archive.blocks)
    assert len(data) == archive.length
    assert unpack(data, kind) == CONTENT


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_that_was_cut_short_ends_the_stream_with_an_error(tmp_path, kind: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    with pytest.raises(Changed):
        list(FORMATS[kind]([Member("a", path, 6)]).blocks)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("../../etc/passwd", "file/file/etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("a/C:\\windows\\x.dll", "a/x.dll"),
        ("a/\u202egnp.exe", "a/gnp.exe"),
        ("a/x\x00y", "a/xy"),
        (".bashrc", "bashrc"),
        ("", "file"),
    ],
)
def test_names_stay_inside_the_folder_they_are_unpacked_to(path: str, name: str) -> None:
    assert member_name(path, set()) == name


def test_no_member_hides_another() -> None:
    taken: set[str] = set()
    names = [member_name(name, taken) for name in ("a/B.mkv", "a/b.mkv", "a/.b.mkv", "x", "X")]
    assert names == ["a/B.mkv", "a/b (2).mkv", "a/b (3).mkv", "x", "X (2)"]


def finished(owner, settings, tmp_path, place="album"):
    settings.DOWNLOAD_DIR = tmp_path
    job = a_download(owner, status=Status.SUCCEEDED, place=place)
    for index, (name, data) in enumerate(CONTENT.items()):
        path = tmp_path / place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        DownloadFile.objects.create(download=job, index=index, path=name, size=len(data))
    return job


@pytest.mark.django_db
@pytest.mark.parametrize("kind", FORMATS)
def test_a_finished_download_is_handed_out_as_an_archive(
    client, ann, settings, tmp_path, kind: str
) -> None:
    job = finished(ann, settings, tmp_path)
    client.force_login(ann)
    for answer in (
        client.get(f"/downloads/{job.pk}/archive/?format={kind}"),
        api_of(ann).get(f"{URL}{job.pk}/archive/?format={kind}"),
    ):
        data = answer.getvalue()
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"] == f'attachment; filename="album.{kind}"'
        assert int(answer.headers["Content-Length"]) == len(data)
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert unpack(data, kind) == {f"album/{name}": data for name, data in CONTENT.items()}
    answer = client.get(f"/downloads/{job.pk}/archive/?format={kind}&folder=disc 2")
    assert sorted(unpack(answer.getvalue(), kind)) == ["b.bin", LONG]
    assert "archive/?format=zip" in client.get(f"/downloads/{job.pk}/").content.decode()


@pytest.mark.django_db
def test_nothing_leads_out_of_the_library(client, ann, settings, tmp_path) -> None:
    job = finished(ann, settings, tmp_path)
    (tmp_path / "album" / "a.txt").unlink()
    (tmp_path / "album" / "a.txt").symlink_to("/etc/passwd")
    DownloadFile.objects.create(download=job, index=9, path="../../../etc/passwd", size=1)
    client.force_login(ann)
    names = unpack(client.get(f"/downloads/{job.pk}/archive/").getvalue(), "zip")
    assert sorted(names) == sorted(f"album/{name}" for name in CONTENT if name != "a.txt")


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["", "?format=rar", "?folder=none"])
def test_where_nothing_is_complete_it_is_404(ann, settings, tmp_path, query: str) -> None:
    job = finished(ann, settings, tmp_path) if query else a_download(ann)
    answer = api_of(ann).get(f"{URL}{job.pk}/archive/{query}")
    assert answer.status_code == 404
    assert answer.json()["detail"].endswith(".")


MEASURE = """
import django, resource, sys
from pathlib import Path
django.setup()
from downloads.web.archives import FORMATS, Member
path, kind = Path(sys.argv[1]), sys.argv[2]
members = [Member(f"{n}.bin", path, path.stat().st_size) for n in range(3)]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
total = sum(len(block) for block in FORMATS[kind](members).blocks)
print(total, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("kind", FORMATS)
def test_gigabytes_cost_constant_memory(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(2**28)
    words = [sys.executable, "-c", MEASURE, str(path), kind]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    total, grown = map(int, done.stdout.split())
    assert total > 3 * 2**28
    assert grown < 16
