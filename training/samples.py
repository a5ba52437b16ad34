"""What a person may try with one press: a training on a table that comes with scikit-learn."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

from jobsite.jobs import queue
from jobsite.jobs.models.kind import Sample
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob
from training.sample_tables import TABLES, SampleTable

_QUICK = ("baseline", "linear", "tree", "forest", "boosting")


def offered() -> Sequence[Sample]:
    """Return the sample tables."""
    return [Sample(table.key, table.title, table.about) for table in TABLES.values()]


def start(key: str, owner: Any) -> TrainingJob:
    """Train on a sample table; the table stays, for another training. Raises OverAllowance.

    With few algorithms and without tuning, because the first result of a person should be there
    within a minute. Raises KeyError if there is no such table.
    """
    table = TABLES[key]
    job = TrainingJob.of(_dataset(table, owner), table.target, _QUICK, tune=False)
    queue.submit(job)
    return job


def _dataset(table: SampleTable, owner: Any) -> Dataset:
    """Return the person's copy of the table, made on first use."""
    data = table.text().encode()
    digest = hashlib.sha256(data).hexdigest()
    mine = Dataset.objects.visible_to(owner).filter(name=table.name, sha256=digest).first()
    if mine is not None:
        return mine
    with TemporaryDirectory(dir=settings.DATA_DIR) as folder:
        draft = Path(folder) / table.name
        draft.write_bytes(data)
        return Dataset.receive(draft, table.name, digest, owner, {})
