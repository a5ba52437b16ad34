"""What a kind of job declares about itself; the core loops over the kinds and names none."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar


@dataclass(frozen=True)
class UploadLimit:
    """How much the files of one request may hold."""

    setting: str
    """Name of the setting with the most megabytes (MiB)."""
    field: str = ""
    """The form's field that it holds for; empty: every field that no kind names."""
    is_stored: bool = True
    """Whether the files count as space that their owner takes."""


@dataclass(frozen=True)
class ChildLimits:
    """What the kernel allows the child processes of a cluster; None: no limit.

    A cluster that serves several kinds has the tightest of their limits, because a child is
    confined before it knows its job.
    """

    file_mb: int | None = None
    """Size of the largest file that they may write, in MiB."""
    processes: int | None = None
    """Processes and threads of the site's user, all jobs together."""


class Kind:
    """The declarations of one kind of job, as class attributes of its model."""

    kind: ClassVar[str]
    """Short name, also the URL namespace: "training"."""
    cluster: ClassVar[str]
    """The django-q2 cluster whose workers take such jobs. `settings.WORKERS` says how many workers
    a cluster has; one that is not named there has one."""
    runner: ClassVar[str | None] = None
    """Dotted path of `run(job, report) -> dict | None`, called in a child process. None: another
    job's child moves these rows (downloads are moved by the engine)."""
    REPORTED: ClassVar[frozenset[str]] = frozenset()
    """Fields that the child may set through `report.update`."""

    # --- the child process ---

    least_memory_mb: ClassVar[int] = 0
    """Memory without which the child cannot even start, in MiB."""
    max_losses: ClassVar[int | None] = 3
    """Workers that may die under a job before it fails. None: any number."""
    stop_grace: ClassVar[float] = 0.0
    """Seconds that the child gets to save its work on a clean stop; 0: it is killed."""
    niceness: ClassVar[int] = 0
    """Added to the child's nice value, so that heavy work leaves the pages quick."""
    child_limits: ClassVar[ChildLimits] = ChildLimits()
    """What the kernel allows the child and all that it starts."""
    spare_child: ClassVar[bool] = False
    """Whether the next child is started ahead of its job: worth it if its imports take seconds."""

    # --- files ---

    upload_limits: ClassVar[tuple[UploadLimit, ...]] = ()
    """Limits of the files that people send for such jobs."""
    folders: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Folders outside the data folder: name within a backup -> setting that holds the path."""

    # --- pages ---

    has_pages: ClassVar[bool] = True
    """Whether people see jobs of this kind; the site's own work has no pages."""
    templates: ClassVar[str] = ""
    """Folder of its templates; empty: the one called as the kind is."""
    title: ClassVar[str] = ""
    """Label of the entry in the navigation, which leads to `<kind>:list`; empty: none."""
    start_label: ClassVar[str] = ""
    """Label of the button on the dashboard, which leads to `<kind>:new`; empty: none."""
    invitation: ClassVar[str] = ""
    """What can be done, for an empty dashboard: "train models on a table of yours"."""
