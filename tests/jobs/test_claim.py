"""Claiming: order, fairness, the fence and the lease."""

import os
import random
import time
from collections import Counter
from datetime import timedelta

import psutil
import pytest
from django.db.models import F
from django.utils import timezone

from jobsite.jobs import pid_files, processes
from jobsite.jobs.execution.worker import Registration
from jobsite.jobs.models.allowance import Allowance
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.notification import Channel, Delivery
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.queue import submit
from jobsite.jobs.queue.wake_ups import waiting_wake_ups
from jobsite.jobs.recovery import wedged_clusters
from jobsite.jobs.recovery.housekeeper import Housekeeper
from jobsite.jobs.status import Status
from tests.drill.models import Drill

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker(db) -> Worker:
    return Worker.of_this_process("drill")


def add(owner, name, **fields) -> Drill:
    job = Drill(owner=owner, name=name, **fields)
    submit(job)
    return job


def claimed_names(worker, count, **limits) -> list[str | None]:
    jobs = [Drill.objects.claim(worker, **limits) for _ in range(count)]
    return [job and job.name for job in jobs]


def test_submitting_writes_the_row_its_log_and_a_wake_up(ann):
    job = add(ann, "a")
    assert [event.text for event in job.events] == ["Queued."]
    assert waiting_wake_ups(["drill"]) == {"drill": 1}


def test_a_person_with_many_jobs_does_not_hold_up_another(ann, bob, worker):
    for name in ("a1", "a2", "a3"):
        add(ann, name)
    for name in ("b1", "b2"):
        add(bob, name)
    assert claimed_names(worker, 6) == ["a1", "b1", "a2", "b2", "a3", None]


def test_priority_goes_before_fairness_and_age(ann, bob, worker):
    add(ann, "a1")
    add(bob, "b1")
    add(ann, "urgent", priority=5)
    assert claimed_names(worker, 3) == ["urgent", "b1", "a1"]


def test_the_limit_per_owner_leaves_the_worker_to_others(ann, bob, worker):
    add(ann, "a1")
    add(ann, "a2")
    add(bob, "b1")
    assert claimed_names(worker, 3, per_owner=1) == ["a1", "b1", None]


def test_a_job_that_is_being_deleted_is_not_claimed(ann, worker):
    job = add(ann, "a")
    Drill.objects.filter(pk=job.pk).update(delete_requested=True)
    assert Drill.objects.claim(worker) is None


def test_every_claim_counts_the_attempt_and_fences_the_one_before(ann, worker):
    add(ann, "a")
    first = Drill.objects.claim(worker)
    Drill.objects.filter(pk=first.pk).transition(Status.QUEUED)
    second = Drill.objects.claim(worker)
    assert (first.attempt, second.attempt) == (1, 2)
    assert Drill.objects.fenced(first.pk, first.attempt).update(progress=0.9) == 0
    assert Drill.objects.fenced(second.pk, second.attempt).update(progress=0.5) == 1


@pytest.mark.parametrize("seed", range(25))
def test_the_order_is_priority_then_share_then_age_within_the_limits(
    ann, bob, root, worker, seed
) -> None:
    chance, owners = random.Random(seed), [ann, bob, root, None]
    Allowance.objects.create(user=bob, running=chance.choice([None, 0, 1, 2]))
    limit = chance.choice([None, 1, 2])
    now = timezone.now()
    for number in range(chance.randrange(1, 12)):
        Drill.objects.create(
            owner=chance.choice(owners),
            name=str(number),
            priority=chance.choice([0, 0, 0, 1, -1]),
            queued_at=now - timedelta(seconds=chance.randrange(1000)),
        )
    for job in Drill.objects.all()[: chance.randrange(4)]:
        Drill.objects.filter(pk=job.pk).take(worker)
    most = {ann: limit, root: limit, None: None, bob: Allowance.objects.get().running}
    if most[bob] is None:
        most[bob] = limit
    while True:
        running = Counter(job.owner for job in Drill.objects.filter(status="running") if job.owner)
        may = [
            job
            for job in Drill.objects.filter(status="queued")
            if not most[job.owner] or running[job.owner] < most[job.owner]
        ]
        may.sort(key=lambda job: (-job.priority, running[job.owner], job.queued_at, job.pk))
        assert set(Drill.objects.eligible(limit)) == set(may)
        claimed = Drill.objects.claim(worker, per_owner=limit)
        assert claimed == (may[0] if may else None)
        if claimed is None:
            return


def expire(job: Drill) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Drill.objects.filter(pk=job.pk).update(lease_expires_at=past)


def test_an_expired_lease_requeues_and_the_third_loss_fails_with_the_reason(ann, worker):
    job = add(ann, "a")
    seen = []
    for _ in range(3):
        Drill.objects.claim(worker)
        expire(job)
        Housekeeper().take_back_expired()
        job.refresh_from_db()
        seen.append((job.status, job.losses))
    assert seen == [("queued", 1), ("queued", 2), ("failed", 3)]
    assert "died 3 times" in job.error


def test_a_valid_lease_of_a_living_worker_is_left_alone(ann, worker):
    job = add(ann, "a")
    Drill.objects.claim(worker)
    Housekeeper().recover()
    Housekeeper().take_back_expired()
    job.refresh_from_db()
    assert (job.status, job.losses) == ("running", 0)


def test_a_job_of_a_dead_process_is_taken_back_before_its_lease_ends(ann, worker):
    job = add(ann, "a")
    Drill.objects.claim(worker)
    Worker.objects.filter(pk=worker.pk).update(born=1.0)  # a process that was another one
    Housekeeper().recover()
    job.refresh_from_db()
    assert (job.status, job.losses) == ("queued", 1)
    assert not Worker.objects.filter(pk=worker.pk).exists()


def test_after_an_outage_leases_get_time_to_be_renewed(ann, worker):
    job = add(ann, "a")
    Drill.objects.claim(worker)
    expire(job)
    keeper = Housekeeper(checked_at=(0.0, 0.0))  # the clock jumped
    keeper.detect_clock_change()
    keeper.recover()
    keeper.take_back_expired()
    job.refresh_from_db()
    assert job.status == "running"


def test_a_lost_job_whose_cancel_was_asked_for_ends_cancelled(ann, worker):
    job = add(ann, "a")
    Drill.objects.claim(worker)
    job.cancel()
    expire(job)
    Housekeeper().take_back_expired()
    job.refresh_from_db()
    assert job.status == "cancelled"


def test_a_wake_up_that_was_lost_is_written_again(ann):
    from django_q.models import OrmQ

    add(ann, "a")
    OrmQ.objects.all().delete()
    Housekeeper().tend_clusters()
    assert waiting_wake_ups(["drill", "training"]) == {"drill": 1, "training": 0}
    Housekeeper().tend_clusters()
    assert waiting_wake_ups(["drill"]) == {"drill": 1}


def test_a_cluster_is_wedged_when_work_meets_a_free_worker_for_long_without_a_claim(
    ann, worker, monkeypatch
):
    watch, clock = wedged_clusters.ClusterWatch(), [1000.0]
    monkeypatch.setattr(wedged_clusters.time, "monotonic", lambda: clock[0])

    def is_wedged_after(seconds, workers=2):
        clock[0] += seconds
        return watch.is_wedged("drill", wedged_clusters.is_left_alone("drill", workers))

    def looks(seconds):
        return [is_wedged_after(1) for _ in range(seconds)]

    add(ann, "a")
    assert not any(looks(11))
    assert is_wedged_after(1)
    job = Drill.objects.claim(worker)
    Worker.objects.filter(pk=worker.pk).update(job_id=job.pk)
    add(ann, "b")
    assert not any(looks(11)), "a claim of just now shows that the cluster works"
    assert not is_wedged_after(2, workers=1), "no worker is free"
    assert not is_wedged_after(0), "work meets a free worker again: it is given its time"
    assert not is_wedged_after(60), "it was the watch that paused, not the cluster"
    Drill.objects.filter(status="queued").delete()
    assert not any(looks(20)), "nothing waits"


def test_a_cluster_that_takes_long_to_start_is_not_killed_before_it_has_workers(ann, monkeypatch):
    killed, leader = [], os.getpid()
    monkeypatch.setattr(pid_files, "leader", lambda name: leader)
    monkeypatch.setattr(processes, "kill_group", killed.append)
    keeper = Housekeeper(watch=wedged_clusters.ClusterWatch())
    monkeypatch.setattr(keeper.watch, "is_wedged", lambda cluster, _: cluster == "drill")
    age = wedged_clusters.LONGEST_START - 1
    monkeypatch.setattr(processes, "age", lambda pid: age)
    keeper.restart_wedged([])
    assert killed == []
    age = wedged_clusters.LONGEST_START + 1
    keeper.restart_wedged([])
    assert killed == [leader], "it will never have any"
    age = 1
    Worker.of_this_process("drill")
    keeper.restart_wedged([])
    assert killed == [leader] * 2, "it has workers, and they do nothing"


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_loses_no_job_no_worker_and_no_turn(ann, worker, hours):
    running, waiting = add(ann, "running"), add(ann, "waiting")
    Drill.objects.filter(pk=running.pk).take(worker)
    channel = Channel.objects.create(owner=ann, method="webhook", url="https://example.org/")
    Delivery.test(channel)
    by, steady, wall = timedelta(hours=hours), time.monotonic(), time.time()
    keeper = Housekeeper(checked_at=(steady, wall - by.total_seconds()))
    # As after the clock was set: all stamps are from before.
    Drill.objects.update(queued_at=F("queued_at") - by)
    Drill.objects.filter(pk=running.pk).update(lease_expires_at=F("lease_expires_at") - by)
    Worker.objects.update(last_seen=F("last_seen") - by)
    Delivery.objects.update(due_at=F("due_at") - by)
    keeper.detect_clock_change()
    keeper.follow_clock()
    keeper.recover()
    keeper.take_back_expired()
    running.refresh_from_db()
    assert (running.status, running.losses) == ("running", 0)
    assert running.lease_expires_at <= timezone.now() + timedelta(seconds=61)
    assert Worker.objects.filter(pk=worker.pk).exists()
    assert Delivery.objects.get().due_at <= timezone.now()
    add(ann, "late")
    assert Drill.objects.claim(worker) == waiting


def test_a_worker_whose_row_is_gone_signs_in_again(db):
    post = Registration("drill")
    first = post.sign_in()
    assert post.sign_in() == first
    Worker.objects.all().delete()
    assert Worker.objects.get(pk=post.sign_in().pk).is_alive


def test_deleting_hides_at_once_and_housekeeping_removes_row_log_and_files(ann):
    job = add(ann, "a")
    job.directory.mkdir(parents=True)
    (job.directory / "file").write_text("x")
    job.request_delete()
    assert not Drill.objects.visible_to(ann).exists()
    Housekeeper().purge()
    assert not Drill.objects.filter(pk=job.pk).exists()
    assert not JobEvent.objects.filter(job_id=job.pk).exists()
    assert not job.directory.exists()


def test_a_clock_that_is_set_makes_no_worker_look_dead(worker, monkeypatch):
    monkeypatch.setattr(psutil._pslinux, "boot_time", lambda: 1.0)
    assert not worker.is_gone
    assert Worker(host=worker.host, pid=worker.pid, born=worker.born - 1).is_gone
