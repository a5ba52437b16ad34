"""Downloads: rows that people change and the engine carries out."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from downloads.library.record import Layout
from downloads.library.selection import NORMAL, SKIP, Choice, clean_patterns
from downloads.metainfo.info_hashes import BadLink
from downloads.metainfo.magnet import MAX_TRACKERS, Link, parse_link, usable_peers
from downloads.metainfo.trackers import (
    fitting,
    trackers_of,
    web_seeds_of,
    with_peers,
    with_trackers,
)
from downloads.models.download_fields import DownloadFields
from downloads.models.download_file import DownloadFile
from downloads.models.download_queryset import DownloadQuerySet, Entry
from downloads.models.problems import problems
from downloads.seeding import FOREVER
from downloads.uploaded_torrents import torrent_file
from jobsite.jobs.formats import byte_rate
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.kind import UploadLimit
from jobsite.jobs.status import ACTIVE, CAN_PAUSE, CAN_RESUME, Status
from jobsite.jobs.storage.safe_paths import SafeFolder

MOVES = {"up", "down", "first", "last"}
DAMAGED = "damaged"  # the state of a complete download whose files are not as they were
IN_LINE = {Status.QUEUED, Status.RUNNING}


class Download(DownloadFields):
    """A torrent that one person wants; people set its options, the engine updates its state."""

    kind: ClassVar[str] = "downloads"
    cluster: ClassVar[str] = "downloads"
    runner: ClassVar[str | None] = None
    upload_limits: ClassVar[tuple[UploadLimit, ...]] = (
        UploadLimit("DOWNLOAD_UPLOAD_MB", field="torrents", is_stored=False),
    )
    folders: ClassVar[Mapping[str, str]] = {"library": "DOWNLOAD_DIR"}
    title: ClassVar[str] = "Downloads"
    start_label: ClassVar[str] = "New downloads"
    invitation: ClassVar[str] = "Download from magnet links and .torrent files"
    samples: ClassVar[str] = "downloads.samples"

    objects = DownloadQuerySet.as_manager()  # type: ignore[misc]

    class Meta(DownloadFields.Meta):
        indexes: ClassVar[list[models.Index]] = [
            *Job.Meta.indexes,
            models.Index(fields=["owner"], name="download_seeding", condition=Q(seeding=True)),
        ]
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
        """Return the bytes of one person's torrents, each in full even if its copy is shared.

        Otherwise deleting a torrent would charge somebody else for it. The engine lets a torrent
        start if it fits into the space of the first person who wanted it.
        """
        mine = cls.objects.visible_to(owner)
        return mine.aggregate(total=Sum("done"))["total"] or 0

    @classmethod
    def of(cls, owner: Any, entry: Entry, options: Mapping[str, Any]) -> "Download":
        """Return an unsaved row for an entry; `options` are values of its fields."""
        link = entry.link
        return cls(
            owner=owner,
            info_hash=link.key,
            info_hash_v2=link.v2 if link.v1 else "",
            link=fitting(link),
            has_file=bool(entry.data),
            size=entry.size,
            **{"name": link.name or link.key, **options},
        )

    @classmethod
    def problems(cls) -> dict[str, str]:
        """Return what keeps all downloads from going on: the network interface, the library."""
        return problems()

    @classmethod
    def tile_note(cls, user: Any) -> str:
        """Return the rates of one person's downloads together."""
        is_moving = Q(status__in=ACTIVE) | Q(seeding=True)
        moving = cls.objects.visible_to(user).filter(is_moving)
        rates = moving.aggregate(down=Sum("rate_down"), up=Sum("rate_up"))
        return f"{byte_rate(rates['down'] or 0)} down, {byte_rate(rates['up'] or 0)} up"

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

    # --- moving ---

    def pause(self) -> bool:
        """Pause the download and keep what was fetched; return whether its state changed."""
        if self.is_seeding:
            return self.stop_seeding()
        still = {"rate_down": 0, "rate_up": 0, "peers": 0, "eta": None, "message": ""}
        moved = self._row().filter(status__in=CAN_PAUSE).transition(Status.PAUSED, **still)
        if moved:
            self.log("Paused.")
        return bool(moved)

    def resume(self) -> bool:
        """Queue the paused download again; return whether its state changed."""
        hold = self.hold and not self.is_listed
        moved = self._row().filter(status__in=CAN_RESUME).transition(Status.QUEUED, hold=hold)
        if moved:
            self.log("Resumed.")
        return bool(moved)

    def force(self, forced: bool = True) -> bool:
        """Start it regardless of the queue, even if paused, or return it to the queue."""
        line = self._row().filter(status__in=[*ACTIVE, *CAN_RESUME]).exclude(forced=forced)
        changed = bool(line.update(forced=forced, asked_at=timezone.now()))
        if changed:
            self.log("It is started past the queue." if forced else "It queues as others do.")
        return (forced and self.resume()) or changed

    def move(self, to: str) -> bool:
        """Move it within its owner's queue; return False if it is no longer queued."""
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
        """Queue a finished download again, for more files or a new check."""
        moved = self._row().filter(status=Status.SUCCEEDED).transition(Status.QUEUED, **fields)
        if moved:
            self.log(reason)
        return bool(moved)

    def check_again(self) -> bool:
        """Verify all data on disk; damaged data is fetched again."""
        active = self._row().filter(status__in=ACTIVE).exclude(is_listed=False)
        if active.update(recheck=True, asked_at=timezone.now()):
            self.log("A check of what is on disk was asked for.")
            return True
        return self.go_on("What is on disk is checked.", recheck=True)

    def announce(self) -> bool:
        """Ask trackers and the DHT for peers; return False if neither running nor seeding."""
        if self.status != Status.RUNNING and not self.is_seeding:
            return False
        self.limit(announce_asked_at=timezone.now())
        return True

    def start_seeding(self) -> bool:
        """Seed the complete download until it is stopped."""
        mine = self._row().filter(status=Status.SUCCEEDED, seeding=False)
        fields = {"seeding": True, "seed": FOREVER, "state": "", "message": ""}
        if started := mine.update(**fields, asked_at=timezone.now()):
            self.log("It is uploaded until it is stopped.")
        return bool(started)

    def stop_seeding(self) -> bool:
        """Stop seeding; what was fetched stays."""
        still = {"rate_up": 0, "peers": 0, "state": "", "seeding": False}
        if stopped := self._row().filter(seeding=True).update(**still):
            self.log("Uploading was stopped.")
        return bool(stopped)

    def hand_over(self, link: Link) -> None:
        """Record that the .torrent, with its file list, of a link was uploaded."""
        if not self.is_listed and not self.has_file:
            trackers = dict.fromkeys([*self.trackers, *link.trackers])
            self.limit(has_file=True, link=self._link_with(list(trackers)[:MAX_TRACKERS]))
            self.log("Its .torrent file was uploaded: the list of files need not be asked for.")

    def choose_files(self, priorities: Mapping[int, int]) -> None:
        """Set the priorities of files, by index. Raises ValueError with the reason.

        A finished download continues if more of its files are wanted.
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
        """Set fields; the engine applies the change within a second or two."""
        self._row().update(**fields, asked_at=timezone.now())

    def change(self, options: Mapping[str, Any]) -> None:
        """Store options; if the category changes, files already in the library are moved."""
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

    def add_peers(self, peers: Sequence[str]) -> int:
        """Contact these peers, as far as they may be; return how many of them may."""
        allowed = settings.DOWNLOAD_ALLOWED_NETWORKS
        self.limit(link=with_peers(self.link, peers, allowed))
        return len(usable_peers(peers, allowed))

    def _link_with(self, trackers: Sequence[str]) -> str:
        return with_trackers(self.link, trackers, settings.DOWNLOAD_ALLOWED_NETWORKS)

    def request_delete(self, with_data: bool = False) -> None:
        """Hide the row; the engine then releases and removes it, with its files if asked."""
        self._row().update(delete_data=with_data)
        super().request_delete()

    @classmethod
    def request_delete_all(cls, owner: Any) -> None:
        """Request the deletion of a user's downloads; files that others have as well stay."""
        for job in cls.objects.filter(owner=owner, delete_requested=False):
            job.request_delete(with_data=True)

    def purge(self) -> None:
        """Do nothing: only the engine knows when no file of the torrent is open any more."""

    def remove(self) -> None:
        """Remove the row and its log; called by the engine."""
        super().purge()
