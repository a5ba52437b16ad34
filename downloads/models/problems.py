"""What keeps all downloads from going on: the network interface, the library."""

import shutil
from pathlib import Path

from django.conf import settings

from downloads.ipc.torrent_details import LINE, LINE_LASTS, DetailsMailbox
from jobsite.jobs.formats import byte_size


def problems() -> dict[str, str]:
    """Return a sentence for each of them that has a problem."""
    found = {}
    line = DetailsMailbox(Path(settings.DATA_DIR) / "swarm" / "watched").details(LINE, LINE_LASTS)
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
