"""The trainings that run on tables; with `datasets` and `prediction` all models of this app."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from importlib.util import find_spec
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import DatabaseError, connection, models
from django.db.models import RestrictedError, Sum

from jobsite.jobs.models.host import own_clusters
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.kind import ChildLimits, UploadLimit
from jobsite.jobs.status import Status
from training.algorithms import catalogue
from training.algorithms.catalogue import BASELINE
from training.models.dataset import Dataset
from training.problem.problem_type import CLUSTERING
from training.results.leaderboard import ONLY_BASELINE, SUCCEEDED

DEFAULT_TIME_LIMIT = 600
SHORTEST, LONGEST = 10, 7 * 24 * 3600
TABLE_ENDINGS = (
    *(".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".xlsx", ".xlsm", ".xlsb"),
    *(".xls", ".ods", ".parquet", ".feather", ".arrow"),
)
TIME_LIMIT_HELP = (
    "Counted from the first fit. Stops after this time and keeps finished models; earlier, if more "
    "tuning improves nothing."
)
FEWEST_FOLDS, MOST_FOLDS, DEFAULT_FOLDS = 2, 20, 5
HIGHEST_SEED, DEFAULT_SEED = 2**31 - 1, 0

NO_RAY = (
    "TRAINING_CLUSTER names a Ray cluster, but Ray is not installed where trainings run. Install "
    "it there (pip install 'jobsite[cluster]', or in a checkout pip install -r "
    "requirements-cluster.txt), or unset the variable."
)


class TrainingJob(Job):
    """An experiment with several algorithms on one table and one target."""

    kind: ClassVar[str] = "training"
    cluster: ClassVar[str] = "training"
    runner: ClassVar[str | None] = "training.tasks.train.run"
    child_limits: ClassVar[ChildLimits] = ChildLimits(file_mb=8192, processes=4096)
    image: ClassVar[str] = "training"
    prepare: ClassVar[str | None] = "training.evaluation.process_pool.fork_server"
    upload_limits: ClassVar[tuple[UploadLimit, ...]] = (UploadLimit("TRAINING_UPLOAD_MB"),)
    title: ClassVar[str] = "Training"
    start_label: ClassVar[str] = "New training"
    invitation: ClassVar[str] = "Upload a table and compare models on it"
    takes: ClassVar[tuple[str, ...]] = TABLE_ENDINGS
    samples: ClassVar[str] = "training.samples"
    REPORTED: ClassVar[frozenset[str]] = frozenset({"live"})
    niceness: ClassVar[int] = 5
    least_memory_mb: ClassVar[int] = 420  # measured: the libraries, and one fit of a small table

    dataset = models.ForeignKey(Dataset, models.RESTRICT, related_name="jobs")
    target = models.CharField(max_length=255, blank=True, help_text="Empty: find groups.")
    wanted = models.CharField(
        max_length=16,
        blank=True,
        choices=[
            ("classification", "Classes"),
            ("regression", "A number"),
            (CLUSTERING, "Groups"),
        ],
        help_text="The kind of problem, where the owner chose it.",
    )
    algorithms = models.JSONField(default=list)
    folds = models.PositiveSmallIntegerField(
        default=DEFAULT_FOLDS,
        validators=[MinValueValidator(FEWEST_FOLDS), MaxValueValidator(MOST_FOLDS)],
    )
    seed = models.PositiveIntegerField(default=DEFAULT_SEED)
    options = models.JSONField(
        default=dict,
        help_text="Of the columns: ignore (names), kinds (by name), group and time (a name each).",
    )
    metric = models.CharField(
        max_length=32,
        blank=True,
        help_text="The measure that ranks, where the owner chose it.",
    )
    note = models.TextField(blank=True)
    favourite = models.BooleanField(default=False)
    tune = models.BooleanField(
        default=True, help_text="Also try other settings of the best algorithms and join the best."
    )
    keep_attempt = models.PositiveIntegerField(
        default=0, editable=False, help_text="The attempt that was asked to end with what it has."
    )
    live = models.JSONField(default=dict, editable=False)

    class Meta(Job.Meta):
        pass

    @classmethod
    def of(
        cls, dataset: Dataset, target: str, algorithms: Sequence[str] = (), **choices: Any
    ) -> TrainingJob:
        """Return a training that is not queued yet. No algorithms means all of them."""
        groups = choices.get("wanted") == CLUSTERING
        chosen = [] if groups else catalogue.chosen(algorithms or catalogue.ALGORITHMS)
        return cls(
            dataset=dataset,
            owner=dataset.owner,
            name=_name(dataset, target),
            target=target,
            algorithms=[algorithm.key for algorithm in chosen],
            **{"time_limit": DEFAULT_TIME_LIMIT, "options": dataset.options, **choices},
        )

    @classmethod
    def stored_bytes(cls, owner: Any) -> int:
        """Return the size of one person's artifacts and tables, each table once."""
        tables = Dataset.objects.visible_to(owner).aggregate(total=Sum("size"))["total"] or 0
        return super().stored_bytes(owner) + tables

    @classmethod
    def remove_uploads(cls, before: datetime) -> None:
        """Delete the tables that were sent before that time and that no training uses."""
        for dataset in Dataset.objects.filter(created_at__lt=before, jobs__isnull=True):
            with suppress(RestrictedError):  # used by a training that was just made
                dataset.remove()

    @classmethod
    def remove_belongings(cls, owner: Any) -> None:
        """Delete a user's tables."""
        for dataset in Dataset.objects.visible_to(owner):
            dataset.remove()

    @classmethod
    def problems(cls) -> dict[str, str]:
        """Return a sentence if the cluster cannot be used; whether it answers, a job finds out."""
        unusable = settings.TRAINING_CLUSTER and find_spec("ray") is None
        return {"cluster": NO_RAY} if unusable and cls.cluster in own_clusters() else {}

    @property
    def subject(self) -> str:
        """What its models answer with."""
        return self.target or "group"

    @property
    def learnt_nothing(self) -> str:
        """The warning that nothing but the baseline was finished; empty if something learnt."""
        warnings = (self.result or {}).get("warnings", ())
        return ONLY_BASELINE if ONLY_BASELINE in warnings else ""

    def purge(self) -> None:
        """Remove the training, and the predictions of its models with it."""
        for prediction in self.predictions.all():
            prediction.purge()
        super().purge()

    @property
    def hard_time_limit(self) -> float | None:
        """Training ends by itself when its time is over; this is for one that does not.

        A machine that is busy with something else needs longer for the rest: a result that is late
        is worth more than none.
        """
        return None if self.time_limit is None else self.time_limit * 2 + 300

    @property
    def memory_limit_mb(self) -> int | None:
        """The limit of the site."""
        return settings.TRAINING_MEMORY_MB

    @property
    def can_keep(self) -> bool:
        """Whether a model is through all its folds, so that ending now would leave something."""
        rows = (self.live or {}).get("leaderboard", ())
        return (
            self.status == Status.RUNNING
            and self.keep_attempt != self.attempt
            and any(row["status"] == SUCCEEDED and row["algorithm"] != BASELINE for row in rows)
        )

    def keep(self) -> bool:
        """Ask the running attempt to end with what is finished; return False if nothing is."""
        if not self.can_keep:
            return False
        asked = self._row().filter(status=Status.RUNNING, attempt=self.attempt)
        if asked.update(keep_attempt=self.attempt):
            self.log("Ending early: what is finished is kept.")
            return True
        return False

    def asks_to_keep(self) -> bool:
        """Return whether the owner asked this very attempt to end with what it has."""
        try:
            return self._row().filter(keep_attempt=self.attempt, attempt__gt=0).exists()
        except DatabaseError:  # away for a while; the work goes on
            connection.close()
            return False


def _name(dataset: Dataset, target: str) -> str:
    """Return a name that tells the runs of one target on tables of one name apart."""
    alike = TrainingJob.objects.visible_to(dataset.owner).filter(target=target)
    before = alike.filter(dataset__name=dataset.name).count()
    run = f", run {before + 1}" if before else ""
    return f"{target or 'Groups'} from {dataset.name}"[: 255 - len(run)] + run
