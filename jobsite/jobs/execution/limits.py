"""What a job's process is given and what it is kept from: its environment, its limits."""

import os
import resource
import secrets
from collections.abc import Mapping

from django.conf import settings

from jobsite.jobs.processes import lower_limit

MEBI = 2**20

# A job needs the database, and how the site is configured (VARIABLES of the settings). It needs no
# key of the site, and nothing of what else the operator's shell or container happens to hold.
KEPT = {
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV",
    "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "DJANGO_SETTINGS_MODULE", "DATABASE_URL",
    "DATABASE_URL_FILE", "Q_CLUSTER_NAME",
}  # fmt: skip
KEPT_PREFIXES = ("LC_", "PYTHON", "OMP_", "OPENBLAS_", "PG")
KEYS = ("_KEY", "_KEY_FILE", "_EMAIL_URL", "_EMAIL_URL_FILE")
# Read by Django's set-up, and of no use to the job's own code and what that starts.
FORGOTTEN = ("DATABASE_URL", "DATABASE_URL_FILE", "PGPASSWORD", "JOBSITE_SECRET_KEY")


def environment(full: Mapping[str, str]) -> dict[str, str]:
    """What a child process gets of the worker's environment."""
    kept = {
        name: value
        for name, value in full.items()
        if (name in KEPT | settings.VARIABLES or name.startswith(KEPT_PREFIXES))
        and not name.endswith(KEYS)
    }
    # Django wants a key; this one is good for nothing.
    return kept | {"JOBSITE_SECRET_KEY": secrets.token_urlsafe(50)}


def forget_secrets() -> None:
    """Take the address of the database, password and all, out of what this process hands on."""
    for name in FORGOTTEN:
        os.environ.pop(name, None)


def confine(file_mb: int | None, processes: int | None) -> None:
    """Set the kernel's limits for this process and all that it starts.

    Time and memory of the whole process tree are watched by the supervisor. The kernel counts
    processes by user, so that this number is a brake for all jobs together.
    """
    lower_limit(resource.RLIMIT_CORE, 0)
    if file_mb is not None:
        lower_limit(resource.RLIMIT_FSIZE, file_mb * MEBI)
    if processes is not None:
        lower_limit(resource.RLIMIT_NPROC, processes)
