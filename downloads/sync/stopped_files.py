"""The lists of files of torrents that were uploaded and do not run: read without a session."""

import logging
from typing import Any

from downloads.models.download import Download
from downloads.session import metadata
from downloads.sync.row_updates import describe
from downloads.uploaded_torrents import torrent_file

log = logging.getLogger(__name__)

AT_ONCE = 20


class StoppedFiles:
    """Lists the files of stopped torrents, so that they can be chosen before they start."""

    def __init__(self) -> None:
        self._given_up: set[Any] = set()

    def step(self) -> None:
        """List the files of some more rows. One that cannot be read fails when it is started."""
        rows = Download.objects.stopped_and_unlisted().exclude(pk__in=self._given_up)
        for row in rows[:AT_ONCE]:
            try:
                info = metadata.params_of_file(torrent_file(row.info_hash)).ti
                assert info is not None
                describe(row, metadata.describe(info))
            except metadata.BadMetadata as error:
                log.info("The list of files of %s cannot be read: %s", row.info_hash, error)
                self._given_up.add(row.pk)
