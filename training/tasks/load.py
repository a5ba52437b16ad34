"""Read the table of a job, with its progress reported."""

from __future__ import annotations

from contextlib import suppress

from django.conf import settings
from django.db import DatabaseError

from training.models.dataset import Dataset
from training.reading.reader import Table, read
from training.tables.schema import ReadingError, with_kinds


def read_table(dataset: Dataset, kinds: dict[str, str]) -> Table:
    """Read a table whole, and keep how many rows it has."""
    seen = dataset.preview
    columns = with_kinds(seen.columns, kinds)
    try:
        table = read(dataset.path, seen.dialect, columns, settings.TRAINING_THREADS)
    except FileNotFoundError as error:
        raise ReadingError(
            f"The file of “{dataset.name}” is gone from the data folder. Upload it again."
        ) from error
    if dataset.rows != len(table.frame):
        with suppress(DatabaseError):  # away for a while; the next training counts again
            Dataset.objects.filter(pk=dataset.pk).update(rows=len(table.frame))
    return table
