"""Glue in the child process of a closer look: reads all rows, notices, writes the report."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import pandas as pd
from skrub import TableReport

from jobsite.jobs.execution.outcome import JobFailed
from jobsite.jobs.execution.report import Report
from training.modelling.data_checks import check_table
from training.modelling.task import make_learning_task
from training.models.inspection import REPORT, Inspection
from training.problem.column_roles import Roles
from training.problem.problem_type import TargetError
from training.tables.schema import ReadingError
from training.tasks.load import read_table

_SAMPLE = 20_000
# The report compares each column with each other one.
_MOST_COMPARED = 40


def run(job: Inspection, report: Report) -> dict[str, Any]:
    """Look at every row. Returns what was noticed, and what was looked at."""
    dataset = job.dataset
    report.progress(0.05, "Reading all rows")
    try:
        table = read_table(dataset, dataset.options.get("kinds", {}))
    except ReadingError as error:
        raise JobFailed(str(error)) from error
    report.progress(0.4, "Checking the columns")
    proposed = dataset.proposed()
    target = proposed.name if proposed else ""
    roles = Roles.of(dataset.options)
    found = list(table.warnings)
    try:
        task = make_learning_task(table.frame, table.columns, target, roles=roles)
        found += [*task.warnings, *check_table(task, roles)]
    except TargetError as error:
        found.append(str(error))
    report.progress(0.6, "Drawing the charts")
    sample = _sample(table.frame)
    (report.directory / REPORT).write_text(_drawn(sample, dataset.name), encoding="utf-8")
    return {"rows": len(table.frame), "drawn": len(sample), "target": target, "found": found}


def _sample(frame: pd.DataFrame) -> pd.DataFrame:
    return frame if len(frame) <= _SAMPLE else frame.sample(_SAMPLE, random_state=0).sort_index()


def _drawn(sample: pd.DataFrame, name: str) -> str:
    # A column may be called $\frac{$.
    with mpl.rc_context({"text.parse_math": False}):
        few = sample.shape[1] <= _MOST_COMPARED
        made = TableReport(
            sample, title=name, verbose=0, plot_distributions=few, compute_associations=few
        )
        return str(made.html())
