"""The identity that a data folder and a database share, so that two sites never mix theirs.

Two sites on one database take each other's jobs, whose files they do not have.
"""

import uuid
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, models

from jobsite.jobs.storage.files import write_atomically


class SiteIdentity(models.Model):
    """The one row that names the site which a database belongs to."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        app_label = "jobs"
        verbose_name_plural = "site identities"

    def __str__(self) -> str:
        return str(self.pk)


def identity_file() -> Path:
    """Return the file that names the site which the data folder belongs to."""
    return Path(settings.DATA_DIR) / "site_id"


def of_folder() -> str:
    """Return the identity of the data folder; empty if it has none yet."""
    try:
        return identity_file().read_text().strip()
    except OSError:
        return ""


def of_database() -> str:
    """Return the identity of the database; empty if it has none yet, or no tables."""
    try:
        row = SiteIdentity.objects.first()
    except DatabaseError:  # before the first start, or made by an older version
        return ""
    return str(row.pk) if row else ""


def conflict() -> str:
    """Return a sentence if data folder and database belong to different sites; empty if not."""
    database = of_database()
    if not database or database == of_folder():
        return ""
    return (
        f"The database belongs to a site with another data folder than {settings.DATA_DIR}. Two "
        "sites on one database would destroy each other's jobs. Set JOBSITE_DATA_DIR to that "
        "folder, or DATABASE_URL to a database of this site's own. If the other site is gone for "
        f"good, start once with: {settings.COMMAND} up --adopt"
    )


def is_agreed() -> bool:
    """Return whether data folder and database have the same identity, which stays so."""
    return of_folder() == of_database() != ""


def claim() -> None:
    """Give data folder and database one identity: the database's, the folder's, or a new one."""
    found = of_database() or of_folder() or str(uuid.uuid4())
    SiteIdentity.objects.get_or_create(pk=found)
    if of_folder() != found:
        write_atomically(identity_file(), f"{found}\n".encode(), durable=True)
