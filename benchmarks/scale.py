"""`make bench-scale`: pages of somebody with 10,000 trainings and 100,000 downloads.

Each page is asked for in this process, through all of Django: the queries of one request, and the
milliseconds of the processor of many, which a busy machine does not lengthen.
"""

import argparse
import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command
from django.db import connection

REPEATS = 20
PAGES = (
    ("dashboard", "/", False),
    ("dashboard, fragment", "/", True),
    ("trainings", "/training/", False),
    ("trainings, fragment", "/training/", True),
    ("trainings, page 200", "/training/?page=200", False),
    ("trainings, succeeded", "/training/?status=succeeded", False),
    ("trainings, search", "/training/?q=wine+77", False),
    ("new training", "/training/new/", False),
    ("downloads", "/downloads/", False),
    ("downloads, fragment", "/downloads/", True),
    ("downloads, page 2000", "/downloads/?page=2000", False),
    ("downloads, failed", "/downloads/?status=failed", False),
    ("downloads, search", "/downloads/?q=film+77", False),
    ("admin: trainings", "/admin/training/trainingjob/", False),
    ("admin: downloads", "/admin/downloads/download/", False),
    ("API: trainings", "/api/v1/training/", False),
    ("API: downloads", "/api/v1/downloads/", False),
)


def fill(owner: Any, options: argparse.Namespace) -> None:
    """Write the rows, most of them finished."""
    from django.utils import timezone

    from downloads.models.download import Download
    from jobsite.jobs.models.job_event import JobEvent
    from training.models.dataset import Dataset
    from training.models.training_job import TrainingJob

    table = Path(options.folder) / "wine.csv"
    table.write_text("x,y\n" + "".join(f"{n},{n % 2}\n" for n in range(30)))
    dataset = Dataset.copy(table, owner, {})
    now = timezone.now()
    ends = ["succeeded"] * 8 + ["failed", "cancelled"]
    result = {"warnings": [], "padding": "x" * 1000 * options.result_kb}

    def times(number: int) -> dict[str, Any]:
        begun = now - timedelta(minutes=number)
        return {
            "created_at": begun,
            "started_at": begun,
            "finished_at": begun + timedelta(seconds=50),
        }

    for start in range(0, options.trainings, 500):
        rows = [
            TrainingJob(
                owner=owner,
                name=f"wine {n}",
                dataset=dataset,
                target="y",
                status=ends[n % 10],
                result=result,
                live={"verdict": "Linear model is best."},
                **times(n),
            )
            for n in range(start, min(start + 500, options.trainings))
        ]
        TrainingJob.objects.bulk_create(rows)
        JobEvent.objects.bulk_create(
            JobEvent(kind="training", job_id=row.pk, attempt=1, level="info", text="a line")
            for row in rows
            for _ in range(8)
        )
    for start in range(0, options.downloads, 2000):
        Download.objects.bulk_create(
            Download(
                owner=owner,
                name=f"film {n}",
                info_hash=f"{n:040x}",
                link=f"magnet:?xt=urn:btih:{n:040x}",
                size=10**9,
                done=10**9,
                progress=1.0,
                status=ends[n % 10],
                **times(n),
            )
            for n in range(start, min(start + 2000, options.downloads))
        )


def measure(client: Any, path: str, is_fragment: bool) -> tuple[int, list[float]]:
    """Return the queries of one request, and the milliseconds of many, sorted."""
    headers = {"HX-Request": "true"} if is_fragment else {}
    queries: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        queries.append(sql)
        began = time.perf_counter()
        try:
            return execute(sql, *rest)
        finally:
            if os.environ.get("SHOW"):
                print(f"    {1000 * (time.perf_counter() - began):.0f} ms  {sql}")

    with connection.execute_wrapper(note):
        answer = client.get(path, headers=headers)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    spent = []
    for _ in range(REPEATS):
        began = time.process_time()
        client.get(path, headers=headers)
        spent.append((time.process_time() - began) * 1000)
    return len(queries), sorted(spent)


def main() -> None:
    """Fill a site of its own and print one line for each page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trainings", type=int, default=10_000)
    parser.add_argument("--downloads", type=int, default=100_000)
    parser.add_argument("--result-kb", type=int, default=44)
    parser.add_argument("--folder", help="kept and used again (default: a new one, removed)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        options.folder = options.folder or scratch
        run(options)


def run(options: argparse.Namespace) -> None:
    """Measure on the database in a folder, which is filled if it is new."""
    os.environ["JOBSITE_DATA_DIR"] = str(Path(options.folder) / "data")
    os.environ["DOWNLOAD_DIR"] = str(Path(options.folder) / "library")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jobsite.settings")
    django.setup()
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client

    from jobsite.jobs.models.api_token import ApiToken

    call_command("migrate", verbosity=0)
    people = get_user_model().objects
    owner = people.filter(username="ann").first()
    if owner is None:
        owner = people.create_superuser("ann", password="ann-secret-1")
        fill(owner, options)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(owner, backend=settings.AUTHENTICATION_BACKENDS[-1])
    token = ApiToken.make(owner, "bench", None, True)
    caller = Client(headers={"host": "127.0.0.1", "authorization": f"Bearer {token}"})
    for name, path, is_fragment in PAGES:
        asks = caller if path.startswith("/api/") else client
        queries, spent = measure(asks, path, is_fragment)
        p50, p95 = spent[len(spent) // 2], spent[int(len(spent) * 0.95) - 1]
        print(f"{name:<24} {queries:3} queries   p50 {p50:6.0f} ms   p95 {p95:6.0f} ms", flush=True)


if __name__ == "__main__":
    main()
