"""What a download says of itself: its state in a word, the reason, its place on disk."""

from pathlib import Path, PurePosixPath

from django.conf import settings
from django.utils import timezone

from downloads.library.record import Layout
from downloads.library.selection import Choice, clean_patterns
from downloads.metainfo.info_hashes import BadLink
from downloads.metainfo.magnet import parse_link
from downloads.metainfo.trackers import trackers_of, web_seeds_of
from downloads.models.download_fields import DownloadFields
from downloads.models.download_file import DownloadFile
from downloads.uploaded_torrents import torrent_file
from jobsite.jobs.status import CAN_PAUSE, CAN_RESUME, Status
from jobsite.jobs.storage.safe_paths import SafeFolder

IN_LINE = {Status.QUEUED, Status.RUNNING}
DAMAGED = "damaged"  # the state of a complete download whose files are not as they were


class DownloadState(DownloadFields):
    """The readings of a download; nothing here changes it."""

    class Meta(DownloadFields.Meta):
        abstract = True

    # --- reading ---

    @property
    def hashes(self) -> list[str]:
        """The known info hashes of the torrent, v1 before v2."""
        return [one for one in (self.info_hash, self.info_hash_v2) if one]

    @property
    def trackers(self) -> list[str]:
        """The URLs of the trackers that are asked for peers."""
        return trackers_of(self.link, settings.DOWNLOAD_ALLOWED_NETWORKS)

    @property
    def web_seeds(self) -> list[str]:
        """The addresses of the http servers that have its files."""
        return web_seeds_of(self.link, settings.DOWNLOAD_ALLOWED_NETWORKS)

    @property
    def first_choice(self) -> Choice:
        """The files that are wanted until somebody chooses: those of the link, by the patterns."""
        try:
            files = parse_link(self.link, tuple(settings.DOWNLOAD_ALLOWED_NETWORKS)).files
        except BadLink:  # the engine gives the row up, with the reason
            files = ()
        return Choice(exclude=clean_patterns(self.exclude), only=frozenset(files))

    @property
    def shown_state(self) -> str:
        """The current state in one word."""
        if self.is_held:
            return "held"
        if self.is_seeding:
            return "seeding"
        if self.is_damaged:
            return DAMAGED
        return self.state if self.state and self.status == Status.RUNNING else self.status

    @property
    def is_moving(self) -> bool:
        """Whether data is being transferred now."""
        return (self.status == Status.RUNNING and self.rate_down > 0) or self.is_seeding

    @property
    def is_live(self) -> bool:
        """Whether it is active or seeding, so that pages should refresh."""
        return self.is_active or self.is_seeding

    @property
    def is_in_line(self) -> bool:
        """Whether it is downloading or queued."""
        return self.status in IN_LINE

    @property
    def is_seeding(self) -> bool:
        """Whether it is complete and being uploaded to others."""
        return self.seeding and self.status == Status.SUCCEEDED

    @property
    def is_damaged(self) -> bool:
        """Whether it was complete, and its files are gone or cannot be read."""
        return self.status == Status.SUCCEEDED and self.state == DAMAGED

    @property
    def is_held(self) -> bool:
        """Whether its files are known and it waits for its owner to choose among them."""
        return self.hold and self.is_listed and self.status == Status.PAUSED

    @property
    def reason(self) -> str:
        """The reason why it makes no progress, as a sentence; empty if there is none."""
        expired = self.lease_expires_at is not None and self.lease_expires_at < timezone.now()
        if self.status == Status.RUNNING and expired:
            return "The download engine does not answer; it is being restarted."
        if self.status == Status.QUEUED:
            return self.message or "Waiting for the download engine to take it up."
        return self.error if self.status == Status.FAILED else self.message

    @property
    def can_pause(self) -> bool:
        """Whether it can be paused now."""
        return self.status in CAN_PAUSE or self.is_seeding

    @property
    def can_resume(self) -> bool:
        """Whether it is paused."""
        return self.status in CAN_RESUME

    # --- on disk ---

    @property
    def descriptions(self) -> list[Path]:
        """The files that may hold its list of files: uploaded, or saved by the engine."""
        saved = Path(settings.DATA_DIR) / "swarm" / "resume" / self.info_hash
        kept = [saved.with_suffix(suffix) for suffix in (".torrent", ".resume", ".previous")]
        return [torrent_file(self.info_hash), *kept]

    @property
    def directory(self) -> Path:
        """A folder that is never created: torrents are stored by info hash and shared by owners."""
        return Path(settings.DATA_DIR) / "torrents" / str(self.pk)

    @property
    def result_path(self) -> Path:
        """The file or folder in the library; the library itself if nothing is finished."""
        return Path(settings.DOWNLOAD_DIR) / self.place

    def file_on_disk(self, file: DownloadFile) -> Path | None:
        """Return a finished file's path; None if it is gone or a link is on the way to it."""
        if not self.place or not file.priority:
            return None
        library, path = Path(settings.DOWNLOAD_DIR), PurePosixPath(self.place, file.path)
        return library / path if SafeFolder(library).is_file(str(path)) else None

    def is_misplaced(self, place: str) -> bool:
        """Return whether this place is outside the category's folder or has another name."""
        folder = self.category.folder if self.category else ""
        path = PurePosixPath(place)
        if self.layout == Layout.FLAT and path == PurePosixPath(folder):
            return False
        return path.parent != PurePosixPath(folder) or not path.name.startswith(self.save_as)
