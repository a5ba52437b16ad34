"""The engine in a real process tree: rows in, files out, whatever dies."""

import hashlib
import json
import os
import signal

import psutil
import pytest
from django.contrib.auth import get_user_model

from downloads.models.download import Download
from downloads.models.engine import Engine
from jobsite.jobs.status import Status
from tests.factories import MIB, add, now, until
from tests.support.torrent_peers import Seeded, seeder, written
from tests.support.waiting import PATIENCE, promised, wait_until

pytestmark = [pytest.mark.swarm, pytest.mark.tree]


def engine_process() -> psutil.Process:
    """The child that runs the engine, below the worker of the active row."""
    return wait_until(find_engine)


def find_engine() -> psutil.Process | None:
    engine = Engine.objects.filter(status=Status.RUNNING, worker__isnull=False).first()
    if engine is None or not psutil.pid_exists(engine.worker.pid):
        return None
    children = psutil.Process(engine.worker.pid).children()
    return next((one for one in children if one.cmdline()[-1:] == ["downloads"]), None)


def is_listening() -> bool:
    engine = Engine.objects.filter(status=Status.RUNNING).first()
    return engine is not None and engine.events.filter(text__startswith="Listening").exists()


def test_a_download_by_command_ends_in_the_library(site, owner, source) -> None:
    (source / "one.bin").write_bytes(os.urandom(5 * MIB))
    with seeder(source / "one.bin") as [one]:
        words = ["download", one.magnet, "--user", owner.username, "--wait", "--json"]
        done = site.manage(*words)
    assert done.returncode == 0, done.stderr
    [job] = json.loads(done.stdout)["added"]
    assert (job["status"], job["progress"], job["size"]) == ("succeeded", 1.0, 5 * MIB)
    _, [file] = site.get(f"/api/v1/downloads/{job['id']}/files/", site.token(owner.username))
    assert (file["name"], file["size"]) == ("one.bin", 5 * MIB)
    stored = site.folder / "library" / Download.objects.get(pk=job["id"]).place
    want = hashlib.sha256((source / "one.bin").read_bytes()).digest()
    assert hashlib.sha256(stored.read_bytes()).digest() == want
    texts = [event.text for event in Download.objects.get(pk=job["id"]).events]
    assert texts[0] == "Queued."
    assert any(text.startswith("Finished: 5.2 MB, verified.") for text in texts)


def test_a_new_row_is_in_hand_within_a_second(owner, source) -> None:
    Engine.start()
    wait_until(is_listening)
    [job] = add(owner, Seeded(f"magnet:?xt=urn:btih:{'1' * 40}", "1" * 40, "x", 1, ""))
    wait_until(lambda: now(job).status == "running", promised(2))
    assert (job.started_at - job.created_at).total_seconds() < promised(1)
    wait_until(lambda: "No way to find peers: DHT is off" in now(job).reason)
    job.request_delete()
    wait_until(lambda: not Download.objects.filter(pk=job.pk).exists())


def test_paused_resumed_cancelled_retried_and_finished(owner, source) -> None:
    (source / "slow.bin").write_bytes(os.urandom(12 * MIB))
    with seeder(source / "slow.bin", "--max-up-kb", "3000") as [one]:
        [job] = add(owner, one)
        wait_until(lambda: now(job).done > MIB and job.rate_down > 0 and job.peers == 1)
        assert job.pause()
        assert (now(job).status, job.rate_down) == ("paused", 0)
        assert job.resume()
        until(job, "running")
        assert job.cancel()
        assert now(job).status == "cancelled"
        assert job.requeue_by_hand()
        until(job, "succeeded")
    assert job.done == 12 * MIB


def test_two_owners_share_one_copy_and_the_last_takes_the_data_along(site, owner, source) -> None:
    (source / "shared.bin").write_bytes(os.urandom(2 * MIB))
    other = get_user_model().objects.create_user(f"second-{owner.username}")
    with seeder(source / "shared.bin") as [one]:
        [mine], [theirs] = add(owner, one), add(other, one)
        until(mine, "succeeded")
        until(theirs, "succeeded")
    assert mine.place == theirs.place
    stored = site.folder / "library" / mine.place
    mine.request_delete(with_data=True)
    wait_until(lambda: not Download.objects.filter(pk=mine.pk).exists())
    assert stored.exists()
    theirs.request_delete(with_data=True)
    wait_until(lambda: not Download.objects.filter(pk=theirs.pk).exists())
    assert not stored.exists()


def test_deleted_without_data_the_files_stay_and_count_when_added_again(
    site, owner, source
) -> None:
    (source / "kept.bin").write_bytes(os.urandom(MIB))
    with seeder(source / "kept.bin") as [one]:
        [job] = add(owner, one)
        until(job, "succeeded")
    job.request_delete()
    wait_until(lambda: not Download.objects.filter(pk=job.pk).exists())
    assert (site.folder / "library" / job.place).exists()
    [again] = add(owner, one)  # nobody seeds it any more
    until(again, "succeeded")
    assert again.place == job.place


def test_a_running_one_is_stopped_and_its_data_removed_when_deleted(site, owner, source) -> None:
    (source / "gone.bin").write_bytes(os.urandom(12 * MIB))
    with seeder(source / "gone.bin", "--max-up-kb", "2000") as [one]:
        [job] = add(owner, one)
        part = site.folder / "library" / ".incomplete" / one.info_hash
        wait_until(lambda: now(job).done > 0 and part.exists())
        job.request_delete(with_data=True)
        wait_until(lambda: not Download.objects.filter(pk=job.pk).exists())
        assert not part.exists()


def test_killed_the_engine_comes_back_and_goes_on(site, owner, source) -> None:
    (source / "big.bin").write_bytes(os.urandom(48 * MIB))
    with seeder(source / "big.bin", "--max-up-kb", "8000") as [one]:
        [job] = add(owner, one)
        wait_until(lambda: now(job).progress > 0.4)
        done = job.done
        process = engine_process()
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
        kept = written(site.folder / "library" / ".incomplete" / one.info_hash)
        wait_until(lambda: engine_process().pid != process.pid)
        wait_until(lambda: now(job).attempt == 2)
        wait_until(lambda: now(job).state == "downloading" or job.status == "succeeded")
        assert job.done >= min(done, kept) - 2 * MIB
        until(job, "succeeded")
    assert job.losses == 0
    assert Engine.objects.filter(status=Status.FAILED).exists()
