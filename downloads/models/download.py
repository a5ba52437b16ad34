"""Downloads: rows that people change and the engine carries out."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from downloads.library.selection import NORMAL, SKIP
from downloads.metainfo.magnet import MAX_TRACKERS, Link, usable_peers
from downloads.metainfo.trackers import (
    fitting,
    with_peers,
    with_trackers,
)
from downloads.models.download_queryset import DownloadQuerySet, Entry
from downloads.models.download_state import DownloadState
from downloads.models.problems import problems
from downloads.seeding import FOREVER
from jobsite.jobs.formats import byte_rate
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.kind import UploadLimit
from jobsite.jobs.status import ACTIVE, CAN_PAUSE, CAN_RESUME, Status

MOVES = {"up", "down", "first", "last"}


class Download(DownloadState):
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
    takes: ClassVar[tuple[str, ...]] = (".torrent", "magnet:")
    samples: ClassVar[str] = "downloads.samples"

    objects = DownloadQuerySet.as_manager()  # type: ignore[misc]

    class Meta(DownloadState.Meta):
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
        mine = cls.objects.visible_to(user).order_by()
        # Each of these has an index; both in one condition would read every row of the person.
        active, seeding = mine.filter(status__in=ACTIVE), mine.filter(seeding=True)
        moving = cls.objects.filter(Q(pk__in=active.values("pk")) | Q(pk__in=seeding.values("pk")))
        rates = moving.aggregate(down=Sum("rate_down"), up=Sum("rate_up"))
        return f"{byte_rate(rates['down'] or 0)} down, {byte_rate(rates['up'] or 0)} up"

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
