"""Random kills under load: nothing is lost, stuck or completed twice.

`make chaos` runs the long form; the suite runs a short one. JOBS and SECONDS come from the
environment as CHAOS_JOBS and CHAOS_SECONDS, the seed of the kills as CHAOS_SEED.
"""

import contextlib
import os
import random
import signal
import time
from collections import Counter

import psutil
import pytest

from jobsite.jobs.models import Job, JobEvent, Worker
from jobsite.jobs.queue import submit
from jobsite.jobs.status import FINISHED
from tests.drill.models import Drill
from tests.site import Site
from tests.waiting import wait_until
from training.models import Dataset, TrainingJob

pytestmark = [pytest.mark.tree, pytest.mark.timeout(1200)]

JOBS = int(os.environ.get("CHAOS_JOBS", "60"))
SECONDS = float(os.environ.get("CHAOS_SECONDS", "20"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.randrange(10**6))))


def descendants(site: Site) -> dict[str, list[psutil.Process]]:
    """The processes of the tree by what they are."""
    kinds: dict[str, list[psutil.Process]] = {"up": [psutil.Process(site.process.pid)]}
    workers = set(Worker.objects.values_list("pid", flat=True))
    for name, part in site.parts().items():
        kinds.setdefault(
            {"gunicorn": "web", "housekeeping": "housekeeping"}.get(name, "main"), []
        ).append(part)
        with contextlib.suppress(psutil.Error):
            for process in part.children(recursive=True):
                words = process.cmdline()
                if name == "gunicorn":
                    kind = "web worker"
                elif any("jobsite.jobs.child" in word for word in words):
                    kind = "job child"
                elif process.pid in workers:
                    kind = "django-q2 worker"
                else:
                    kind = "sentinel, pusher or monitor"
                kinds.setdefault(kind, []).append(process)
    return kinds


def kill_one(site: Site, chance: random.Random) -> str:
    """SIGKILL for a random process of a random kind; the root is started again at once."""
    kinds = descendants(site)
    kind = chance.choice(sorted(kinds))
    with contextlib.suppress(psutil.Error):
        chance.choice(sorted(kinds[kind], key=lambda process: process.pid)).send_signal(
            signal.SIGKILL
        )
    if kind == "up":
        site.process.wait()
        site.start()
    return kind


def unfinished() -> list[Job]:
    ended = [status.value for status in FINISHED]
    return [job for kind in (Drill, TrainingJob) for job in kind.objects.exclude(status__in=ended)]


def real_training(owner, folder) -> TrainingJob:
    """A small table and what is to be learnt from it, not queued yet."""
    table = folder / "t.csv"
    if not table.exists():
        table.write_text("x,y\n" + "".join(f"{n % 7},{n % 2}\n" for n in range(60)))
    dataset = Dataset.objects.first() or Dataset.copy(table, owner, {})
    return TrainingJob.of(dataset, "y", ["linear"], time_limit=20, tune=False)


def is_explained(job: Job) -> bool:
    """A killed child fails its job; every other kill only costs an attempt."""
    killed = "was killed, most likely because" in job.error or "died 3 times" in job.error
    return job.status == "succeeded" or (job.status == "failed" and killed)


def test_random_kills_lose_nothing(own_site, point_at, tmp_path, settings):
    settings.DATA_DIR = own_site.folder / "data"
    print(f"CHAOS_SEED={SEED} jobs={JOBS} seconds={SECONDS}")
    chance = random.Random(SEED)
    kills: Counter[str] = Counter()
    with point_at(own_site) as owner:
        jobs, trainings = [], []
        end = time.monotonic() + SECONDS
        next_kill = time.monotonic() + 1
        while len(jobs) < JOBS or time.monotonic() < end:
            if len(jobs) < JOBS:
                steps = [["write", "out"], ["sleep", chance.uniform(0.0, 0.6)], ["progress", 0.5]]
                job = Drill(owner=owner, name=f"job {len(jobs)}", script=steps)
                submit(job)
                jobs.append(job)
                if len(jobs) % 100 == 0:
                    trainings.append(real_training(owner, tmp_path))
                    submit(trainings[-1])
            if time.monotonic() > next_kill:
                next_kill = time.monotonic() + chance.uniform(1.0, 4.0)
                kills[kill_one(own_site, chance)] += 1
            time.sleep(SECONDS / JOBS / 2)
        began = time.monotonic()
        wait_until(lambda: not unfinished(), 60 + JOBS)
        drained = time.monotonic() - began

        rows = {job.pk: job for job in Drill.objects.all()}
        assert rows.keys() == {job.pk for job in jobs}, "a job was lost"
        outcomes = Counter(job.status for job in rows.values())
        finishes = Counter(
            JobEvent.objects.filter(text="Finished.").values_list("job_id", flat=True)
        )
        assert all(count == 1 for count in finishes.values()), "a job was completed twice"
        for job in rows.values():
            assert is_explained(job), job.error
            assert (job.attempt == 1) or sum(kills.values()) > 0
        for job in trainings:
            job.refresh_from_db()
            assert is_explained(job), job.error
        folder = own_site.folder / "data" / "drill"
        done = [job for job in rows.values() if job.status == "succeeded"]
        assert all((folder / str(job.pk) / "result" / "out").exists() for job in done)
        repeats = sum(job.attempt - 1 for job in rows.values())
        print(f"kills {dict(kills)}; outcomes {dict(outcomes)}")
        real = Counter(job.status for job in trainings)
        print(f"repeats {repeats}; drained in {drained:.0f} s; trainings {dict(real)}")
