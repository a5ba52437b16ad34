"""What a person may try with one press: the download that DOWNLOAD_SAMPLE names."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from downloads.adding import read_links, submit
from downloads.models.download import Download
from jobsite.jobs.models.kind import Sample

KEY = "torrent"


def offered() -> Sequence[Sample]:
    """Return the test torrent; nothing if the setting is empty or holds no usable link."""
    return [
        Sample(KEY, f"A test torrent: {one.entry.link.name}", settings.DOWNLOAD_SAMPLE_ABOUT)
        for one in read_links(settings.DOWNLOAD_SAMPLE)[:1]
        if one.entry is not None
    ]


def start(key: str, owner: Any) -> Download:
    """Download it, or return the download that is here already. Raises OverAllowance.

    Raises KeyError if nothing is offered.
    """
    asked = [one for one in read_links(settings.DOWNLOAD_SAMPLE)[:1] if one.entry is not None]
    if key != KEY or not asked:
        raise KeyError(key)
    answer = submit(owner, asked)
    return answer.added[0] if answer.added else answer.duplicates[0].job
