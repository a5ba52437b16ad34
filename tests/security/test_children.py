"""What job processes get of the site, and what their limits do."""

import pytest
from django.conf import settings

from jobsite.jobs.execution import limits
from jobsite.jobs.execution.limits import LAST_WORDS
from jobsite.jobs.execution.supervisor import CPU_SLACK
from tests.drill.jobs import board, finish, run
from tests.support.running_site import Site

pytestmark = [pytest.mark.tree, pytest.mark.xdist_group("tree")]

SECRETS = {
    "JOBSITE_SECRET_KEY": "the-real-key-" + "x" * 50,
    "AWS_SECRET_ACCESS_KEY": "aws",
    "GITHUB_TOKEN": "ghp",
    "JOBSITE_METRICS_KEY": "scrape",
}


def test_the_environment_is_a_list_of_what_is_needed():
    given = limits.environment({**SECRETS, "PATH": "/bin", "LC_ALL": "C", "EDITOR": "vi"})
    assert given.keys() == {"PATH", "LC_ALL", "OPENBLAS_NUM_THREADS", "JOBSITE_SECRET_KEY"}
    assert given["JOBSITE_SECRET_KEY"] != SECRETS["JOBSITE_SECRET_KEY"]


@pytest.fixture
def guarded(tmp_path):
    """A tree that holds secrets and takes small uploads."""
    site = Site(tmp_path, {**SECRETS, "TRAINING_UPLOAD_MB": "1"}).start()
    yield site
    site.stop()


def test_a_job_sees_no_secret_and_cannot_dump_core(guarded, point_at):
    with point_at(guarded) as owner:
        job = run(owner, ["surroundings", ["RLIMIT_CORE", "RLIMIT_FSIZE"]], ["helper", 0])
        assert finish(job).status == "succeeded"
        asked = ["RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_CPU"]
        job = run(owner, ["surroundings", asked], time_limit=900)
        finish(job)
        seen = board(job)
        cpu = 900 * settings.CORES + CPU_SLACK
        assert seen["limits"] == {
            "RLIMIT_CORE": [0, 0],
            "RLIMIT_FSIZE": [64 * 2**20] * 2,
            "RLIMIT_CPU": [cpu, cpu + LAST_WORDS],
        }
        environment = seen["environment"]
        assert not [name for name in environment if name in {"DATABASE_URL", *SECRETS}]
        assert not set(environment.values()) & set(SECRETS.values())
        image = guarded.parts()["image-drill"]
        assert not set(image.environ().values()) & set(SECRETS.values())


def test_a_file_past_the_limit_fails_the_job_in_words(site, owner):
    job = finish(run(owner, ["fill", 70]))
    assert (job.status, job.error) == (
        "failed",
        "The job wrote a file that is larger than this site allows one to be.",
    )


def test_a_job_that_starts_processes_without_end_is_stopped(site, owner):
    job = finish(run(owner, *[["helper", 300] for _ in range(300)], ["sleep", 300]))
    assert job.status == "failed"
    assert "256 are the most a job may run." in job.error
