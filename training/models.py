"""Tables that people sent, and the trainings that run on them."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from jobsite.jobs.models import Job
from jobsite.jobs.status import Status
from training import catalogue, problem
from training.prediction import Prediction as Prediction
from training.preview import HEAD_BYTES, preview
from training.ranks import SUCCEEDED
from training.roles import Roles
from training.table import Column, Preview, with_kinds
from training.unpacking import unpack_in_place

DEFAULT_TIME_LIMIT = 600
SHORTEST, LONGEST = 10, 7 * 24 * 3600
DEFAULT_FOLDS, DEFAULT_SEED = 5, 0


def hash_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class DatasetQuerySet(models.QuerySet):
    """Questions about many tables."""

    def visible_to(self, user: Any) -> DatasetQuerySet:
        """The tables of one person."""
        return self.filter(owner=user)


class Dataset(models.Model):
    """A table as a file, and what its head shows."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveBigIntegerField(null=True, help_text="Empty until a worker counted them.")
    told = models.JSONField(default=dict, help_text="What the owner said about the reading.")
    head = models.JSONField(help_text="What the first rows show: dialect, columns, warnings.")
    options = models.JSONField(default=dict, help_text="Kinds and roles of the columns.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = DatasetQuerySet.as_manager()
    _made: tuple[Any, Preview] | None = None

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["owner", "-created_at"])]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The page on which a training is made of this table."""
        return reverse("training:dataset", args=[self.pk])

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return Path(settings.DATA_DIR) / "datasets" / f"{self.pk}.csv"

    @property
    def preview(self) -> Preview:
        """What the first rows show; made once for each value of `head`."""
        if self._made is None or self._made[0] is not self.head:
            self._made = (self.head, Preview.from_json(self.head))
        return self._made[1]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns with the kinds that the owner chose."""
        return self.columns_as(self.options)

    def columns_as(self, options: Mapping[str, Any]) -> tuple[Column, ...]:
        """The columns with the kinds that these options hold."""
        return with_kinds(self.preview.columns, options.get("kinds", {}))

    @classmethod
    def receive(cls, file: UploadedFile, owner: Any, told: Mapping[str, Any]) -> Dataset:
        """Keep an upload that streamed to disk. Raises ReadingError where it is no table."""
        source = Path(file.temporary_file_path())  # type: ignore[attr-defined]
        unpacked = unpack_in_place(source, settings.TRAINING_UPLOAD_MB * 2**20)
        dataset = cls._looked_at(source, file.name or "table.csv", owner, told)
        # The hash is that of the table which is kept, for it is what a training reads.
        dataset.sha256 = hash_of(source) if unpacked else file.sha256  # type: ignore[attr-defined]
        source.replace(dataset.path)
        dataset.save(force_insert=True)
        return dataset

    @classmethod
    def copy(cls, source: Path, owner: Any, told: Mapping[str, Any]) -> Dataset:
        """Keep a copy of a file of this machine. Raises ReadingError where it is no table."""
        with TemporaryDirectory(dir=settings.DATA_DIR) as folder:
            draft = Path(folder) / "table"
            shutil.copyfile(source, draft)
            unpack_in_place(draft, settings.TRAINING_UPLOAD_MB * 2**20)
            dataset = cls._looked_at(draft, source.name, owner, told)
            dataset.sha256 = hash_of(draft)
            draft.replace(dataset.path)
        dataset.save(force_insert=True)
        return dataset

    @classmethod
    def _looked_at(cls, source: Path, name: str, owner: Any, told: Mapping[str, Any]) -> Dataset:
        dataset = cls(name=Path(name).name.removesuffix(".gz")[:255] or "table.csv", owner=owner)
        dataset.look(source, told)
        dataset.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        return dataset

    def look(self, source: Path, told: Mapping[str, Any]) -> None:
        """Read the head again, with what the owner knows better. Raises ReadingError."""
        self.size = source.stat().st_size
        with source.open("rb") as file:
            found = preview(file.read(HEAD_BYTES), self.size, told)
        self.told = dict(told)
        self.head = found.to_json()
        self.rows = found.sampled if found.complete else None

    def remove(self) -> None:
        """Delete the row and the file. Raises RestrictedError while a training uses it."""
        path = self.path
        self.delete()
        path.unlink(missing_ok=True)

    def guess(self, target: str, wanted: str = "") -> problem.Guess | None:
        """Return what the target asks, as far as the first rows tell; None where they do not.

        Raises TargetError where it is certain that the target cannot be learnt.
        """
        seen = self.preview
        column = problem.find_target(self.columns, target)
        Roles.of(self.options).check(self.columns, target)
        try:
            return problem.guess(column, seen.sampled, wanted)
        except problem.TargetError:
            # The first rows of a sorted table may hold one class only: let a worker see them all.
            if seen.complete or column.kind == "date":
                raise
            return None

    def likely_target(self) -> str:
        """Return the column that is most probably asked for: named so, else the last that can."""
        if chosen := self.options.get("target"):
            return str(chosen)
        columns = [column for column in self.columns if self._is_possible(column)]
        for column in columns:
            if column.name.lower() in {"target", "class", "label", "y", "outcome"}:
                return column.name
        return columns[-1].name if columns else ""

    def _is_possible(self, column: Column) -> bool:
        try:
            return self.guess(column.name) is not None
        except problem.TargetError:
            return False


class TrainingJob(Job):
    """A contest of algorithms on one table and one target."""

    kind: ClassVar[str] = "training"
    cluster: ClassVar[str] = "training"
    runner: ClassVar[str | None] = "training.tasks.run"
    REPORTED: ClassVar[frozenset[str]] = frozenset({"live"})
    niceness: ClassVar[int] = 5

    dataset = models.ForeignKey(Dataset, models.RESTRICT, related_name="jobs")
    target = models.CharField(max_length=255)
    wanted = models.CharField(
        max_length=16,
        blank=True,
        choices=[("classification", "Classes"), ("regression", "A number")],
        help_text="The kind of problem, where the owner chose it.",
    )
    algorithms = models.JSONField(default=list)
    folds = models.PositiveSmallIntegerField(
        default=DEFAULT_FOLDS, validators=[MinValueValidator(2), MaxValueValidator(20)]
    )
    seed = models.PositiveIntegerField(default=DEFAULT_SEED)
    options = models.JSONField(
        default=dict,
        help_text="Of the columns: ignore (names), kinds (by name), group and time (a name each).",
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
        chosen = catalogue.chosen(algorithms or catalogue.ALGORITHMS)
        return cls(
            dataset=dataset,
            owner=dataset.owner,
            name=f"{target} from {dataset.name}"[:255],
            target=target,
            algorithms=[algorithm.key for algorithm in chosen],
            **{"time_limit": DEFAULT_TIME_LIMIT, "options": dataset.options, **choices},
        )

    def purge(self) -> None:
        """Remove the training, and the predictions of its models with it."""
        for prediction in self.predictions.all():
            prediction.purge()
        super().purge()

    @property
    def hard_time_limit(self) -> float | None:
        """Training ends by itself when its time is over; this is for one that does not."""
        return None if self.time_limit is None else self.time_limit * 1.05 + 30

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
            and any(row["status"] == SUCCEEDED and row["algorithm"] != "baseline" for row in rows)
        )

    def keep(self) -> bool:
        """Ask the running attempt to end with what is finished; False where nothing is."""
        if not self.can_keep:
            return False
        asked = self._row().filter(status=Status.RUNNING, attempt=self.attempt)
        if asked.update(keep_attempt=self.attempt):
            self.log("Ending early: what is finished is kept.")
            return True
        return False

    def asks_to_keep(self) -> bool:
        """Whether the owner asked this very attempt to end with what it has."""
        return self._row().filter(keep_attempt=self.attempt, attempt__gt=0).exists()
