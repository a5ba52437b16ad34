"""Downloads, their files, and the engine that moves them."""

import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Max, Min, Q, Sum
from django.urls import reverse
from django.utils import timezone

from downloads.names import display_name
from downloads.plans import KB
from downloads.plans import PersonSpeed as PersonSpeed
from downloads.plans import SpeedPlan as SpeedPlan
from downloads.querysets import DownloadQuerySet, Entry, FileQuerySet
from downloads.resume import write_durably
from jobsite.jobs import queue
from jobsite.jobs.models import Job
from jobsite.jobs.status import ACTIVE, CAN_PAUSE, CAN_RESUME, Status

MOVES = {"up", "down", "first", "last"}
IN_LINE = {Status.QUEUED, Status.RUNNING}


def torrent_file(info_hash: str) -> Path:
    """Where a .torrent file that was uploaded lies; one for all who want the torrent."""
    return Path(settings.DATA_DIR) / "torrents" / f"{info_hash}.torrent"


def keep_file(info_hash: str, data: bytes) -> None:
    """Store a checked .torrent file, unless it is here already."""
    path = torrent_file(info_hash)
    if not path.exists():
        path.parent.mkdir(mode=0o750, exist_ok=True)
        draft = path.with_name(f"{uuid.uuid4()}.part")
        write_durably(draft, data)
        draft.replace(path)


class Download(Job):
    """A torrent that one person wants. Moved by the engine; people change what is wanted."""

    kind: ClassVar[str] = "downloads"
    cluster: ClassVar[str] = "downloads"
    runner: ClassVar[str | None] = None

    info_hash = models.CharField(max_length=64, editable=False, db_index=True)
    info_hash_v2 = models.CharField(max_length=64, blank=True, editable=False)
    link = models.TextField(editable=False, help_text="The magnet link in canonical form.")
    has_file = models.BooleanField(default=False, editable=False)
    size = models.BigIntegerField(null=True, editable=False)
    done = models.BigIntegerField(default=0, editable=False)
    rate_down = models.BigIntegerField(default=0, editable=False)
    rate_up = models.BigIntegerField(default=0, editable=False)
    peers = models.IntegerField(default=0, editable=False)
    eta = models.BigIntegerField(null=True, editable=False, help_text="Seconds.")
    state = models.CharField(max_length=16, blank=True, editable=False)
    place = models.CharField(
        max_length=255, blank=True, editable=False, help_text="Relative to DOWNLOAD_DIR."
    )
    delete_data = models.BooleanField(default=False, editable=False)
    queue_order = models.FloatField(default=time.time, editable=False, help_text="Lower is first.")
    down_kb = models.PositiveIntegerField("most down", default=0, help_text=KB)
    up_kb = models.PositiveIntegerField("most up", default=0, help_text=KB)
    asked_at = models.DateTimeField(
        default=timezone.now,
        editable=False,
        help_text="When its owner last changed what is wanted.",
    )

    objects = DownloadQuerySet.as_manager()  # type: ignore[misc]

    class Meta(Job.Meta):
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
        """What one person's torrents take, each in full also where others share its copy."""
        mine = cls.objects.visible_to(owner)
        return mine.aggregate(total=Sum("done"))["total"] or 0

    @classmethod
    def of(cls, owner: Any, entry: Entry) -> "Download":
        """A row for an entry, not saved yet."""
        link = entry.link
        return cls(
            owner=owner,
            name=link.name or link.key,
            info_hash=link.key,
            info_hash_v2=link.v2 if link.v1 else "",
            link=link.magnet,
            has_file=bool(entry.data),
            size=entry.size,
        )

    # --- reading ---

    @property
    def hashes(self) -> list[str]:
        """The info hashes that are known of it."""
        return [one for one in (self.info_hash, self.info_hash_v2) if one]

    @property
    def directory(self) -> Path:
        """A folder that is never made: torrents are kept by info hash, shared by their owners."""
        return Path(settings.DATA_DIR) / "torrents" / str(self.pk)

    @property
    def shown_state(self) -> str:
        """What is being done with it now, in one word."""
        return self.state if self.state and self.status == Status.RUNNING else self.status

    @property
    def reason(self) -> str:
        """Why it stands still, as a sentence; empty where it moves."""
        expired = self.lease_expires_at is not None and self.lease_expires_at < timezone.now()
        if self.status == Status.RUNNING and expired:
            return "The download engine does not answer; it is being restarted."
        return self.error if self.status == Status.FAILED else self.message

    @property
    def can_pause(self) -> bool:
        """Whether pausing makes sense now."""
        return self.status in CAN_PAUSE

    @property
    def can_resume(self) -> bool:
        """Whether it is paused."""
        return self.status in CAN_RESUME

    def file_on_disk(self, file: "DownloadFile") -> Path | None:
        """Where a finished file lies; None where it is gone or something led out of the library."""
        home = Path(settings.DOWNLOAD_DIR).resolve()
        path = home.joinpath(self.place, file.path) if file.path else home / self.place
        inside = path.resolve() == path and path.is_relative_to(home) and path != home
        return path if self.place and inside and path.is_file() else None

    # --- moving ---

    def pause(self) -> bool:
        """Stop for now; what was fetched is kept."""
        still = {"rate_down": 0, "rate_up": 0, "peers": 0, "eta": None, "message": ""}
        moved = self._row().filter(status__in=CAN_PAUSE).transition(Status.PAUSED, **still)
        if moved:
            self.log("Paused.")
        return bool(moved)

    def resume(self) -> bool:
        """Go on."""
        moved = self._row().filter(status__in=CAN_RESUME).transition(Status.QUEUED)
        if moved:
            self.log("Resumed.")
        return bool(moved)

    def move(self, to: str) -> bool:
        """Change its place among its owner's; False where it is not in the queue any more."""
        if self.status not in IN_LINE:
            return False
        line = type(self).objects.line_of(self)
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

    def limit(self, **fields: Any) -> None:
        """Change what is wanted of it; the engine follows within a second or two."""
        self._row().update(**fields, asked_at=timezone.now())

    def request_delete(self, with_data: bool = False) -> None:
        """Hide it now; the engine lets go of it, then removes it, and its files if asked to."""
        self._row().update(delete_data=with_data)
        super().request_delete()

    def purge(self) -> None:
        """Left to the engine, which knows when no file of the torrent is open any more."""

    def remove(self) -> None:
        """Remove the row and its log, for the engine."""
        super().purge()


class DownloadFile(models.Model):
    """One file of a torrent."""

    download = models.ForeignKey(Download, models.CASCADE, related_name="files")
    index = models.PositiveIntegerField()
    path = models.TextField(blank=True, help_text="Within the torrent's folder; empty: it is it.")
    size = models.BigIntegerField()

    objects = FileQuerySet.as_manager()

    class Meta:
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(fields=["download", "index"], name="download_file_once")
        ]

    def __str__(self) -> str:
        return self.path or self.download.name

    @property
    def name(self) -> str:
        """What a person saves it as."""
        return display_name(self.path or self.download.place) or f"file-{self.index}"


class Engine(Job):
    """The process with the session. One at most is active, and housekeeping sees that one is."""

    kind: ClassVar[str] = "engine"
    cluster: ClassVar[str] = "downloads"
    runner: ClassVar[str | None] = "downloads.engine.run"
    max_losses: ClassVar[int | None] = None
    stop_grace: ClassVar[float] = 12.0
    has_pages: ClassVar[bool] = False

    KEPT: ClassVar[int] = 20
    CALM: ClassVar[timedelta] = timedelta(minutes=2)
    LONGEST_REST: ClassVar[int] = 60

    only = models.BooleanField(default=True, editable=False)

    class Meta(Job.Meta):
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["only"],
                condition=Q(status__in=sorted(status.value for status in ACTIVE)),
                name="engine_once",
            ),
        ]

    def get_absolute_url(self) -> str:
        """It has no page; what it does is the list of downloads."""
        return reverse("downloads:list")

    @classmethod
    def keep_alive(cls) -> None:
        """Queue an engine where none is active; one that keeps dying is given a rest each time."""
        if cls.objects.filter(status__in=ACTIVE).exists():
            return
        now = timezone.now()
        ended = cls.objects.filter(finished_at__gt=now - cls.CALM, status=Status.FAILED)
        deaths = ended.count()
        rest = timedelta(seconds=min(2**deaths, cls.LONGEST_REST) if deaths > 1 else 0)
        if ended.filter(finished_at__gt=now - rest).exists():
            return
        for old in cls.objects.order_by("-created_at")[cls.KEPT :]:
            old.purge()
        try:
            with transaction.atomic():
                queue.submit(cls(name="Download engine"))
        except IntegrityError:  # another housekeeper was quicker
            return
