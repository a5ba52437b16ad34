"""Rows for a model that was trained here, and its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import models

from jobsite.jobs.models import Job
from training.preview import HEAD_BYTES, preview
from training.ranks import SUCCEEDED
from training.unpacking import unpack_in_place

RESULT_FILE = "predictions.csv"
MOST_ROWS = 1000


class Prediction(Job):
    """The answers of one model of a training to rows of a form, of JSON or of a file."""

    kind: ClassVar[str] = "prediction"
    cluster: ClassVar[str] = "training"
    runner: ClassVar[str | None] = "training.predict_tasks.run"

    training = models.ForeignKey("training.TrainingJob", models.CASCADE, related_name="predictions")
    algorithm = models.CharField(max_length=64)
    rows = models.JSONField(null=True, help_text="Rows by column; empty where a file was sent.")
    head = models.JSONField(null=True, help_text="How the file that was sent is read.")

    class Meta(Job.Meta):
        pass

    @classmethod
    def of(cls, training: Any, algorithm: str, rows: Sequence[Mapping[str, Any]]) -> Prediction:
        """Return a prediction for a few rows, not queued yet."""
        what = "one row" if len(rows) == 1 else f"{len(rows)} rows"
        return cls._for(training, algorithm, what, rows=[dict(row) for row in rows])

    @classmethod
    def receive(
        cls, training: Any, algorithm: str, file: UploadedFile, told: Mapping[str, Any]
    ) -> Prediction:
        """Return a prediction for an upload, which is kept. Raises ReadingError."""
        source = Path(file.temporary_file_path())  # type: ignore[attr-defined]
        unpack_in_place(source, settings.TRAINING_UPLOAD_MB * 2**20)
        with source.open("rb") as opened:
            seen = preview(opened.read(HEAD_BYTES), source.stat().st_size, told, least=1)
        job = cls._for(training, algorithm, Path(file.name or "rows.csv").name)
        job.head = seen.to_json()
        job.directory.mkdir(parents=True, exist_ok=True)
        source.replace(job.input_path)
        return job

    @classmethod
    def _for(cls, training: Any, algorithm: str, what: str, **fields: Any) -> Prediction:
        name = f"{training.target} of {what}"[:255]
        return cls(
            training=training, owner=training.owner, algorithm=algorithm, name=name, **fields
        )

    @property
    def input_path(self) -> Path:
        """Where the file that was sent lies."""
        return self.directory / "input"

    @property
    def model_path(self) -> Path:
        """Where the model lies."""
        return self.training.artifacts / f"{self.algorithm}.skops"

    @property
    def memory_limit_mb(self) -> int | None:
        """The limit of the site."""
        return settings.TRAINING_MEMORY_MB


def fitted(result: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return the models of a training that can predict, best first: key and label."""
    return [
        (row["algorithm"], row["label"])
        for row in (result or {}).get("leaderboard", ())
        if row["status"] == SUCCEEDED and row.get("model")
    ]
