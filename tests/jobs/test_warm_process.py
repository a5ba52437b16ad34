"""A process that is kept warm: it forks each job, outlives them all, and ends when nobody asks."""

import os
from collections.abc import Iterator

import psutil
import pytest
from django.db import connection

from jobsite.jobs.execution import supervisor, worker
from jobsite.jobs.execution.supervisor import Supervision
from jobsite.jobs.execution.worker import Registration
from jobsite.jobs.models.worker import Worker
from tests.drill.models import Drill
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("warm"),
    pytest.mark.usefixtures("set_up"),
]


@pytest.fixture
def set_up(settings, tmp_path) -> None:
    settings.OUTCOME_DIR = tmp_path
    settings.SETTINGS_MODULE = "tests.support.settings"  # last: each change hides it


@pytest.fixture(scope="module")
def mine() -> Iterator[Registration]:
    """A worker of the predictions, whose process looks at the database of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        name, server = connection.settings_dict["NAME"], os.environ.get("TEST_DATABASE_URL", "")
        url = f"{server.rpartition('/')[0]}/{name}" if server else f"sqlite:///{name}"
        patch.setenv("DATABASE_URL", url)
        mine = Registration("prediction")
        yield mine
        if mine.spare is not None:
            mine.spare.close()


def carried_out(mine: Registration, *script, **fields) -> tuple[Drill, int]:
    """The job after its attempt, and the id of the process that forked it."""
    job = Drill.objects.create(name="drill", script=list(script), **fields)
    claimed = Drill.objects.claim(Worker.of_this_process("prediction"))
    assert claimed == job
    child = mine.take_child()
    try:
        Supervision(claimed, child).run()
    finally:
        mine.give_back(child)
    job.refresh_from_db()
    return job, child.process.pid


def test_jobs_have_processes_of_their_own_from_one_that_stays(mine):
    first, process = carried_out(mine, ["write", "a"])
    second, again = carried_out(mine, ["fail", "There is no column named 'x'."])
    third, _ = carried_out(mine)
    assert [first.status, second.status, third.status] == ["succeeded", "failed", "succeeded"]
    assert second.error == "There is no column named 'x'."
    assert process == again
    assert len({first.result["pid"], third.result["pid"], process}) == 3
    assert (first.artifacts / "a").read_text() == "attempt 1"


def test_a_job_that_is_killed_runs_again_and_costs_the_process_nothing(mine):
    job, process = carried_out(mine, ["die", 9])
    assert (job.status, job.deaths) == ("queued", 1)
    job.delete()
    job, again = carried_out(mine, ["exit", 3])
    assert "without a result (exit status 3)" in job.error
    assert process == again


def test_what_a_job_started_ends_with_it(mine):
    job, _ = carried_out(mine, ["helper", 600])
    assert job.status == "succeeded"
    helper = job.board["helper"]
    wait_until(lambda: not psutil.pid_exists(helper) or is_dead(helper))


def is_dead(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_job_that_is_cancelled_ends_alone(mine, monkeypatch):
    monkeypatch.setattr(supervisor, "CHECK_EVERY", 0.0)
    is_ours = Supervision.is_ours

    def cancelled(self) -> bool:
        Drill.objects.filter(pk=self.job.pk).update(cancel_requested=self.child.fork is not None)
        return is_ours(self)

    monkeypatch.setattr(Supervision, "is_ours", cancelled)
    job, process = carried_out(mine, ["deaf", 0], ["sleep", 600])
    assert job.status == "cancelled"
    monkeypatch.undo()
    assert carried_out(mine)[1] == process


def test_a_process_that_was_killed_is_replaced(mine):
    _, process = carried_out(mine)
    mine.spare.process.kill()
    mine.spare.process.wait()
    job, again = carried_out(mine)
    assert job.status == "succeeded"
    assert again != process


def test_a_process_that_is_killed_under_its_job_takes_the_job_with_it(mine):
    _, process = carried_out(mine)
    job, _ = carried_out(mine, ["kill", process])
    assert (job.status, job.deaths) == ("queued", 1)
    assert mine.spare is None


def test_a_job_with_a_time_limit_uses_its_process_up(mine):
    _, process = carried_out(mine, time_limit=600)
    assert mine.spare is None
    assert carried_out(mine)[1] != process


def test_a_process_without_jobs_ends_after_a_while_and_a_wake_up_starts_the_next(mine, monkeypatch):
    _, process = carried_out(mine)
    mine.cool_down()
    assert mine.spare is not None
    monkeypatch.setattr(worker, "warm_seconds", lambda cluster: 1e-9)
    mine.cool_down()
    assert mine.spare is None
    assert not psutil.pid_exists(process)
    monkeypatch.setattr(worker, "REGISTRATION", mine)
    worker.work()  # nothing is queued: a page has announced that somebody will ask
    assert mine.spare is not None
    assert mine.spare.process.pid != process
