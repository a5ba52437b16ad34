"""Rows for a model that was trained here, and its answers."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import models

from jobsite.jobs import formats
from jobsite.jobs.models.job import Job
from training.algorithms.catalogue import KNOWN
from training.models.dataset import limits
from training.results.input_schema import Inputs
from training.results.leaderboard import SUCCEEDED
from training.tables.preview import read_preview
from training.text import counted
from training.unpacking.unpack import unpack

RESULT_FILE = "predictions.csv"
MOST_ROWS = 1000
_SOMEBODY_WAITS = 1  # rows of a form go before files


class Prediction(Job):
    """The answers of one model of a training to rows of a form, of JSON or of a file."""

    kind: ClassVar[str] = "prediction"
    cluster: ClassVar[str] = "prediction"  # its own: a training would hold it up for minutes
    image: ClassVar[str] = "training"
    runner: ClassVar[str | None] = "training.tasks.predict.run"
    templates: ClassVar[str] = "training/predictions"
    REPORTED: ClassVar[frozenset[str]] = frozenset({"brief"})
    least_memory_mb: ClassVar[int] = 250

    training = models.ForeignKey("training.TrainingJob", models.CASCADE, related_name="predictions")
    algorithm = models.CharField(max_length=64)
    brief = models.JSONField(
        default=dict, editable=False, help_text="Of the answers, for lists, which load no results."
    )
    rows = models.JSONField(null=True, help_text="Rows by column; empty where a file was sent.")
    head = models.JSONField(null=True, help_text="How the file that was sent is read.")

    class Meta(Job.Meta):
        pass

    @classmethod
    def of(cls, training: Any, algorithm: str, rows: Sequence[Mapping[str, Any]]) -> Prediction:
        """Return a prediction for a few rows, not queued yet."""
        what = counted(len(rows), "row")
        sent = [dict(row) for row in rows]
        return cls._for(training, algorithm, what, rows=sent, priority=_SOMEBODY_WAITS)

    @classmethod
    def receive(
        cls, training: Any, algorithm: str, file: UploadedFile, choices: Mapping[str, Any]
    ) -> Prediction:
        """Return a prediction for an upload, which is kept. Raises ReadingError."""
        source = Path(file.temporary_file_path())  # type: ignore[attr-defined]
        return cls._keep(training, algorithm, source, Path(file.name or "rows.csv").name, choices)

    @classmethod
    def copy(
        cls, training: Any, algorithm: str, source: Path, choices: Mapping[str, Any]
    ) -> Prediction:
        """Return a prediction for a copy of a file of this machine. Raises ReadingError."""
        with TemporaryDirectory(dir=settings.DATA_DIR) as folder:
            draft = Path(folder) / "rows"
            shutil.copyfile(source, draft)
            return cls._keep(training, algorithm, draft, source.name, choices)

    @classmethod
    def _keep(
        cls, training: Any, algorithm: str, source: Path, name: str, choices: Mapping[str, Any]
    ) -> Prediction:
        unpack(source, limits(), str(choices.get("sheet", "")), keep_blank=True)
        seen = read_preview(source, _as_trained(training, choices), least=1)
        job = cls._for(training, algorithm, name)
        job.head = {**seen.to_json(), "told": "decimal" in choices}
        job.directory.mkdir(parents=True, exist_ok=True)
        source.replace(job.input_path)
        return job

    @classmethod
    def _for(cls, training: Any, algorithm: str, what: str, **fields: Any) -> Prediction:
        name = f"{training.subject} of {what}"[:255]
        return cls(
            training=training, owner=training.owner, algorithm=algorithm, name=name, **fields
        )

    @property
    def headline(self) -> str:
        """What was answered, once it is; until then the name."""
        return answer_text(self.brief) or self.name

    @property
    def model_label(self) -> str:
        """The name of the model."""
        known = KNOWN.get(self.algorithm)
        return known.label if known else self.algorithm

    @property
    def input_path(self) -> Path:
        """Where the file that was sent lies."""
        return self.directory / "input"

    @property
    def answers_path(self) -> Path:
        """Where all answers lie, once the prediction has succeeded."""
        return self.artifacts / RESULT_FILE

    @property
    def model_path(self) -> Path:
        """Where the model lies."""
        return self.training.artifacts / f"{self.algorithm}.skops"

    @property
    def memory_limit_mb(self) -> int | None:
        """The limit of the site."""
        return settings.TRAINING_MEMORY_MB


def _as_trained(training: Any, choices: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of a file of rows: the names of its columns, and how it was written.

    Every row that was sent gets an answer, a total and one of another width as well.
    """
    known: dict[str, Any] = {"total": False, "ragged": "drop"}
    with suppress(FileNotFoundError):
        inputs = Inputs.load(training.artifacts)
        if inputs.header:
            known["names"] = inputs.names
        if inputs.dialect is not None:
            known |= {"near": inputs.dialect.separator, "dates": inputs.dialect.dates}
    return known | dict(choices)


def answer_text(brief: Mapping[str, Any]) -> str:
    """Return "Survived: 0, 89 % sure", or what the answers of many rows look like."""
    if not brief:
        return ""
    subject = brief["target"]
    if "answer" in brief:
        answer, sure = brief["answer"], brief.get("sure")
        said = answer if isinstance(answer, str) else formats.score(answer)
        return f"{subject}: {said}" + (f", {formats.percent(sure)} sure" if sure else "")
    rows = brief["rows"]
    if counts := brief.get("counts"):
        shares = (f"{name} ({formats.percent(count / rows)})" for name, count in counts.items())
        return f"{subject} of {rows:,} rows: {', '.join(shares)}"
    low, mean, high = (formats.score(brief[key]) for key in ("low", "mean", "high"))
    return f"{subject} of {rows:,} rows: {mean} on average, {low} to {high}"


def fitted(result: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return the models of a training that can predict, best first: key and label."""
    return [
        (row["algorithm"], row["label"])
        for row in (result or {}).get("leaderboard", ())
        if row["status"] == SUCCEEDED and row.get("model")
    ]
