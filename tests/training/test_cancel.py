"""A cancel in the middle of a fit: nothing of the job is left after two seconds."""

import json
import time

import psutil
import pytest

from benchmarks.tables import write_classes
from tests.support.running_site import Site
from tests.support.waiting import promised, wait_until
from training.algorithms.catalogue import KNOWN
from training.models.training_job import TrainingJob

pytestmark = [pytest.mark.tree, pytest.mark.xdist_group("tree")]


def family(site: Site) -> list[psutil.Process]:
    """The process of a running job and all that it has started: the image has forked it."""
    busy = [one for one in site.parts()["image-training"].children() if one.children()]
    return [one for child in busy for one in (child, *child.children(recursive=True))]


@pytest.mark.parametrize("key", ["svm", "mlp", "forest"])
def test_a_fit_that_is_cancelled_is_gone_after_two_seconds(site, owner, tmp_path, key):
    table = tmp_path / "wide.csv"
    write_classes(table, 8_000, 60)
    words = ["--target", "label", "--algorithms", key, "--time-limit", "600", "--json"]
    done = site.manage("train", str(table), *words, "--user", owner.username)
    job = TrainingJob.objects.get(pk=json.loads(done.stdout)["id"])

    def is_fitting() -> bool:
        job.refresh_from_db()
        return f"{KNOWN[key].label}: fold" in job.message

    wait_until(is_fitting)
    processes = wait_until(lambda: family(site))
    asked = time.monotonic()
    assert job.cancel()
    wait_until(lambda: not any(one.is_running() for one in processes))
    assert time.monotonic() - asked < promised(2)
    wait_until(lambda: (job.refresh_from_db() or job.status) == "cancelled")
    folder = site.folder / "data" / job.kind / str(job.pk)
    assert not list(folder.rglob("experiment.joblib")), "nor its files"
