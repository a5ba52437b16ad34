"""Tables that people uploaded: kept as files, described by their first rows."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from jobsite.jobs.storage import disk_space
from jobsite.jobs.text import one_line
from training.problem import problem_type
from training.problem.column_checks import Hint, hints_for
from training.problem.column_roles import Roles, changed
from training.problem.target_suggestion import Proposal, propose
from training.tables.preview import read_preview
from training.tables.schema import Column, Preview, ReadingError, with_kinds
from training.text import listed
from training.unpacking.unpack import Limits, unpack

_GONE = "The file of the table is gone from the data folder. Upload it again."


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def limits() -> Limits:
    """Return the limits of unpacking an upload."""
    return Limits(
        settings.TRAINING_UPLOAD_MB, settings.TRAINING_MEMORY_MB, disk_space.room() // 2**20
    )


class DatasetQuerySet(models.QuerySet):
    """Queries over many tables."""

    def visible_to(self, user: Any) -> DatasetQuerySet:
        """Return the tables of one person."""
        return self.filter(owner=user)


class Dataset(models.Model):
    """A table as a file, described by its first rows."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveBigIntegerField(null=True, help_text="Empty until a worker counted them.")
    sheets = models.JSONField(default=list, help_text="Of a workbook: the names of its sheets.")
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
        """Return the columns with the kinds that these options hold."""
        return with_kinds(
            self.preview.columns, options.get("kinds") or {}, options.get("use") or ()
        )

    @property
    def original(self) -> Path:
        """Where a workbook of several sheets lies, for another one to be chosen."""
        return self.path.with_suffix(".original")

    @property
    def sheet(self) -> str:
        """The sheet of a workbook that this table is."""
        return str(self.told.get("sheet") or "")

    @classmethod
    def receive(
        cls, source: Path, name: str, sha256: str, owner: Any, choices: Mapping[str, Any]
    ) -> Dataset:
        """Keep an uploaded file by moving it. Raises ReadingError if it is no table.

        `sha256` is its hash, which is that of the table if nothing has to be unpacked.
        """
        plain = one_line(Path(name).name.removesuffix(".gz"))[:255]
        dataset = cls(name=plain or "table.csv", owner=owner)
        dataset.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        try:
            found = unpack(source, limits(), str(choices.get("sheet", "")), dataset.original)
            dataset.sheets = list(found.sheets)
            known = {"sheet": found.sheet, "said": found.said}
            dataset.take_preview(source, {**choices, **{k: v for k, v in known.items() if v}})
        except ReadingError:
            dataset.original.unlink(missing_ok=True)
            raise
        # The hash is that of the table which is kept, for it is what a training reads.
        dataset.sha256 = hash_of(source) if found.changed else sha256
        source.replace(dataset.path)
        dataset.save(force_insert=True)
        return dataset

    @classmethod
    def copy(cls, source: Path, owner: Any, choices: Mapping[str, Any]) -> Dataset:
        """Keep a copy of a file of this machine. Raises ReadingError if it is no table."""
        with TemporaryDirectory(dir=settings.DATA_DIR) as folder:
            draft = Path(folder) / "table"
            shutil.copyfile(source, draft)
            return cls.receive(draft, source.name, hash_of(draft), owner, choices)

    def take_preview(self, source: Path, choices: Mapping[str, Any]) -> None:
        """Read the head again, with what the owner knows better. Raises ReadingError."""
        found = read_preview(source, choices)
        self.size = source.stat().st_size
        if self.original.is_file():
            self.size += self.original.stat().st_size
        self.told = dict(choices)
        self.head = found.to_json()
        self.rows = found.sampled if found.complete else None

    def reread(self, choices: Mapping[str, Any]) -> None:
        """Read the table anew as its owner says, another sheet of the workbook perhaps.

        Raises ReadingError; then everything stays as it was. Kinds and roles of the columns are
        kept if these have the same names after it; for others they mean nothing.
        """
        options, names = self.options, [column.name for column in self.preview.columns]
        sheet = str(choices.get("sheet") or self.sheet)
        if sheet == self.sheet:
            known = {"sheet": sheet, "said": self.told.get("said")}
            self.take_preview(self.path, {**choices, **{k: v for k, v in known.items() if v}})
        else:
            self._turn_to(sheet, choices)
        self.options = {}
        if names == [column.name for column in self.preview.columns]:
            with suppress(problem_type.TargetError):  # a kind that no cell has any more
                self.keep_options(options)
        self.save()

    def _turn_to(self, sheet: str, choices: Mapping[str, Any]) -> None:
        if self.jobs.exists():
            raise ReadingError(
                f"Trainings use the sheet “{self.sheet}” of this workbook. Upload it again to "
                "train on another one."
            )
        with TemporaryDirectory(dir=settings.DATA_DIR) as folder:
            draft = Path(folder) / "table"
            shutil.copyfile(self.original, draft)
            found = unpack(draft, limits(), sheet)
            self.take_preview(draft, {**choices, "sheet": sheet, "said": found.said})
            self.sha256 = hash_of(draft)
            draft.replace(self.path)

    def choose(self, changes: Mapping[str, Mapping[str, str]]) -> None:
        """Set kinds and roles of columns by their names. Raises TargetError."""
        self.keep_options(changed(self.options, self.preview.columns, changes))

    def keep_options(self, options: dict[str, Any]) -> None:
        """Take kinds and roles, after a try of the kinds on the first rows. Raises TargetError."""
        kinds = options.get("kinds") or {}
        if kinds != (self.options.get("kinds") or {}):
            try:
                self.head = read_preview(self.path, {**self.told, "kinds": kinds}).to_json()
            except (ReadingError, FileNotFoundError) as error:
                sentence = str(error) if isinstance(error, ReadingError) else _GONE
                raise problem_type.TargetError(sentence) from error
        self.options = options

    def hints_for(self, target: str) -> tuple[Hint, ...]:
        """Return what the first rows suggest about splitting and leaving out, for this target."""
        return hints_for(self.columns, self.preview.sampled, self.options, target)

    @property
    def in_use(self) -> str:
        """Why the table cannot be deleted, and what to do."""
        names = list(self.jobs.filter(delete_requested=False).values_list("name", flat=True))
        if not names:
            return f"The last training of “{self.name}” is being deleted. Try again in a minute."
        many = "One training uses" if len(names) == 1 else f"{len(names)} trainings use"
        return f"{many} “{self.name}”: {listed(names, 3)}. Delete those first."

    def remove(self) -> None:
        """Delete the row and the files. Raises RestrictedError while a training uses it."""
        files, checks = (self.path, self.original), list(self.inspections.all())
        self.delete()
        for one in checks:
            one.purge()
        for path in files:
            path.unlink(missing_ok=True)

    def guess(self, target: str, wanted: str = "") -> problem_type.Guess | None:
        """Return what the target asks, as far as the first rows tell; None if they do not.

        Raises TargetError if it is certain that the target cannot be learnt.
        """
        seen = self.preview
        Roles.of(self.options).check(self.columns, target)
        if wanted == problem_type.CLUSTERING:
            return problem_type.guess_groups(self.columns)
        column = problem_type.find_target(self.columns, target)
        try:
            return problem_type.guess(column, seen.sampled, wanted)
        except problem_type.TargetError:
            # The first rows of a sorted table may hold one class only: let a worker see them all.
            if seen.complete or column.kind == "date":
                raise
            return None

    def proposed(self) -> Proposal | None:
        """Return the column that is most probably asked for, and why; None: no column can be."""
        if chosen := self.options.get("target"):
            return Proposal(str(chosen), "it has the role of the target")
        possible = [column for column in self.columns if self._is_possible(column)]
        return propose(self.columns, possible)

    def _is_possible(self, column: Column) -> bool:
        try:
            return self.guess(column.name) is not None
        except problem_type.TargetError:
            return False
