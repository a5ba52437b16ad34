"""`python -m tests.chaos.plain`: plain django-q2 under kills like those of the soak, to compare.

The same short jobs go through `async_task` with the queue as it comes (its own retries, no lease,
no fence). Each run notes its begin and its end in a file. The cluster is started again when its
main process dies, as systemd would. Printed: jobs that never ended, and jobs that ended twice.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import django
import psutil
from django.conf import settings
from django.core.management import call_command

JOBS = int(os.environ.get("CHAOS_JOBS", "60"))
SECONDS = float(os.environ.get("CHAOS_SECONDS", "20"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.randrange(10**6))))
PATIENCE = 90.0  # seconds without an end, after which what is left is lost; `retry` is 45
FOLDER = "PLAIN_FOLDER"


def configure(folder: Path) -> None:
    """Django with django-q2 on a SQLite file, and nothing of this project."""
    options = {"timeout": 20, "init_command": "PRAGMA journal_mode=WAL;"}
    settings.configure(
        SECRET_KEY="plain",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django_q"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(folder / "plain.sqlite3"),
                "OPTIONS": options,
            }
        },
        Q_CLUSTER={"workers": 2, "orm": "default", "timeout": 30, "retry": 45, "poll": 0.2},
    )
    django.setup()


def work(number: int, seconds: float) -> None:
    """The job: note the begin, sleep, note the end."""
    note(f"begin {number}")
    time.sleep(seconds)
    note(f"end {number}")


def note(line: str) -> None:
    """One line of the file, whole even where several write."""
    descriptor = os.open(Path(os.environ[FOLDER]) / "notes", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


def ends(folder: Path) -> Counter[int]:
    """How often each job has ended."""
    lines = (folder / "notes").read_text().splitlines() if (folder / "notes").exists() else []
    return Counter(int(line.split()[1]) for line in lines if line.startswith("end "))


def start(folder: Path) -> subprocess.Popen:
    """The cluster, in a process group of its own."""
    words = [sys.executable, "-m", "tests.chaos.plain", "cluster"]
    with (folder / "log").open("a") as log:
        return subprocess.Popen(
            words,
            env={**os.environ, FOLDER: str(folder)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def kill_one(cluster: subprocess.Popen, chance: random.Random) -> None:
    """SIGKILL for one of its processes: main, sentinel, pusher, monitor or a worker."""
    with contextlib.suppress(psutil.Error):
        main = psutil.Process(cluster.pid)
        chance.choice([main, *main.children(recursive=True)]).kill()


def main() -> None:
    """Submit and kill, wait for the rest, count."""
    folder = Path(tempfile.mkdtemp(prefix="plain-django-q2-"))
    configure(folder)
    from django_q.tasks import async_task

    call_command("migrate", verbosity=0)
    chance = random.Random(SEED)
    cluster, kills, submitted = start(folder), 0, 0
    groups = [cluster.pid]
    end = time.monotonic() + SECONDS
    next_kill, moved, before = time.monotonic() + 3, time.monotonic(), 0
    while True:
        now = time.monotonic()
        if submitted < JOBS:
            async_task("tests.chaos.plain.work", submitted, chance.uniform(0.0, 0.6))
            submitted += 1
        if now < end and now > next_kill:
            next_kill = now + chance.uniform(1.0, 4.0)
            kill_one(cluster, chance)
            kills += 1
        if cluster.poll() is not None:
            cluster = start(folder)
            groups.append(cluster.pid)
        done = len(ends(folder))
        if done != before:
            before, moved = done, now
        if done == JOBS or (now > end and submitted == JOBS and now - moved > PATIENCE):
            break
        time.sleep(SECONDS / JOBS / 2)
    counted = ends(folder)
    twice = sum(count > 1 for count in counted.values())
    print(f"CHAOS_SEED={SEED}: plain django-q2, {JOBS} jobs, {kills} kills")
    print(f"never ended {JOBS - len(counted)}; ended more than once {twice}")
    for group in groups:  # what a dead main process leaves behind goes on for ever
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    if sys.argv[1:] == ["cluster"]:
        configure(Path(os.environ[FOLDER]))
        call_command("qcluster")
    else:
        main()
