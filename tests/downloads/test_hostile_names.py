"""Hostile text as name of a torrent, file, category and tracker, on every page and in exports."""

import io
import zipfile

import pytest

from downloads.ipc.torrent_details import DetailsMailbox
from downloads.models.category import Category
from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from downloads.names import display_name, file_name
from jobsite.jobs.status import Status
from jobsite.jobs.text import one_line, storable
from tests.factories import URL, a_download, api_of
from tests.support.hostile_names import EVERY, NAMES, Found

pytestmark = pytest.mark.django_db
PAGES = [
    "/downloads/",
    "/downloads/?q={name}",
    "/downloads/?category={name}&tag={name}&state={name}",
    "/downloads/{job}/",
    "/downloads/{job}/files/",
    "/downloads/{job}/files/0/rename/",
    "/downloads/{job}/watch/0/",
    "/downloads/{job}/options/",
    "/downloads/{job}/delete/",
    "/downloads/new/",
    "/downloads/categories/",
    "/downloads/categories/{category}/",
    "/downloads/categories/{category}/delete/",
    "/downloads/defaults/",
    "/downloads/traffic/",
]


@pytest.fixture
def named(ann, settings, tmp_path):
    """A download that runs, of which everything that has a name has this one."""
    settings.DATA_DIR = settings.DOWNLOAD_DIR = tmp_path

    def make(name: str) -> Download:
        text = storable(name)[:200]
        category = Category.objects.create(owner=ann, name=text[:60])
        fields = {"name": text, "message": text, "place": text, "is_listed": True}
        job = a_download(ann, status=Status.RUNNING, category=category, tags=[text[:40]], **fields)
        DownloadFile.objects.create(download=job, index=0, path=f"{text}/{text}.mp4", size=5)
        job.log(text)
        peer = {"address": "192.0.2.7:1", "client": one_line(name), "flags": one_line(name)}
        said = {"tracker": one_line(name), "status": "refuses", "message": one_line(name)}
        look = {"peer_count": 1, "peers": [peer], "trackers": [said], "pieces": None, "files": []}
        DetailsMailbox(tmp_path / "swarm" / "watched").publish(job.info_hash, look)
        return job

    return make


@EVERY
def test_a_name_is_text_on_every_page_of_downloads(client, ann, named, name) -> None:
    job = named(name)
    client.force_login(ann)
    for page in PAGES:
        path = page.format(job=job.pk, category=job.category_id, name="zqx")
        for headers in ({}, {"HX-Request": "true"}):
            answer = client.get(path, headers=headers)
            assert answer.status_code == 200, path
            found = Found()
            found.feed(answer.content.decode())
            assert found.bad == [], path
    ask = {"ids": job.pk, "action": "delete", "query": "q=zqx"}
    found = Found()
    found.feed(client.post("/downloads/bulk/", ask).content.decode())
    typed = name.encode(errors="replace").decode()
    for links in (typed, f"magnet:?xt=urn:btih:zqx&dn={typed}", f"{'b' * 40}\n{typed}"):
        answer = client.post("/downloads/new/", {"links": links})
        assert answer.status_code == 200
        found.feed(answer.content.decode())
    assert found.bad == []


@EVERY
def test_a_name_leads_to_no_other_place_in_an_archive(client, ann, named, settings, name) -> None:
    """What the engine stores is made fit before; here as a fault would leave it."""
    job = named(name)
    home, top = settings.DOWNLOAD_DIR, file_name(storable(name), job.info_hash)
    inside = display_name(storable(name)) or "file"
    (home / top).mkdir()
    (home / top / inside[:80]).write_bytes(b"data")
    DownloadFile.objects.update(path=inside[:80], size=4)
    rows = Download.objects.filter(pk=job.pk)
    rows.transition(Status.SUCCEEDED, place=top)
    answer = api_of(ann).get(f"{URL}{job.pk}/archive/")
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment") and "\n" not in disposition
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        [member] = archive.namelist()
        assert archive.read(member) == b"data"
    parts = member.split("/")
    assert len(parts) == 2 and ".." not in parts and not member.startswith("/")


@pytest.mark.parametrize("name", ["up", "absolute", "dots", "half", "nul", "direction"])
def test_a_file_that_would_lie_elsewhere_is_not_served(client, ann, named, settings, name) -> None:
    job = named(NAMES[name])
    secret = settings.DATA_DIR.parent / "zqx"
    secret.write_text("secret")
    Download.objects.filter(pk=job.pk).transition(Status.SUCCEEDED, place="..")
    for path in ("zqx", "../zqx", str(secret)):
        DownloadFile.objects.update(path=path, size=6)
        assert client.get(f"/downloads/{job.pk}/files/0/").status_code in {302, 404}
        assert api_of(ann).get(f"{URL}{job.pk}/files/0/").status_code == 404
        assert api_of(ann).get(f"{URL}{job.pk}/archive/").status_code == 404
