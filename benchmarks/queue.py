"""`make bench-queue`: the time of a claim beside a million finished and ten thousand queued jobs.

On a PostgreSQL server of its own; several workers claim at once, and each ends its job before it
claims the next. Prints the percentiles of a claim, and what the server's own clock says of it.
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import django

from tests.support.postgresql import Server, programs


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--finished", type=int, default=1_000_000)
    words.add_argument("--queued", type=int, default=10_000)
    words.add_argument("--owners", type=int, default=200)
    words.add_argument("--workers", type=int, nargs="+", default=[1, 8, 32])
    words.add_argument("--claims", type=int, default=400)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="jobsite-bench-") as folder:
        server = Server(folder, str(programs()))
        server.make()
        server.start()
        os.environ |= {
            "DATABASE_URL": f"postgres://postgres@127.0.0.1:{server.port}/postgres",
            "JOBSITE_DATA_DIR": f"{folder}/site",
            "DJANGO_SETTINGS_MODULE": "tests.support.settings",
        }
        try:
            django.setup()
            measure(asked)
        finally:
            server.stop()


def measure(asked: argparse.Namespace) -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    fill(asked)
    for workers in asked.workers:
        print(f"{workers:>4} workers: {claims(workers, asked.claims)}", flush=True)
        print(f"             the server: {statements()}", flush=True)


def fill(asked: argparse.Namespace) -> None:
    """Write the rows: a thousand by the models, which are then multiplied."""
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.utils import timezone

    from tests.drill.models import Drill

    users = get_user_model().objects
    owners = users.bulk_create(users.model(username=f"u{n}") for n in range(asked.owners))
    now = timezone.now()
    for status, number in (("succeeded", asked.finished), ("queued", asked.queued)):
        seed = min(number, 1000)
        Drill.objects.bulk_create(
            Drill(
                owner=owners[n % len(owners)],
                name=f"job {n}",
                status=status,
                finished_at=now if status == "succeeded" else None,
                result={"n": n},
            )
            for n in range(seed)
        )
        names = [field.column for field in Drill._meta.concrete_fields]
        values = ["gen_random_uuid()" if name == "id" else f'"{name}"' for name in names]
        columns = ", ".join(f'"{name}"' for name in names)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO drill_drill ({columns}) SELECT {', '.join(values)} FROM drill_drill, "
                "generate_series(1, %s) WHERE status = %s",
                [number // seed - 1, status],
            )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE drill_drill SET queued_at = queued_at - random() * interval '9 days'"
        )
        cursor.execute("VACUUM ANALYZE")
    print(
        {status: Drill.objects.filter(status=status).count() for status in ("succeeded", "queued")}
    )


def statements() -> str:
    """Return what one claim costs the server, by its own clock, without and with rows to skip."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from jobsite.jobs.models.worker import Worker
    from tests.drill.models import Drill

    worker = Worker.of_this_process("drill")
    with CaptureQueriesContext(connection) as asked:
        job = Drill.objects.claim(worker)
    spent = []
    with connection.cursor() as cursor:
        for query in asked.captured_queries:
            if query["sql"].startswith("SELECT"):
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query['sql']}")
                plan = cursor.fetchone()[0][0]
                spent.append(plan["Planning Time"] + plan["Execution Time"])
    Drill.objects.filter(pk=job.pk).update(status="queued", worker=None, lease_expires_at=None)
    parts = ", ".join(f"{one:.2f}" for one in spent)
    return f"{sum(spent):.1f} ms for the SELECTs of a claim ({parts}), of {len(asked)} statements"


def claims(workers: int, number: int) -> str:
    """Claim with so many threads at once, each with its own connection."""
    from django.db import connection

    from jobsite.jobs.models.worker import Worker
    from jobsite.jobs.status import Status
    from tests.drill.models import Drill

    seconds: list[float] = []
    lock = threading.Lock()

    def work(count: int) -> None:
        worker, job = Worker.of_this_process("drill"), None
        for _ in range(count):
            if job is not None:
                Drill.objects.fenced(job.pk, job.attempt).transition(Status.SUCCEEDED)
            began = time.perf_counter()
            job = Drill.objects.claim(worker)
            taken = time.perf_counter() - began
            assert job is not None
            with lock:
                seconds.append(taken)
        connection.close()

    began = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, [number // workers] * workers))
    whole = time.perf_counter() - began
    cuts = statistics.quantiles([one * 1000 for one in seconds], n=100)
    Drill.objects.filter(status="running").update(
        status="queued", worker=None, lease_expires_at=None
    )
    return (
        f"p50 {cuts[49]:.1f} ms, p95 {cuts[94]:.1f} ms, p99 {cuts[98]:.1f} ms, "
        f"{len(seconds) / whole:.0f} claims a second"
    )


if __name__ == "__main__":
    main()
