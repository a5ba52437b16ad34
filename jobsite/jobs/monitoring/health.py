"""Two addresses for whoever watches the site: is the process up, and can it do its work."""

import shutil

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from jobsite.jobs.models.kinds import clusters
from jobsite.jobs.models.worker import Worker

LEAST_FREE = 100 * 2**20


@login_not_required
def live(request: HttpRequest) -> JsonResponse:
    """The web process answers; no database is asked."""
    return JsonResponse({"status": "ok"})


@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """Database, migrations, workers and disk; 503 where one of them is not as it should be."""
    problems = {name: text for name, text in checks().items() if text}
    status = 503 if problems else 200
    return JsonResponse(
        {"status": "unavailable" if problems else "ok", "problems": problems}, status=status
    )


def checks() -> dict[str, str]:
    """A sentence for each thing that is wrong, an empty text for what is well."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        alive = set(Worker.objects.alive().values_list("cluster", flat=True))
    except DatabaseError:
        return {"database": "The database does not answer."}
    missing = sorted(clusters().keys() - alive)
    free = shutil.disk_usage(settings.DATA_DIR).free
    return {
        "migrations": f"{len(pending)} migrations are not applied." if pending else "",
        "workers": f"No worker is alive in: {', '.join(missing)}." if missing else "",
        "disk": "Less than 100 MB are free in the data folder." if free < LEAST_FREE else "",
    }
