"""The declarations of a kind of job; the core iterates over the kinds and names none."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar


@dataclass(frozen=True)
class UploadLimit:
    """A limit on the total size of the files in one request."""

    setting: str
    """Name of the setting that holds the maximum, in MiB."""
    field: str = ""
    """The form field that it applies to; empty: every field without a limit of its own."""
    is_stored: bool = True
    """Whether the files count towards their owner's storage allowance."""


@dataclass(frozen=True)
class ChildLimits:
    """The kernel limits (setrlimit) of the child processes of a cluster; None: no limit.

    A cluster that serves several kinds uses the tightest of their limits, because a child is
    confined before it knows its job.
    """

    file_mb: int | None = None
    """Maximum size of a file that they write, in MiB (RLIMIT_FSIZE)."""
    processes: int | None = None
    """Maximum number of processes and threads of the site's user, over all jobs (RLIMIT_NPROC)."""


@dataclass(frozen=True)
class Sample:
    """Something to try with one press: the name of a button, and a sentence about it."""

    key: str
    title: str
    about: str


class Kind:
    """The declarations of one kind of job, which its model sets as class attributes."""

    kind: ClassVar[str]
    """Short name, which is also the URL namespace, such as "training"."""
    cluster: ClassVar[str]
    """The django-q2 cluster whose workers run such jobs. `settings.WORKERS` gives the number of
    workers per cluster; a cluster that is not listed there has one."""
    one_host: ClassVar[bool] = False
    """Whether one host of a site alone may run such jobs, because their files stay on it."""
    runner: ClassVar[str | None] = None
    """Dotted path of `run(job, report) -> dict | None`, called in a child process. None: another
    job's child updates these rows (the engine updates downloads)."""
    REPORTED: ClassVar[frozenset[str]] = frozenset()
    """Names of the fields that the child may set through `report.update`."""

    # --- the child process ---

    least_memory_mb: ClassVar[int] = 0
    """Memory that the child needs just to start, in MiB."""
    max_losses: ClassVar[int | None] = 3
    """Number of lost workers at which a job fails instead of being queued again; None: never."""
    max_deaths: ClassVar[int] = 2
    """Number of children ended by a signal from outside at which a job fails."""
    stop_grace: ClassVar[float] = 0.0
    """Seconds that the child has to save its work on a clean stop; 0: it is killed at once."""
    niceness: ClassVar[int] = 0
    """Increment of the child's nice value, so that heavy work does not slow down the pages."""
    child_limits: ClassVar[ChildLimits] = ChildLimits()
    """Kernel limits of the child and of every process that it starts."""
    image: ClassVar[str] = ""
    """Name of the image from which the child is forked: a process that has imported the runners of
    all kinds that name it, and has one thread. Worth it if these imports take seconds. Empty: the
    child is exec'd. All kinds of a cluster name the same."""
    prepare: ClassVar[str | None] = None
    """Dotted path of a function that the child calls once it has the job's limits, before it has
    a thread or a connection."""

    # --- files ---

    upload_limits: ClassVar[tuple[UploadLimit, ...]] = ()
    """Limits of the files that users upload for such jobs."""
    folders: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Folders outside the data folder: name in a backup -> setting that holds the path."""

    # --- pages ---

    has_pages: ClassVar[bool] = True
    """Whether users see jobs of this kind; the site's internal work has no pages."""
    templates: ClassVar[str] = ""
    """Folder of its templates; empty: the folder with the kind's name."""
    title: ClassVar[str] = ""
    """Label of the navigation entry, which links to `<kind>:list`; empty: no entry."""
    start_label: ClassVar[str] = ""
    """Label of the dashboard button, which links to `<kind>:new`; empty: no button."""
    invitation: ClassVar[str] = ""
    """Heading on an empty dashboard that says what can be done, such as "Upload a table and …"."""

    takes: ClassVar[tuple[str, ...]] = ()
    """What is dropped or pasted on any page for its form: endings of files, beginnings of links."""
    samples: ClassVar[str] = ""
    """Dotted path of a module with `offered()`, which returns a sequence of `Sample`, and
    `start(key, owner)`, which submits that job and returns it; empty: nothing to try."""

    @classmethod
    def problems(cls) -> dict[str, str]:
        """Return a sentence for each thing that keeps all jobs of this kind from going on."""
        return {}

    @classmethod
    def tile_note(cls, user: Any) -> str:
        """Return what the kind's tile on the dashboard says beside its counts; empty: nothing."""
        return ""
