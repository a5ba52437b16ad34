"""Random kills under load: nothing is lost, stuck or completed twice.

`make chaos` runs the long form; the suite runs a short one. JOBS and SECONDS come from the
environment as CHAOS_JOBS and CHAOS_SECONDS, the seed of the kills as CHAOS_SEED. Most jobs are
drills; real trainings, and real downloads from a seeder on loopback, are spread among them.
"""

import contextlib
import hashlib
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from downloads.models.download import Download
from downloads.models.download_queryset import Entry
from jobsite.jobs.execution.supervisor import AGAIN, IMAGE_DIED, STOPPING
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.queue import submit
from jobsite.jobs.recovery.leases import LOST
from jobsite.jobs.status import FINISHED
from tests.drill.models import Drill
from tests.support.running_site import Site
from tests.support.torrent_peers import Seeded, seeder
from tests.support.waiting import PATIENCE, wait_until
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob

JOBS = int(os.environ.get("CHAOS_JOBS", "60"))
SECONDS = float(os.environ.get("CHAOS_SECONDS", "20"))
TRAININGS = max(1, JOBS // 100)
DOWNLOADS = max(3, JOBS // 50)
MIB = 2**20
SEED = int(os.environ.get("CHAOS_SEED", str(random.randrange(10**6))))

pytestmark = [pytest.mark.tree, pytest.mark.timeout(1200 + 6 * JOBS)]


def descendants(site: Site) -> dict[str, list[psutil.Process]]:
    """The processes of the tree by what they are."""
    kinds: dict[str, list[psutil.Process]] = {"up": [psutil.Process(site.process.pid)]}
    workers = set(Worker.objects.values_list("pid", flat=True))
    for name, part in site.parts().items():
        kinds.setdefault(
            name if name in {"web", "housekeeping"} or name.startswith("image-") else "main", []
        ).append(part)
        with contextlib.suppress(psutil.Error):
            for process in part.children(recursive=True):
                if name == "web":
                    kind = "web worker"
                elif process.name().endswith(" job"):
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


@dataclass
class Load:
    """The jobs of a soak, as they are submitted."""

    owner: Any
    folder: Path
    seeded: list[Seeded]
    chance: random.Random
    drills: list[Drill] = field(default_factory=list)
    trainings: list[TrainingJob] = field(default_factory=list)
    downloads: list[Download] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return len(self.drills) == JOBS

    def submit_next(self) -> None:
        """One more drill, and the real jobs that are due with it."""
        steps = [["write", "out"], ["sleep", self.chance.uniform(0.0, 0.6)], ["progress", 0.5]]
        drill = Drill(owner=self.owner, name=f"job {len(self.drills)}", script=steps)
        submit(drill)
        self.drills.append(drill)
        share = len(self.drills) / JOBS
        if len(self.trainings) < share * TRAININGS:
            self.trainings.append(self.training())
            submit(self.trainings[-1])
        if len(self.downloads) < share * DOWNLOADS:
            one = self.seeded[len(self.downloads)]
            [placed] = Download.objects.add(self.owner, [Entry(one.link)])
            self.downloads.append(placed.job)

    def training(self) -> TrainingJob:
        """A small table and what is to be learnt from it, not queued yet."""
        table = self.folder / "t.csv"
        if not table.exists():
            table.write_text("x,y\n" + "".join(f"{n % 7},{n % 2}\n" for n in range(60)))
        dataset = Dataset.objects.first() or Dataset.copy(table, self.owner, {})
        return TrainingJob.of(dataset, "y", ["linear"], time_limit=20, tune=False)

    @property
    def jobs(self) -> list[Job]:
        return [*self.drills, *self.trainings, *self.downloads]

    def refresh(self) -> None:
        """Read every row again. Raises where one is lost."""
        for job in self.jobs:
            job.refresh_from_db()

    def is_finished(self) -> bool:
        ended = [status.value for status in FINISHED]
        kinds = (Drill, TrainingJob, Download)
        return not any(kind.objects.exclude(status__in=ended).exists() for kind in kinds)


@pytest.fixture
def seeded(tmp_path):
    """Torrents of 4 MiB, served slowly enough for kills to meet them."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    for number in range(DOWNLOADS):
        (folder / f"{number}.bin").write_bytes(os.urandom(4 * MIB))
    slowly = str(max(2 * DOWNLOADS * 4096 // int(SECONDS), 500))
    with seeder(folder, "--each", "--max-up-kb", slowly) as found:
        yield found


def is_explained(job: Job) -> bool:
    """A job fails if its child is killed twice or its worker three times; all else is a loss."""
    killed = "ended from outside (SIGKILL)" in job.error or "died 3 times" in job.error
    return job.status == "succeeded" or (job.status == "failed" and killed)


def soak(site: Site, load: Load) -> Counter[str]:
    """Submit the load and kill beside it, then wait until all has ended; the kills by kind."""
    kills: Counter[str] = Counter()
    end = time.monotonic() + SECONDS
    next_kill = time.monotonic() + 1
    while not load.is_whole or time.monotonic() < end:
        if not load.is_whole:
            load.submit_next()
        if time.monotonic() > next_kill:
            next_kill = time.monotonic() + load.chance.uniform(1.0, 4.0)
            kills[kill_one(site, load.chance)] += 1
        time.sleep(SECONDS / JOBS / 2)
    return kills


def assert_each_ended_once(load: Load) -> None:
    """Every job is there, ended once, and its end is that of its work or of a kill."""
    ends = JobEvent.objects.filter(text__startswith="Finished")
    finishes = Counter(ends.values_list("job_id", flat=True))
    for job in load.jobs:
        assert is_explained(job), job.error
        assert finishes[job.pk] == (job.status == "succeeded"), [e.text for e in job.events]


def assert_repeats_are_explained(load: Load) -> int:
    """Each attempt but the first follows a death (child, worker or `up`); how many there were."""
    again = AGAIN.format(signal="SIGKILL")
    deaths = JobEvent.objects.filter(text__in=[LOST, STOPPING, IMAGE_DIED, again])
    lost = Counter(deaths.values_list("job_id", flat=True))
    for job in load.drills:
        assert job.attempt - 1 == lost[job.pk], [event.text for event in job.events]
    return sum(lost[job.pk] for job in load.drills)


def assert_results_are_whole(site: Site, load: Load) -> None:
    """What a finished job promises lies where it should."""
    for job in load.drills:
        out = site.folder / "data" / "drill" / str(job.pk) / "result" / "out"
        if job.status == "succeeded":
            wait_until(out.exists)  # put in place right after the row
    for job in load.downloads:
        assert job.status == "succeeded", "a torrent outlives every kill"
        fetched = (site.folder / "library" / job.place).read_bytes()
        served = (load.folder / "seeds" / job.name).read_bytes()
        assert hashlib.sha256(fetched).digest() == hashlib.sha256(served).digest()


def test_random_kills_lose_nothing(own_site, point_at, tmp_path, settings, seeded):
    settings.DATA_DIR = own_site.folder / "data"
    print(f"CHAOS_SEED={SEED} jobs={JOBS} seconds={SECONDS}")
    with point_at(own_site) as owner:
        load = Load(owner, tmp_path, seeded, random.Random(SEED))
        kills = soak(own_site, load)
        began = time.monotonic()
        wait_until(load.is_finished, PATIENCE + 4 * JOBS)
        drained = time.monotonic() - began
        load.refresh()
        assert_each_ended_once(load)
        assert_results_are_whole(own_site, load)
        repeats = assert_repeats_are_explained(load)
        assert repeats <= 4 * sum(kills.values()), "a kill costs both workers, a wedge as many"
        print(f"kills {dict(kills)}; repeats {repeats}; drained in {drained:.0f} s")
        for jobs in (load.drills, load.trainings, load.downloads):
            print(f"{jobs[0].kind}: {dict(Counter(job.status for job in jobs))}")
