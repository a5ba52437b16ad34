"""Scheduled backups: a process of its own writes them, and old ones are removed."""

import logging
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from jobsite.jobs import processes

log = logging.getLogger(__name__)

RETRY_AFTER = 3600.0
PATTERN = "jobsite-*.zip"


@dataclass
class BackupSchedule:
    """The schedule that housekeeping steps; it never waits for a backup."""

    process: subprocess.Popen | None = None
    not_before: float = 0.0
    folder: Path = field(default_factory=lambda: Path(settings.BACKUP_DIR))

    def step(self) -> None:
        """Start a backup that is due, or follow the one that runs."""
        if self.process is not None:
            self.follow(self.process)
        elif settings.BACKUP_HOURS and time.monotonic() >= self.not_before and self.is_due():
            self.start()

    def is_due(self) -> bool:
        """Return whether the newest backup is older than the interval."""
        newest = max((file.stat().st_mtime for file in self.kept()), default=0.0)
        return time.time() - newest >= settings.BACKUP_HOURS * 3600

    def kept(self) -> list[Path]:
        """Return the existing backups, oldest first."""
        return sorted(self.folder.glob(PATTERN))

    def start(self) -> None:
        """Start a backup beside the work of the site."""
        self.not_before = time.monotonic() + RETRY_AFTER
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left_over in self.folder.glob(f"{PATTERN}.part-*"):  # of one that was killed
            left_over.unlink(missing_ok=True)
        target = self.folder / f"jobsite-{timezone.now():%Y%m%d-%H%M%S}.zip"
        self.process = subprocess.Popen(
            [*settings.MANAGE, "backup", str(target)],
            cwd=settings.BASE_DIR,
            stdout=subprocess.DEVNULL,
            preexec_fn=become_modest,
        )

    def follow(self, process: subprocess.Popen) -> None:
        """Log how a backup ended, and remove the files that are past their time."""
        status = process.poll()
        if status is None:
            return
        self.process = None
        if status:
            log.error("The scheduled backup failed; it is tried again in an hour.")
            return
        kept = self.kept()
        log.info("Backup written: %s.", kept[-1] if kept else self.folder)
        for old in kept[: -settings.BACKUP_KEEP]:
            old.unlink(missing_ok=True)


def become_modest() -> None:
    """Lower the priority of this process and end it with housekeeping."""
    processes.die_with_parent()
    os.nice(10)
