"""The part of the site that speaks qBittorrent's Web API, called as Sonarr's client calls it."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from downloads.models.category import Category
from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from downloads.qbittorrent.format import seeding_goal, state_of
from jobsite.jobs.status import Status
from tests.factories import a_download
from tests.support.sonarr import HASH, MAGNET, mine
from tests.support.torrent_files import made

pytestmark = pytest.mark.django_db


def test_the_test_button_of_sonarr_is_content(sonarr, settings) -> None:
    # Without signing in: 404 would mean an old version, 403 means that it is understood.
    assert sonarr.client.get("/api/v2/app/webapiVersion").status_code == 403
    version = tuple(map(int, sonarr.get("app/webapiVersion").content.decode().split(".")))
    assert (2, 6, 1) <= version < (2, 11)
    assert sonarr.get("app/version").content.decode().startswith("v4.")
    config = sonarr.get("app/preferences").json()
    assert Path(config["save_path"]) == settings.DOWNLOAD_DIR
    assert config["queueing_enabled"] is True and config["max_ratio_act"] == 0
    assert sonarr.get("torrents/categories").json() == {}
    sonarr.post("torrents/createCategory", category="tv-sonarr")
    [label] = sonarr.get("torrents/categories").json().items()
    assert label[0] == label[1]["name"] == "tv-sonarr"
    assert sonarr.get("torrents/info", category="tv-sonarr").json() == []


def test_a_magnet_link_from_adding_to_removal(sonarr, ann, settings) -> None:
    sonarr.get("app/preferences")
    form = {"urls": MAGNET, "category": "tv-sonarr", "paused": "False", "contentLayout": "Original"}
    assert sonarr.post("torrents/add", **form) == "Ok."
    job = mine()
    assert (job.owner, job.category.name, job.category.folder) == (ann, "tv-sonarr", "tv-sonarr")
    assert sonarr.get("torrents/properties", hash=HASH).json()["hash"] == HASH
    sonarr.post("torrents/topPrio", hashes=HASH)
    sonarr.post("torrents/setShareLimits", hashes=HASH, ratioLimit="1.5", seedingTimeLimit="-2")
    assert (mine().seed, mine().seed_ratio, mine().seed_hours) == ("goal", 1.5, None)
    [one] = sonarr.get("torrents/info").json()
    assert (one["ratio_limit"], one["seeding_time_limit"]) == (1.5, -1)
    sonarr.post("torrents/setShareLimits", hashes=HASH, ratioLimit="-2", seedingTimeLimit="-2")
    sonarr.post("torrents/setForceStart", hashes=HASH, value="true")
    assert mine().forced
    sonarr.post("torrents/setForceStart", hashes=HASH, value="false")
    assert not mine().forced
    sonarr.post("torrents/addTags", hashes=HASH, tags="new,show")
    [one] = sonarr.get("torrents/info", category="tv-sonarr").json()
    assert (one["hash"], one["name"], one["state"]) == (HASH, "Some.Show.S01E01", "queuedDL")
    assert (one["tags"], one["eta"], one["progress"]) == ("new, show", 8_640_000, 0.0)
    assert sonarr.get("torrents/trackers", hash=HASH).json()[-1]["url"].startswith("udp://tracker")

    place = {"place": "tv-sonarr/Some.Show", "size": 100, "done": 100, "progress": 1.0}
    taken = Download.objects.filter(pk=job.pk)
    taken.transition(Status.RUNNING, attempt=1)
    taken.transition(Status.SUCCEEDED, **place)
    DownloadFile.objects.create(download=job, index=0, path="e01.mkv", size=100)
    [one] = sonarr.get("torrents/info", category="tv-sonarr").json()
    assert (one["state"], one["progress"], one["amount_left"]) == ("pausedUP", 1.0, 0)
    content = settings.DOWNLOAD_DIR / "tv-sonarr" / "Some.Show"
    assert (Path(one["content_path"]), Path(one["save_path"])) == (content, content.parent)
    # The ratio that the client itself has: enough at 0, so it may be removed once imported.
    config = sonarr.get("app/preferences").json()
    assert one["ratio_limit"] == -2 and config["max_ratio_enabled"]
    assert one["ratio"] >= config["max_ratio"]
    [file] = sonarr.get("torrents/files", hash=HASH).json()
    assert file["name"] == "Some.Show/e01.mkv"

    sonarr.post("torrents/createCategory", category="imported")
    sonarr.post("torrents/setCategory", hashes=HASH.upper().lower(), category="imported")
    assert sonarr.get("torrents/info", category="tv-sonarr").json() == []
    sonarr.post("torrents/delete", hashes=HASH, deleteFiles="true")
    assert sonarr.get("torrents/info").json() == []
    assert Download.objects.get(pk=job.pk).delete_data


@pytest.mark.parametrize("part", ["torrents", "torrent__0", "file"])
def test_a_torrent_file_is_taken_and_nonsense_fails(sonarr, part) -> None:
    file = SimpleUploadedFile("show.torrent", made(name=b"show"))
    form = {part: file, "category": "tv", "paused": "true"}
    assert sonarr.post("torrents/add", **form) == "Ok."
    job = Download.objects.get(name="show")
    assert (job.status, job.has_file) == ("paused", True)
    assert sonarr.post("torrents/resume", hashes=job.info_hash) == ""
    assert sonarr.post("torrents/stop", hashes="all") == ""
    job.refresh_from_db()
    assert job.status == "paused"
    for form in (
        {},
        {"urls": "http://example.org/a.torrent"},
        {"torrents": SimpleUploadedFile("a.torrent", b"<html>")},
        {"urls": MAGNET, "tags": "x" * 100},
        {"urls": MAGNET, "category": "../../etc"},
    ):
        assert sonarr.post("torrents/add", **form) == "Fails."
    assert Download.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, {}),
        ({"ratioLimit": "-2", "seedingTimeLimit": "-2"}, {}),
        ({"ratioLimit": "-1"}, {"seed": "forever"}),
        ({"ratioLimit": "0"}, {"seed": "off"}),
        (
            {"ratioLimit": "2", "seedingTimeLimit": "90"},
            {"seed": "goal", "seed_ratio": 2.0, "seed_hours": 1.5, "seed_idle_hours": None},
        ),
    ],
)
def test_share_limits_become_a_seeding_goal(given, fields) -> None:
    assert seeding_goal(given) == fields


@pytest.mark.parametrize("text", ["x", "nan", "inf", "1e99"])
def test_share_limits_that_are_no_numbers_are_refused(sonarr, text) -> None:
    with pytest.raises(ValueError, match=r"too large|could not"):
        seeding_goal({"ratioLimit": text})
    assert sonarr.post("torrents/add", urls=MAGNET, ratioLimit=text) == "Fails."


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"status": "queued"}, "queuedDL"),
        ({"status": "running", "state": "metadata"}, "metaDL"),
        ({"status": "running", "state": "queued"}, "queuedDL"),
        ({"status": "running", "state": "checking"}, "checkingDL"),
        ({"status": "running", "state": "downloading"}, "stalledDL"),
        ({"status": "running", "state": "downloading", "rate_down": 9}, "downloading"),
        ({"status": "running", "state": "stalled"}, "stalledDL"),
        ({"status": "running", "state": "finishing"}, "downloading"),
        ({"status": "running", "state": "stalled", "forced": True}, "forcedDL"),
        ({"status": "running", "state": "metadata", "forced": True}, "forcedMetaDL"),
        ({"status": "running", "state": "queued", "forced": True}, "queuedDL"),
        ({"status": "succeeded", "seeding": True, "rate_up": 1}, "uploading"),
        ({"status": "succeeded", "seeding": True}, "stalledUP"),
        ({"status": "running", "state": ""}, "downloading"),
        ({"status": "paused"}, "pausedDL"),
        ({"status": "succeeded"}, "pausedUP"),
        ({"status": "failed"}, "error"),
        ({"status": "cancelled"}, "pausedDL"),
    ],
)
def test_states_are_said_in_qbittorrents_words(fields, word) -> None:
    assert state_of(Download(**fields)) == word


@pytest.mark.parametrize(
    ("seed", "may_go"),
    [("", True), ("off", True), ("forever", False), ("goal", False)],
)
def test_sonarr_may_remove_what_is_not_to_be_seeded_any_more(sonarr, ann, seed, may_go) -> None:
    """Its rule: paused, and the ratio of its own or the client's limit is reached."""
    fields = {"size": 100, "seed": seed, "seed_ratio": 1.5 if seed == "goal" else None}
    a_download(ann, HASH, Status.SUCCEEDED, **fields)
    [one] = sonarr.get("torrents/info").json()
    config = sonarr.get("app/preferences").json()
    limit = config["max_ratio"] if one["ratio_limit"] == -2 else one["ratio_limit"]
    assert one["state"] == "pausedUP"
    assert (limit >= 0 and one["ratio"] >= limit) is may_go


def test_parameters_may_be_posted_and_every_filter_is_known(sonarr, ann) -> None:
    a_download(ann, HASH, Status.RUNNING, state="downloading", rate_down=9)
    a_download(ann, "d" * 40, Status.SUCCEEDED, progress=1.0, seeding=True)
    a_download(ann, "e" * 40, Status.PAUSED)

    def found(word: str) -> str:
        rows = sonarr.process(lambda: sonarr.client.post("/api/v2/torrents/info", {"filter": word}))
        return "".join(one["hash"][0] for one in rows.json())

    words = {
        **{"all": "cde", "downloading": "ce", "completed": "d", "seeding": "d", "active": "c"},
        **{"inactive": "de", "paused": "e", "stopped": "e", "resumed": "cd", "running": "cd"},
        **{"stalled": "d", "stalled_uploading": "d", "stalled_downloading": "", "errored": ""},
    }
    assert {word: found(word) for word in words} == words
    assert sonarr.post("torrents/reannounce", hashes=HASH) == ""
    assert mine().announce_asked_at is not None


@pytest.mark.parametrize(
    "name", ["..", "../../etc/passwd", ".hidden", "a/b\u202e.mkv", "\U0001f3ac" * 60]
)
def test_a_hostile_name_leads_nowhere(sonarr, ann, settings, name) -> None:
    job = a_download(ann, HASH, Status.RUNNING, name=name)
    [one] = sonarr.get("torrents/info").json()
    content = Path(one["content_path"])
    assert content.parent == Path(settings.DOWNLOAD_DIR) == Path(one["save_path"])
    assert 0 < len(content.name.encode()) < 256 and not content.name.startswith(".")
    DownloadFile.objects.create(download=job, index=0, size=1)
    assert sonarr.get("torrents/files", hash=HASH).json()[0]["name"] == content.name


def test_everything_at_once_and_the_rates(sonarr, ann) -> None:
    Download.objects.create(owner=ann, name="d", info_hash=HASH, rate_down=7, rate_up=3)
    all_of_it = sonarr.get("sync/maindata", rid="0").json()
    assert (list(all_of_it["torrents"]), all_of_it["full_update"]) == ([HASH], True)
    assert sonarr.get("transfer/info").json()["dl_info_speed"] == 7
    assert [len(sonarr.get("torrents/info", filter=f).json()) for f in ("active", "completed")] == [
        *(1, 0)
    ]


def test_others_and_their_downloads_do_not_exist(sonarr, bob) -> None:
    Download.objects.create(owner=bob, name="secret", info_hash=HASH)
    Category.objects.create(owner=bob, name="bobs")
    assert sonarr.get("torrents/info").json() == []
    assert sonarr.get("torrents/categories").json() == {}
    assert sonarr.client.get("/api/v2/torrents/properties", {"hash": HASH}).status_code == 404
    for call in ("delete", "pause", "topPrio", "addTags"):
        sonarr.post(f"torrents/{call}", hashes=f"{HASH}|{'d' * 40}", tags="x")
        sonarr.post(f"torrents/{call}", hashes="all", tags="x")
    theirs = Download.objects.get(owner=bob)
    assert (theirs.status, theirs.delete_requested, theirs.tags) == ("queued", False, [])
    wrong = {"hashes": HASH, "category": "bobs"}
    assert sonarr.client.post("/api/v2/torrents/setCategory", wrong).status_code == 409
