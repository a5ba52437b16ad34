"""Glue in the child process of a training: reads the row, drives the pure modules, reports.

Nothing but that child imports this module: it loads pandas, scikit-learn and matplotlib.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from typing import Any

from django.conf import settings

from jobsite.jobs.execution.outcome import JobFailed
from jobsite.jobs.execution.report import Report
from training.algorithms import model_file
from training.algorithms.catalogue import chosen, groupings
from training.algorithms.memory import need, refusal
from training.evaluation.budget import EvaluationLimits
from training.evaluation.events import Pulse
from training.evaluation.fit_pool import FitPool, PoolUnfit
from training.evaluation.process_pool import Pool
from training.evaluation.runner import evaluate
from training.exports.write import write_all
from training.modelling.data_checks import check_table
from training.modelling.experiment import Experiment
from training.modelling.preprocessing import make_plan
from training.modelling.splits import how, make_experiment
from training.modelling.task import make_learning_task
from training.models.training_job import NO_RAY, TrainingJob
from training.prediction.learn_schema import inputs_of
from training.problem.column_roles import Roles
from training.problem.problem_type import CLUSTERING, TargetError
from training.results.leaderboard import SKIPPED, LeaderboardRow
from training.tables.schema import ReadingError
from training.tasks.load import read_table
from training.tasks.progress import ProgressReport

_REPORT_EVERY = 0.5
log = logging.getLogger(__name__)


def run(job: TrainingJob, report: Report) -> dict[str, Any]:
    """Train, compare and explain. Returns the result of the job."""
    report.update(live={})
    try:
        with report.working(0, f"Reading {job.dataset.name}"):
            progress_report, experiment = _prepare(job, report)
    except (ReadingError, TargetError) as error:
        raise JobFailed(str(error)) from error
    report.event(progress_report.task.reason)
    for warning in progress_report.warnings:
        report.event(warning, "warning")
    cores = _refuse_large(progress_report, experiment, job.memory_limit_mb)
    for row in progress_report.rows.values():
        report.event(f"{row.label}: {row.error}", "warning")
    # Looking at every column alone takes seconds in which the first fits can be running.
    aside = ThreadPoolExecutor(1)
    checks = aside.submit(check_table, progress_report.task, Roles.of(job.options), job.seed)
    try:
        _compete(job, cores, progress_report, experiment, report, checks)
    except PoolUnfit as error:
        raise JobFailed(str(error)) from error
    report.event(progress_report.verdict)
    # From here on pages read the result; lists, which do not load results, show the verdict.
    report.update(live={"verdict": progress_report.verdict, "best": progress_report.best()})
    result = progress_report.result(experiment)
    result["model_sha256"] = model_file.hashes(report.directory)
    result["model_bytes"] = model_file.sizes(report.directory)
    write_all(result, facts_of(job), report.directory)
    return result


def _limits(job: TrainingJob, cores: int) -> EvaluationLimits:
    """Return the limits of an evaluation that begins now: its budget is for fits alone."""
    tune = job.tune and job.wanted != CLUSTERING
    return EvaluationLimits(
        cores=cores,
        memory_mb=job.memory_limit_mb,
        deadline=None if job.time_limit is None else time.monotonic() + job.time_limit,
        tune=tune,
        ensemble=tune,
        is_enough=job.asks_to_keep,
    )


def facts_of(job: TrainingJob) -> dict[str, Any]:
    """Return what a recipe needs besides the result."""
    seen = job.dataset.preview
    return {
        "name": job.dataset.name,
        "sha256": job.dataset.sha256,
        "dialect": seen.dialect.to_json(),
        "columns": [column.to_json() for column in seen.columns],
        **{name: getattr(job, name) for name in ("target", "folds", "wanted", "seed", "options")},
    }


def _prepare(job: TrainingJob, report: Report) -> tuple[ProgressReport, Experiment]:
    """Read the table and settle the terms."""
    table = read_table(job.dataset, job.options.get("kinds", {}))
    report.event(f"Read {len(table.frame):,} rows and {len(table.columns)} columns.")
    roles = Roles.of(job.options)
    positive = job.options.get("positive", "")
    task = make_learning_task(
        table.frame, table.columns, job.target, job.folds, job.wanted, roles, positive, job.metric
    )
    plan, left_out = make_plan(task.columns)
    dialect = job.dataset.preview.dialect
    inputs_of(task.features, table.columns, plan.features, dialect).save(report.directory)
    warnings = table.warnings + task.warnings + left_out
    groups = job.wanted == CLUSTERING
    progress_report = ProgressReport(
        task,
        groupings(task.rows) if groups else chosen(job.algorithms),
        warnings,
        is_chosen=bool(job.metric),
    )
    if split := how(task):
        report.event(split)
    return progress_report, make_experiment(task, plan, job.seed)


def _refuse_large(
    progress_report: ProgressReport, experiment: Experiment, limit_mb: int | None
) -> int:
    """Leave out what would not fit into memory, with its reason on the leaderboard.

    Returns how many fits can run side by side.
    """
    if limit_mb is None:
        return int(settings.TRAINING_THREADS)
    table_mb = float(experiment.features.memory_usage(deep=True).sum()) / 2**20
    found = need(
        progress_report.algorithms,
        len(experiment.train),
        experiment.plan.width,
        table_mb,
        settings.TRAINING_THREADS,
        limit_mb,
    )
    if len(found.too_large) == len(progress_report.algorithms):
        raise JobFailed(refusal(found, limit_mb))
    for algorithm in progress_report.algorithms:
        if reason := found.too_large.get(algorithm.key):
            progress_report.rows[algorithm.key] = LeaderboardRow(
                algorithm.key, algorithm.label, SKIPPED, error=reason
            )
    return found.cores


def _pool(job: TrainingJob, cores: int) -> FitPool:
    """Return the pool of this machine, or that of the cluster that the site uses."""
    if not settings.TRAINING_CLUSTER:
        return Pool(cores)
    try:
        ray_pool = import_module("training.cluster.ray_pool")  # without a cluster, Ray is not here
    except ImportError as error:
        raise JobFailed(NO_RAY) from error
    return ray_pool.RayPool(settings.TRAINING_CLUSTER, job.memory_limit_mb)


def _compete(
    job: TrainingJob,
    cores: int,
    progress_report: ProgressReport,
    experiment: Experiment,
    report: Report,
    checks: Future[tuple[str, ...]],
) -> None:
    """Run the evaluation and report it, with what the checks of the table find meanwhile."""
    reported_at, folder = 0.0, report.directory
    with _pool(job, cores) as workers:
        with report.working(0.01, "Starting"):
            workers.wait_ready()
        running = [
            entry for entry in progress_report.algorithms if entry.key not in progress_report.rows
        ]
        limits = _limits(job, workers.slots)
        for event in evaluate(experiment, running, limits, workers, folder, folder):
            lines = list(progress_report.take(event))
            if checks.done():
                lines += progress_report.add_warnings(_seen(checks))
            for text, level in lines:
                report.event(text, level)
            if lines or (
                isinstance(event, Pulse) and time.monotonic() - reported_at > _REPORT_EVERY
            ):
                reported_at = time.monotonic()
                report.progress(progress_report.pulse.done, progress_report.message)
                report.update(live=progress_report.live())
    for text, level in progress_report.add_warnings(_seen(checks)):
        report.event(text, level)


def _seen(checks: Future[tuple[str, ...]]) -> tuple[str, ...]:
    """Return what was noticed. No oddity of a column may cost the job its models."""
    error = checks.exception()
    if error is None:
        return checks.result()
    log.error("The checks of the columns failed.", exc_info=error)
    return ("The columns could not be checked for leaks and repeated rows before training.",)
