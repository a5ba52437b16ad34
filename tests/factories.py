"""Rows and requests that many tests start from."""

import hashlib
from pathlib import Path

from django.test import Client
from knox.models import get_token_model

from downloads.library.library import Library
from downloads.library.record import StoredFile, Where
from downloads.metainfo.magnet import Link
from downloads.models.download import Download
from downloads.models.download_queryset import Entry
from jobsite.jobs.status import Status
from tests.support.torrent_peers import Seeded
from tests.support.waiting import PATIENCE, wait_until

V1 = "dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c"


URL = "/api/v1/downloads/"


def api_of(user) -> Client:
    _, token = get_token_model().objects.create(user=user)
    return Client(headers={"Authorization": f"Bearer {token}"})


def post(api: Client, links) -> tuple[int, dict]:
    answer = api.post(URL, {"links": links}, content_type="application/json")
    return answer.status_code, answer.json()


def a_download(owner, info_hash: str = V1, status: Status = Status.QUEUED, **fields) -> Download:
    [placed] = Download.objects.add(owner, [Entry(Link(v1=info_hash, name="film"))])
    row = Download.objects.filter(pk=placed.job.pk)
    steps = [status] if status in {Status.PAUSED, Status.CANCELLED, Status.RUNNING} else []
    if status in {Status.SUCCEEDED, Status.FAILED}:
        steps = [Status.RUNNING, status]
    for step in steps:
        assert row.transition(step)
    row.update(**fields) if fields else None
    placed.job.refresh_from_db()
    return placed.job


MIB = 2**20


def add(owner, *torrents: Seeded) -> list[Download]:
    placed = Download.objects.add(owner, [Entry(one.link) for one in torrents])
    return [one.job for one in placed]


def now(job: Download) -> Download:
    job.refresh_from_db()
    return job


def until(job: Download, *statuses: str, seconds: float = PATIENCE) -> Download:
    wait_until(lambda: now(job).status in statuses, seconds)
    return job


def fetched(library: Library, key: str, name: str, folder: str = ""):
    part = library.incomplete(key) / name
    part.mkdir(parents=True)
    (part / "a.bin").write_bytes(b"12345")
    return library.publish(key, name, [StoredFile(0, "a.bin", 5)], Where(folder))


FILES = [
    StoredFile(0, "film.mkv", 10),
    StoredFile(1, "Sample/sample.mkv", 2),
    StoredFile(2, "info.NFO", 1),
]


def same(one: Path, other: Path) -> bool:
    return hashlib.sha256(one.read_bytes()).digest() == hashlib.sha256(other.read_bytes()).digest()
