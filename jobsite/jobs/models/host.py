"""The hosts of a site: what each of them does, and when it was last heard of.

One host is the usual site. Several share the database (PostgreSQL) and the data folder.
"""

import contextlib
import hashlib
import secrets
import time
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Self

from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django.utils import timezone

from jobsite.jobs import processes
from jobsite.jobs.code_version import code_version
from jobsite.jobs.models.kinds import clusters, job_models
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.storage.files import write_atomically

SILENT_AFTER = timedelta(seconds=30)
BEAT_EVERY = 5.0  # seconds
MOST_OFFSET = 5.0  # seconds: leases last 30 s, by the clock of whoever writes them
WEB, HOUSEKEEPING = "web", "housekeeping"


def roles() -> list[str]:
    """Return what a host may do: answer requests, run the jobs of a cluster, or housekeeping."""
    return [WEB, *clusters(), HOUSEKEEPING]


def own_roles() -> list[str]:
    """Return what this host does (JOBSITE_ROLES), by default everything."""
    return list(settings.ROLES) or roles()


def own_clusters() -> dict[str, int]:
    """Return the number of workers of each cluster that runs on this host."""
    own = own_roles()
    return {name: workers for name, workers in clusters().items() if name in own}


class HostQuerySet(models.QuerySet):
    """The rows of hosts, alive or gone."""

    def alive(self) -> Self:
        """Return the hosts that were heard of in the last 30 seconds (`SILENT_AFTER`)."""
        return self.filter(last_seen__gt=timezone.now() - SILENT_AFTER)

    def others(self) -> Self:
        """Return all hosts but this one."""
        return self.exclude(name=settings.HOST)


class Host(models.Model):
    """A machine, or a container, on which `manage.py up` runs."""

    name = models.CharField(max_length=63, primary_key=True)
    roles = models.JSONField(default=list)
    process_space = models.CharField(max_length=64, default="", editable=False)
    version = models.CharField(max_length=64, default="", editable=False)
    key_digest = models.CharField(max_length=64, default="", editable=False)
    token = models.CharField(max_length=64, default="", editable=False)
    """What it has written into the data folder, for others to find there."""
    clock_offset = models.FloatField(default=0, editable=False)
    """Seconds by which its clock is ahead of the database's."""
    leads = models.BooleanField(default=False, editable=False)
    """Whether it does the housekeeping that concerns all hosts."""
    started_at = models.DateTimeField(default=timezone.now)
    last_seen = models.DateTimeField(default=timezone.now)

    objects = HostQuerySet.as_manager()

    class Meta:
        app_label = "jobs"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def here(cls) -> "Host":
        """Return this host as it would enter the site, not saved."""
        return cls(
            name=settings.HOST,
            roles=own_roles(),
            process_space=processes.process_space(),
            version=version(),
            key_digest=key_digest(),
            token=secrets.token_urlsafe(16),
            clock_offset=clock_offset(),
        )

    @classmethod
    def join(cls) -> None:
        """Write the row of this host, and its token into the data folder. Raises OSError."""
        host = cls.here()
        host.token_file.parent.mkdir(mode=0o700, exist_ok=True)
        write_atomically(host.token_file, host.token.encode(), durable=True)
        host.save()
        if not settings.MANY_HOSTS:  # a container that was made anew may have another name
            cls.objects.others().delete()

    @classmethod
    def beat(cls, leads: bool) -> None:
        """Record that this host is alive; a row that was removed meanwhile is written anew."""
        now = {"last_seen": timezone.now(), "clock_offset": clock_offset(), "leads": leads}
        if not cls.objects.filter(name=settings.HOST).update(**now):
            cls.join()

    @classmethod
    def leave(cls) -> None:
        """Remove the row of this host and its token, because the site stops here."""
        cls(name=settings.HOST).token_file.unlink(missing_ok=True)
        cls.objects.filter(name=settings.HOST).delete()

    @property
    def token_file(self) -> Path:
        """The file in the data folder by which others know that they share it."""
        return Path(settings.DATA_DIR) / "hosts" / self.name

    @property
    def is_seen_in_folder(self) -> bool:
        """Whether the data folder, as it is seen from here, holds what that host has written."""
        with contextlib.suppress(OSError):
            return self.token_file.read_text() == self.token
        return False

    @property
    def is_alive(self) -> bool:
        """Whether it was heard of lately (`SILENT_AFTER`)."""
        return timezone.now() - self.last_seen < SILENT_AFTER

    @cached_property
    def idle_clusters(self) -> list[str]:
        """The clusters that should run on it and have no worker that is alive."""
        alive = Worker.objects.alive().filter(host=self.name)
        return sorted(
            {*self.roles} & clusters().keys() - {*alive.values_list("cluster", flat=True)}
        )


def version() -> str:
    """Return the version of the code that this process runs."""
    site = Path(apps.get_app_config("jobs").path).parent
    kinds = {Path(model._meta.app_config.path) for model in job_models()}
    return f"{settings.VERSION} {code_version(tuple(sorted({site, *kinds})))}"


def key_digest() -> str:
    """Return a digest of the secret key, from which the key cannot be computed."""
    slow = hashlib.pbkdf2_hmac("sha256", settings.SECRET_KEY.encode(), b"jobsite host", 100_000)
    return slow.hex()


def clock_offset() -> float:
    """Return the seconds by which this clock is ahead of the database's; 0 where it is the same."""
    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        asked = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        said = float(cursor.fetchone()[0])
        return (asked + time.time()) / 2 - said
