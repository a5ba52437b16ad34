"""The estimate of memory: what is too large is left out with a sentence, never a dead worker."""

import pytest

from jobsite.jobs.execution.child_process import Child
from jobsite.jobs.execution.supervisor import Supervision
from tests.support.training_tables import flowers
from tests.support.waiting import wait_until
from training.algorithms.catalogue import ALGORITHMS, chosen
from training.algorithms.memory import need, refusal
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob


def test_a_small_table_fits():
    found = need(ALGORITHMS.values(), 1_000, 20, 1.0, 2, 4096)
    assert found.too_large == {}
    assert found.megabytes < 1000


def test_what_is_too_large_is_named_with_need_limit_and_remedy():
    found = need(chosen(["linear", "boosting", "svm"]), 5_000_000, 40, 1_200, 2, 4096)
    assert "linear" in found.too_large
    assert "svm" not in found.too_large, "it takes a sample"
    reason = found.too_large["linear"]
    assert "needs about" in reason
    assert "the limit is 4,096 MB" in reason
    assert "Try fewer rows" in reason


def test_where_memory_is_scarce_fewer_fits_run_side_by_side():
    roomy = need(chosen(["linear"]), 1_000, 20, 1.0, 4, 4096)
    scarce = need(chosen(["linear"]), 1_000, 20, 1.0, 4, 430)
    assert (roomy.cores, scarce.cores) == (4, 1)
    assert scarce.too_large == {}


def test_a_refusal_says_what_the_least_is():
    found = need(chosen(["linear"]), 1_000, 20, 1.0, 2, 256)
    assert set(found.too_large) == {"baseline", "linear"}
    assert f"needs about {found.least:,.0f} MB" in refusal(found, 256)
    assert 256 < found.least < 600


def test_a_table_that_nothing_can_learn_is_refused():
    found = need(chosen(["linear"]), 10**7, 100, 8_000, 2, 4096)
    assert set(found.too_large) == {"baseline", "linear"}
    assert "the limit is 4,096 MB" in refusal(found, 4096)


@pytest.mark.django_db
def test_a_limit_that_no_training_can_keep_is_said_at_once(ann, settings, tmp_path):
    settings.DATA_DIR, settings.TRAINING_MEMORY_MB = tmp_path, 300
    settings.SETTINGS_MODULE = "tests.support.settings"
    path = tmp_path / "flowers.csv"
    path.write_bytes(flowers())
    job = TrainingJob.of(Dataset.copy(path, ann, {}), "kind")
    child = Child("drill")
    try:
        supervision = Supervision(job, child)
        verdict = wait_until(supervision.limits)
    finally:
        child.end()
        child.close()
    assert verdict.startswith("The job needs at least 420 MB of memory; its limit is 300 MB.")
