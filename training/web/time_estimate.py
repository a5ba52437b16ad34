"""How long a training of a table will probably take, in words."""

from __future__ import annotations

from django.db.models import F

from jobsite.jobs import formats
from jobsite.jobs.status import Status
from training.models.dataset import Dataset

# Cells of a table (rows x columns) up to which all algorithms took so long on two cores, untuned.
_MEASURED = ((20_000, "less than a minute"), (200_000, "1 to 3 min"), (1_000_000, "3 to 10 min"))
_LARGE = "The table is large: all of the time will probably be used."


def expected_duration(dataset: Dataset) -> str:
    """Return how long all algorithms took on this table, or probably take on one of its size."""
    done = dataset.jobs.filter(status=Status.SUCCEEDED).order_by("-finished_at")
    last = done.annotate(took=F("finished_at") - F("started_at")).values("took").first()
    if last is not None and last["took"]:
        took = formats.duration(last["took"].total_seconds())
        return f"The last training on this table took {took}."
    if dataset.rows is None:
        return _LARGE
    cells = dataset.rows * len(dataset.preview.columns)
    usual = next((words for most, words in _MEASURED if cells <= most), "")
    if not usual:
        return _LARGE
    return (
        f"Each algorithm once takes {usual} for a table of this size, tuning the rest of the time."
    )
