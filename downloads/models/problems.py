"""What keeps all downloads from going on: the network interface, the library."""

import shutil

from django.conf import settings

from downloads.models.mailboxes import site_line
from jobsite.jobs.formats import byte_size


def problems() -> dict[str, str]:
    """Return a sentence for each of them that has a problem."""
    found = {}
    line = site_line()
    if line and line.get("problem"):
        found["interface"] = str(line["problem"])
    try:
        free = shutil.disk_usage(settings.DOWNLOAD_DIR).free
    except OSError as error:
        found["library"] = f"The library, DOWNLOAD_DIR, is missing: {error.strerror}."
        return found
    if free < settings.DOWNLOAD_FREE_MB * 2**20:
        found["library"] = (
            f"The library has {byte_size(free)} of free space left; {settings.DOWNLOAD_FREE_MB} MB "
            "are kept free, so downloads wait."
        )
    return found
