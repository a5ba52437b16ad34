"""The environment and the kernel limits of a job's process."""

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
KEPT_PREFIXES = ("LC_", "PYTHON", "OMP_", "OPENBLAS_", "PG", "RAY_")
KEYS = ("_KEY", "_KEY_FILE", "_EMAIL_URL", "_EMAIL_URL_FILE")
# Read by Django's set-up, and of no use to the job's own code and what that starts.
FORGOTTEN = ("DATABASE_URL", "DATABASE_URL_FILE", "PGPASSWORD", "JOBSITE_SECRET_KEY")

# A library that starts threads as it is imported could not be in a process that is forked.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
LAST_WORDS = 5  # seconds between the signal that a limit was passed and the end


def environment(full: Mapping[str, str]) -> dict[str, str]:
    """Return the part of the worker's environment that a child process gets."""
    kept = {
        name: value
        for name, value in full.items()
        if (name in KEPT | settings.VARIABLES or name.startswith(KEPT_PREFIXES))
        and not name.endswith(KEYS)
    }
    # Django wants a key; this one is good for nothing.
    return kept | ONE_THREAD | {"JOBSITE_SECRET_KEY": secrets.token_urlsafe(50)}


def forget_secrets() -> None:
    """Remove what holds a password, such as the database URL, from the environment of children."""
    for name in (*FORGOTTEN, *settings.SECRET_VARIABLES):
        os.environ.pop(name, None)


def confine_cpu(seconds: int | None) -> None:
    """Limit the processor time of this process, and that of each that it starts; None: do not.

    The limit stands in the kernel, in case the supervisor dies before the child.
    """
    if seconds is not None:
        lower_limit(resource.RLIMIT_CPU, seconds, LAST_WORDS)


def confine(file_mb: int | None, processes: int | None) -> None:
    """Set the kernel limits of this process and of every process that it starts.

    The supervisor watches time and memory of the whole process tree. The kernel counts processes
    per user, so that `processes` is a brake for all jobs together.
    """
    lower_limit(resource.RLIMIT_CORE, 0)
    if file_mb is not None:
        lower_limit(resource.RLIMIT_FSIZE, file_mb * MEBI)
    if processes is not None:
        lower_limit(resource.RLIMIT_NPROC, processes)
