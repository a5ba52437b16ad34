"""Downloads: rows that people change and the engine moves."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from downloads.library.record import Layout
from downloads.library.selection import NORMAL, SKIP
from downloads.metainfo.magnet import MAX_TRACKERS, Link
from downloads.metainfo.trackers import fitting, trackers_of, with_trackers
from downloads.models.download_fields import DownloadFields
from downloads.models.download_file import DownloadFile
from downloads.models.download_queryset import DownloadQuerySet, Entry
from downloads.seeding import FOREVER
from downloads.uploaded_torrents import torrent_file
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.kind import UploadLimit
from jobsite.jobs.status import ACTIVE, CAN_PAUSE, CAN_RESUME, Status

MOVES = {"up", "down", "first", "last"}
IN_LINE = {Status.QUEUED, Status.RUNNING}


class Download(DownloadFields):
    """A torrent that one person wants. Moved by the engine; people change what is wanted."""

    kind: ClassVar[str] = "downloads"
    cluster: ClassVar[str] = "downloads"
    runner: ClassVar[str | None] = None
    upload_limits: ClassVar[tuple[UploadLimit, ...]] = (
        UploadLimit("DOWNLOAD_UPLOAD_MB", field="torrents", is_stored=False),
    )
    folders: ClassVar[Mapping[str, str]] = {"library": "DOWNLOAD_DIR"}
    title: ClassVar[str] = "Downloads"
    start_label: ClassVar[str] = "New downloads"
    invitation: ClassVar[str] = "paste info hashes and magnet links to download"

    objects = DownloadQuerySet.as_manager()  # type: ignore[misc]

    class Meta(DownloadFields.Meta):
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["owner", "info_hash"],
                condition=Q(delete_requested=False),
                name="download_once",
            ),
            models.UniqueConstraint(
                fields=["owner", "info_hash_v2"],
                condition=Q(delete_requested=False) & ~Q(info_hash_v2=""),
                name="download_once_v2",
            ),
        ]

    @classmethod
    def stored_bytes(cls, owner: Any) -> int:
        """What one person's torrents take, each in full also where others share its copy.

        Otherwise deleting a torrent would charge somebody else with it. The engine lets a torrent
        begin where it fits into the space of the first who wanted it.
        """
        mine = cls.objects.visible_to(owner)
        return mine.aggregate(total=Sum("done"))["total"] or 0

    @classmethod
    def of(cls, owner: Any, entry: Entry, options: Mapping[str, Any]) -> "Download":
        """A row for an entry, not saved yet; `wishes` are values of its fields."""
        link = entry.link
        return cls(
            owner=owner,
            name=link.name or link.key,
            info_hash=link.key,
            info_hash_v2=link.v2 if link.v1 else "",
            link=fitting(link),
            has_file=bool(entry.data),
            size=entry.size,
            **options,
        )

    # --- reading ---

    @property
    def hashes(self) -> list[str]:
        """The info hashes that are known of it."""
        return [one for one in (self.info_hash, self.info_hash_v2) if one]

    @property
    def trackers(self) -> list[str]:
        """Who is asked for peers."""
        return trackers_of(self.link, settings.DOWNLOAD_ALLOWED_NETWORKS)

    @property
    def shown_state(self) -> str:
        """What is being done with it now, in one word."""
        if self.is_held:
            return "held"
        if self.is_seeding:
            return "seeding"
        return self.state if self.state and self.status == Status.RUNNING else self.status

    @property
    def is_moving(self) -> bool:
        """Whether bytes come or go now."""
        return (self.status == Status.RUNNING and self.rate_down > 0) or self.is_seeding

    @property
    def is_live(self) -> bool:
        """Whether something is going on that a page should follow."""
        return self.is_active or self.is_seeding

    @property
    def is_in_line(self) -> bool:
        """Whether it downloads, or waits to."""
        return self.status in IN_LINE

    @property
    def is_seeding(self) -> bool:
        """Whether it is complete, and uploaded to others."""
        return self.seeding and self.status == Status.SUCCEEDED

    @property
    def is_held(self) -> bool:
        """Whether its files are known and it waits for somebody to choose among them."""
        return self.hold and self.is_listed and self.status == Status.PAUSED

    @property
    def reason(self) -> str:
        """Why it stands still, as a sentence; empty where it moves."""
        expired = self.lease_expires_at is not None and self.lease_expires_at < timezone.now()
        if self.status == Status.RUNNING and expired:
            return "The download engine does not answer; it is being restarted."
        if self.status == Status.QUEUED:
            return self.message or "Waiting for the download engine to take it up."
        return self.error if self.status == Status.FAILED else self.message

    @property
    def can_pause(self) -> bool:
        """Whether pausing makes sense now."""
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
        """A folder that is never made: torrents are kept by info hash, shared by their owners."""
        return Path(settings.DATA_DIR) / "torrents" / str(self.pk)

    @property
    def result_path(self) -> Path:
        """The file or folder in the library; the library itself where nothing is finished."""
        return Path(settings.DOWNLOAD_DIR) / self.place

    def file_on_disk(self, file: DownloadFile) -> Path | None:
        """Where a finished file lies; None where it is gone or something led out of the library."""
        home = Path(settings.DOWNLOAD_DIR).resolve()
        path = home.joinpath(self.place, file.path) if file.path else home / self.place
        inside = path.resolve() == path and path.is_relative_to(home) and path != home
        is_there = self.place and inside and file.priority and path.is_file()
        return path if is_there else None

    def is_misplaced(self, place: str) -> bool:
        """Whether files at this place are not in its category's folder, or have another name."""
        folder = self.category.folder if self.category else ""
        path = PurePosixPath(place)
        if self.layout == Layout.FLAT and path == PurePosixPath(folder):
            return False
        return path.parent != PurePosixPath(folder) or not path.name.startswith(self.save_as)

    # --- moving ---

    def pause(self) -> bool:
        """Stop for now; what was fetched is kept."""
        if self.is_seeding:
            return self.stop_seeding()
        still = {"rate_down": 0, "rate_up": 0, "peers": 0, "eta": None, "message": ""}
        moved = self._row().filter(status__in=CAN_PAUSE).transition(Status.PAUSED, **still)
        if moved:
            self.log("Paused.")
        return bool(moved)

    def resume(self) -> bool:
        """Go on."""
        hold = self.hold and not self.is_listed
        moved = self._row().filter(status__in=CAN_RESUME).transition(Status.QUEUED, hold=hold)
        if moved:
            self.log("Resumed.")
        return bool(moved)

    def force(self, forced: bool = True) -> bool:
        """Start it past the queue, from a pause too; or put it back among the others."""
        line = self._row().filter(status__in=[*ACTIVE, *CAN_RESUME]).exclude(forced=forced)
        changed = bool(line.update(forced=forced, asked_at=timezone.now()))
        if changed:
            self.log("It is started past the queue." if forced else "It queues as others do.")
        return (forced and self.resume()) or changed

    def move(self, to: str) -> bool:
        """Change its place among its owner's; False where it is not in the queue any more."""
        if not self.is_in_line:
            return False
        line = Download.objects.line_of(self)
        if to in {"first", "last"}:
            ends = line.aggregate(first=Min("queue_order"), last=Max("queue_order"))
            place = ends["first"] - 1 if to == "first" else ends["last"] + 1
        else:
            around = line.neighbours(self, before=to == "up")
            if not around:
                return True  # it is at that end already
            # Between the next two on that side, or past the only one.
            beyond = around[0] + (-2 if to == "up" else 2)
            place = (around[0] + (around[1] if len(around) > 1 else beyond)) / 2
        self.limit(queue_order=place)
        return True

    def go_on(self, reason: str, **fields: Any) -> bool:
        """Take up a finished download once more, for more files or a new check."""
        moved = self._row().filter(status=Status.SUCCEEDED).transition(Status.QUEUED, **fields)
        if moved:
            self.log(reason)
        return bool(moved)

    def check_again(self) -> bool:
        """Have all that is on disk verified; what is damaged is fetched again."""
        active = self._row().filter(status__in=ACTIVE).exclude(is_listed=False)
        if active.update(recheck=True, asked_at=timezone.now()):
            self.log("A check of what is on disk was asked for.")
            return True
        return self.go_on("What is on disk is checked.", recheck=True)

    def announce(self) -> bool:
        """Have trackers and DHT asked for peers now."""
        if self.status != Status.RUNNING and not self.is_seeding:
            return False
        self.limit(announce_asked_at=timezone.now())
        return True

    def start_seeding(self) -> bool:
        """Upload what is complete, until it is stopped."""
        mine = self._row().filter(status=Status.SUCCEEDED, seeding=False)
        if started := mine.update(seeding=True, seed=FOREVER, asked_at=timezone.now()):
            self.log("It is uploaded until it is stopped.")
        return bool(started)

    def stop_seeding(self) -> bool:
        """Upload no more; what was fetched stays."""
        still = {"rate_up": 0, "peers": 0, "state": "", "seeding": False}
        if stopped := self._row().filter(seeding=True).update(**still):
            self.log("Uploading was stopped.")
        return bool(stopped)

    def hand_over(self, link: Link) -> None:
        """Somebody has uploaded the .torrent of what is here as a link, with its list of files."""
        if not self.is_listed and not self.has_file:
            trackers = dict.fromkeys([*self.trackers, *link.trackers])
            self.limit(has_file=True, link=self._link_with(list(trackers)[:MAX_TRACKERS]))
            self.log("Its .torrent file was uploaded: the list of files need not be asked for.")

    def choose_files(self, priorities: Mapping[int, int]) -> None:
        """Say for files, by number, how much they are wanted. Raises ValueError with the reason.

        A finished download of which more is wanted goes on.
        """
        mine = self.files.all()
        with transaction.atomic():
            is_more = self.status == Status.SUCCEEDED and mine.widens(priorities)
            if self.status == Status.SUCCEEDED and mine.narrows(priorities):
                raise ValueError("What is here stays: delete the download to remove its files.")
            mine.prioritise(priorities)
            wanted = mine.exclude(priority=SKIP).aggregate(number=Count("pk"), size=Sum("size"))
            if not wanted["number"]:
                raise ValueError("Choose at least one file.")
            is_partial = mine.exclude(priority=NORMAL).exists()
            self.limit(is_partial=is_partial, size=wanted["size"])
            if is_more:
                self.go_on("More of its files are wanted; it goes on.")

    def limit(self, **fields: Any) -> None:
        """Change what is wanted of it; the engine follows within a second or two."""
        self._row().update(**fields, asked_at=timezone.now())

    def change(self, options: Mapping[str, Any]) -> None:
        """Store wishes; files that are in the library already follow a change of category."""
        fields = dict(options)
        if name := fields.pop("name", None):
            fields |= {"name": name, "save_as": name}
        if (trackers := fields.pop("trackers", None)) is not None:
            fields["link"] = self._link_with(trackers)
        if {
            "category",
            "save_as",
            "has_renames",
        } & fields.keys() and self.status == Status.SUCCEEDED:
            fields["move_asked"] = True
        self.limit(**fields)

    def _link_with(self, trackers: Sequence[str]) -> str:
        return with_trackers(self.link, trackers, settings.DOWNLOAD_ALLOWED_NETWORKS)

    def request_delete(self, with_data: bool = False) -> None:
        """Hide it now; the engine lets go of it, then removes it, and its files if asked to."""
        self._row().update(delete_data=with_data)
        super().request_delete()

    def purge(self) -> None:
        """Left to the engine, which knows when no file of the torrent is open any more."""

    def remove(self) -> None:
        """Remove the row and its log, for the engine."""
        super().purge()
