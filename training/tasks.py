"""Glue in the child process of a training: reads the row, drives the pure modules, reports.

Nothing but that child imports this module: it loads pandas, scikit-learn and matplotlib.
"""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings

from jobsite.jobs.child import Report
from jobsite.jobs.outcome import JobFailed
from training import pool
from training.catalogue import chosen
from training.evaluation import Settings, evaluate
from training.events import Pulse
from training.models import Dataset, TrainingJob
from training.pipeline import make_plan
from training.problem import TargetError
from training.reading import Table, read
from training.report import Story
from training.roles import Roles
from training.splits import make_contest
from training.table import ReadingError, with_kinds
from training.target import make_task

_REPORT_EVERY = 0.5

# The server of the pool needs seconds to import what it forks later. Started here, it does so
# while this process waits for its job.
pool.warm()


def run(job: TrainingJob, report: Report) -> dict[str, Any]:
    """Train, compare and explain. Returns the result of the job."""
    began = time.monotonic()
    report.update(live={})
    report.progress(0, f"Reading {job.dataset.name}")
    try:
        table = _read(job.dataset, job.options.get("kinds", {}))
        report.event(f"Read {len(table.frame):,} rows and {len(table.columns)} columns.")
        roles = Roles.of(job.options)
        task = make_task(table.frame, table.columns, job.target, job.folds, job.wanted, roles)
        plan, left_out = make_plan(task.columns)
    except (ReadingError, TargetError) as error:
        raise JobFailed(str(error)) from error
    story = Story(task, chosen(job.algorithms), table.warnings + task.warnings + left_out)
    report.event(task.reason)
    for warning in story.warnings:
        report.event(warning, "warning")
    contest = make_contest(task, plan, job.seed)
    deadline = None if job.time_limit is None else began + job.time_limit
    limits = Settings(settings.TRAINING_THREADS, deadline)
    del table
    told = 0.0
    with pool.Pool(limits.cores) as workers:
        for event in evaluate(
            contest, story.algorithms, limits, workers, report.directory, report.directory
        ):
            lines = list(story.take(event))
            for text, level in lines:
                report.event(text, level)
            if lines or (isinstance(event, Pulse) and time.monotonic() - told > _REPORT_EVERY):
                told = time.monotonic()
                report.progress(story.pulse.done, story.message)
                report.update(live=story.live())
    report.event(story.verdict)
    # From here on pages read the result; lists, which do not load results, show the verdict.
    report.update(live={"verdict": story.verdict})
    return story.result(contest)


def _read(dataset: Dataset, kinds: dict[str, str]) -> Table:
    seen = dataset.preview
    columns = with_kinds(seen.columns, kinds)
    try:
        table = read(dataset.path, seen.dialect, columns, settings.TRAINING_THREADS)
    except FileNotFoundError as error:
        raise ReadingError(
            f"The file of “{dataset.name}” is gone from the data folder. Upload it again."
        ) from error
    if dataset.rows != len(table.frame):
        Dataset.objects.filter(pk=dataset.pk).update(rows=len(table.frame))
    return table
