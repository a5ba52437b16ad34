"""The problems of the site that concern everybody: the dashboard and `/health/ready` show them."""

from collections.abc import Iterable

from django.conf import settings
from django.db import DatabaseError
from django.utils.text import get_text_list

from jobsite.jobs import pid_files
from jobsite.jobs.models.host import Host, roles
from jobsite.jobs.models.kinds import clusters, job_models
from jobsite.jobs.models.migration_state import migration_state
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.storage import disk_space

LEAST_FREE = 100 * 2**20
WATCHED = ("up", "housekeeping")


def silent_sentence(name: str) -> str:
    """Return the sentence for a part that has not been heard of."""
    return (
        f"The part “{name}” of “{settings.COMMAND} up” has been silent for more than "
        f"{pid_files.SILENT_AFTER:.0f} s; it is restarted, or look at the log."
    )


def problems(
    workers: Iterable[Worker] | None = None, known_hosts: Iterable[Host] | None = None
) -> dict[str, str]:
    """Return a sentence for each part that has a problem: database, migrations, workers, disk.

    Workers and hosts that the caller has read already are not read again.
    """
    try:
        state = migration_state()
        seen = Worker.objects.all() if workers is None else workers
        alive = {worker.cluster for worker in seen if worker.is_alive}
        every_host = Host.objects.all() if known_hosts is None else known_hosts
        hosts = [host for host in every_host if host.is_alive]
    except DatabaseError:
        return {"database": "The database does not answer."}
    found = {}
    if state.pending:
        found["migrations"] = f"{len(state.pending)} migrations are not applied."
    if state.unknown:
        found["newer"] = (
            f"The database was made by a newer version of jobsite ({state.unknown[0]}). "
            "Update this one, or restore a backup."
        )
    found |= {name: silent_sentence(name) for name in WATCHED if pid_files.is_silent(name)}
    if hosts and (vacant := sorted(set(roles()) - {role for host in hosts for role in host.roles})):
        found["roles"] = (
            f"No host of the site has the role {get_text_list(vacant, 'or')}. Start one that has: "
            f"{settings.COMMAND} up --only {','.join(vacant)}"
        )
        alive |= set(vacant)
    if missing := sorted(clusters().keys() - alive):
        found["workers"] = (
            f"No worker is alive in: {', '.join(missing)}. Such jobs wait until one is; "
            f"look at the log of “{settings.COMMAND} up”."
        )
    if disk_space.free() < LEAST_FREE:
        found["disk"] = "Less than 100 MB are free in the data folder."
    for model in job_models():
        found |= model.problems()
    return found
