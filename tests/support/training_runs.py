"""Trainings and predictions carried out in this process, without a tree of processes."""

import csv
import json
import os
from pathlib import Path
from typing import Any

from django.utils import timezone

from jobsite.jobs.execution.report import Report
from jobsite.jobs.status import Status
from training.models.dataset import Dataset
from training.models.prediction import Prediction
from training.models.training_job import TrainingJob
from training.tasks import predict, train


def report(folder: Path) -> Report:
    """A report that nobody reads, with a folder for what the job makes."""
    folder.mkdir(parents=True)
    return Report(os.open(folder.with_suffix(".told"), os.O_WRONLY | os.O_CREAT), folder)


def kept(owner: Any, folder: Path, data: str | bytes, name: str = "t.csv", **told: Any) -> Dataset:
    """A table of this content, read as told."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return Dataset.copy(path, owner, told)


def trained(dataset: Dataset, target: str, **settings: Any) -> TrainingJob:
    """A training of a linear model that has succeeded."""
    job = TrainingJob.of(dataset, target, ["linear"], folds=2, tune=False, **settings)
    result = train.run(job, report(job.draft))
    job.publish()
    job.result = json.loads(json.dumps(result))
    job.status, job.finished_at = Status.SUCCEEDED, timezone.now()
    job.save()
    return job


def predicted(
    job: TrainingJob, folder: Path, data: str | bytes, name: str = "rows.csv", **told: Any
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The result of a prediction for a file, and the rows of answers.csv."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    asked = Prediction.copy(job, "linear", path, told)
    result = predict.run(asked, report(asked.draft))
    with (asked.draft / "predictions.csv").open(newline="") as lines:
        return json.loads(json.dumps(result)), list(csv.DictReader(lines))
