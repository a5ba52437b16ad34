"""The problems of the site that concern everybody: the dashboard and `/health/ready` show them."""

import shutil

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from jobsite.jobs.models.kinds import clusters
from jobsite.jobs.models.worker import Worker

LEAST_FREE = 100 * 2**20


def problems() -> dict[str, str]:
    """Return a sentence for each part that has a problem: database, migrations, workers, disk."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        alive = set(Worker.objects.alive().values_list("cluster", flat=True))
    except DatabaseError:
        return {"database": "The database does not answer."}
    found = {}
    if pending:
        found["migrations"] = f"{len(pending)} migrations are not applied."
    if missing := sorted(clusters().keys() - alive):
        found["workers"] = (
            f"No worker is alive in: {', '.join(missing)}. Such jobs wait until one is; "
            "look at the log of “manage.py up”."
        )
    if shutil.disk_usage(settings.DATA_DIR).free < LEAST_FREE:
        found["disk"] = "Less than 100 MB are free in the data folder."
    return found
