"""Glue in the child process of a prediction: reads rows and a model, answers, reports."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

# Loading a model imports the modules of its parts: here once, for all jobs that are forked.
import training.modelling.preprocessing  # noqa: F401
from jobsite.jobs.execution.outcome import JobFailed
from jobsite.jobs.execution.report import Report
from training.algorithms import model_file
from training.algorithms.catalogue import BASELINE
from training.models.prediction import RESULT_FILE, Prediction
from training.prediction.align_rows import Aligned, Finding, align
from training.prediction.known_answers import KnownAnswers, read_known, score_of
from training.prediction.predict import Answers, answer, write
from training.prediction.sent_rows import SentRows, read_sent, sent_rows
from training.results.input_schema import Inputs
from training.tables.schema import Dialect, Preview, ReadingError, with_kinds
from training.text import counted

_SHOWN = 20
_MOST_INPUTS = 40  # columns of a row that the result holds
_MOST_CLASSES = 3
_EVERY = 0.5


def run(job: Prediction, report: Report) -> dict[str, Any]:
    """Answer every row. Returns the result of the job."""
    began = time.monotonic()
    training, trained = job.training, job.training.result or {}
    report.progress(0.02, "Reading the rows")
    try:
        inputs = Inputs.load(training.artifacts)
        _refuse_other_width(job, inputs)
        sent = _rows(job, inputs, lambda n: report.progress(0.1, f"Read {n:,} rows"))
        aligned = align(sent, inputs, training.target, bool((job.head or {}).get("told")))
        report.progress(0.3, "Loading the model")
        sha256 = trained.get("model_sha256", {}).get(job.model_path.name, "")
        model = model_file.load(job.model_path, sha256)
    except FileNotFoundError as error:
        raise JobFailed(_gone(Path(str(error.filename)), job)) from error
    except (ReadingError, model_file.ModelFileError) as error:
        raise JobFailed(str(error)) from error
    findings = [*aligned.findings, *_about_model(job.algorithm)]
    for finding in findings:
        report.event(finding.sentence, "warning")
    problem = trained["problem"]
    answers = _answers(model, aligned, problem, report)
    report.progress(0.95, "Writing the predictions")
    texts = sent.frame
    path = report.directory / RESULT_FILE
    rows = aligned.features.index.tolist()
    write(path, texts, training.subject, answers, rows, aligned.notes)
    places = {row: place for place, row in enumerate(rows)}
    known = _known(sent, training, inputs)
    scored = score_of(problem, known, answers, rows) if known else None
    seconds = time.monotonic() - began
    report.event(f"Predicted {counted(len(texts), 'row')} in {seconds:.1f} s.")
    report.update(brief=_brief(training.subject, answers, scored))
    return {
        "training": str(training.pk),
        "algorithm": job.algorithm,
        "target": training.subject,
        "problem": problem,
        "rows": len(texts),
        "seconds": round(seconds, 2),
        "findings": [finding.to_json() for finding in findings],
        "predictions": [
            {
                **_shown_row(answers, aligned, position, places.get(position)),
                **({"actual": known.at(position)} if known else {}),
                **({} if job.rows else {"inputs": _sent_cells(sent, training.target, position)}),
            }
            for position in range(len(texts) if job.rows else min(_SHOWN, len(texts)))
        ],
        "score": scored,
        "summary": answers.summary(),
    }


def _rows(job: Prediction, inputs: Inputs, on_rows: Callable[[int], None]) -> SentRows:
    if job.rows:
        return sent_rows(job.rows, inputs.dialect or Dialect())
    return read_sent(job.input_path, Preview.from_json(job.head or {}), on_rows)


def _known(sent: SentRows, training: Any, inputs: Inputs) -> KnownAnswers | None:
    """Return the target of the rows, if they have such a column."""
    if not training.target or training.target not in sent.frame:
        return None
    columns = with_kinds(training.dataset.preview.columns, training.options.get("kinds", {}))
    column = next((one for one in columns if one.name == training.target), None)
    if column is None:
        return None
    texts = sent.frame[training.target]
    classes = (training.result or {}).get("classes", ())
    known = read_known(texts, column, classes, inputs.dialect or sent.dialect)
    return None if np.isnan(known.values).all() else known


def _sent_cells(sent: SentRows, target: str, position: int) -> dict[str, str]:
    """Return the cells of a row, by column; the target stands beside the answer."""
    names = [str(name) for name in sent.frame.columns if name != target][:_MOST_INPUTS]
    cells = ((name, sent.frame[name].iloc[position]) for name in names)
    return {name: cell if isinstance(cell, str) else "" for name, cell in cells}


def _brief(target: str, answers: Answers, scored: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a list shows: the answer of one row, or what all answers look like."""
    summary = answers.summary()
    common: dict[str, Any] = {"target": target, "rows": len(answers.said)}
    if scored:
        common |= {"score": scored["metrics"], "scored": scored["rows"]}
    if len(answers.said) == 1:
        sure = None if answers.sure is None else float(answers.sure[0])
        return {**common, "answer": answers.row(0)["answer"], "sure": sure}
    if "counts" in summary:
        return {**common, "counts": dict(list(summary["counts"].items())[:_MOST_CLASSES])}
    return {**common, **summary}


def _shown_row(
    answers: Answers, aligned: Aligned, position: int, place: int | None
) -> dict[str, Any]:
    """Return the answer of a row as the result holds it, with its note if there is one.

    `place` is where the answers have it; None: the row could not be read.
    """
    found = {"answer": None} if place is None else answers.row(place)
    note = aligned.notes.get(position)
    return {**found, "note": note} if note else found


def _about_model(algorithm: str) -> Iterator[Finding]:
    if algorithm == BASELINE:
        yield Finding(
            "baseline",
            (),
            0,
            "The baseline uses no column: it predicts the same for every row. Choose another "
            "model, or train with more time.",
        )


def _refuse_other_width(job: Prediction, inputs: Inputs) -> None:
    if job.rows or inputs.header:
        return
    width = len(job.head["columns"]) if job.head else 0
    if width != inputs.width:
        raise ReadingError(
            f"The model was trained on a table without names, so that columns are known by their "
            f"place. That table has {inputs.width} columns and this one {width}. Send rows with "
            "the same columns; the one of the target may be empty."
        )


def _answers(model: Any, aligned: Aligned, problem: str, report: Report) -> Answers:
    total, reported_at = len(aligned.features), 0.0
    for step in answer(model, aligned.features, problem):
        if isinstance(step, Answers):
            return step
        if time.monotonic() - reported_at > _EVERY:
            reported_at = time.monotonic()
            report.progress(0.35 + 0.6 * step / total, f"{step:,} of {total:,} rows predicted")
    raise AssertionError("answer() ends with the answers")


def _gone(path: Path, job: Prediction) -> str:
    if path == job.input_path:
        return "The file of rows is gone from the data folder. Send it again."
    return (
        f"The model “{job.algorithm}” of “{job.training.name}” is gone from the data folder. "
        "Train again, then predict."
    )
