"""From the events of an evaluation to what pages show: live state, log lines, final result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jobsite.jobs.formats import duration, score
from training.algorithms.catalogue import BASELINE, ENSEMBLE, KNOWN, Algorithm
from training.evaluation.events import (
    Event,
    Explained,
    FoldFinished,
    FoldStarted,
    Improved,
    Pulse,
    RowAdded,
    Searched,
)
from training.evaluation.runs import Fit
from training.metrics import reason
from training.modelling.experiment import Experiment
from training.modelling.task import LearningTask
from training.problem.problem_type import BINARY, CLUSTERING, MULTICLASS, REGRESSION
from training.results.leaderboard import ONLY_BASELINE, SUCCEEDED, LeaderboardRow, rank
from training.text import shown

_JOINING = ("weighing all settings", "last fit of a member")
_TOO_GOOD = {BINARY: "roc_auc", MULTICLASS: "balanced_accuracy", REGRESSION: "r2"}

_FAINT = 0.25
_REFITTED = "Refitted on all rows for download."


@dataclass(slots=True)
class ProgressReport:
    """Collects what happens in an evaluation and tells it in words and in JSON."""

    task: LearningTask
    algorithms: Sequence[Algorithm]
    warnings: tuple[str, ...]
    is_chosen: bool = False
    """Whether the owner chose the measure that ranks."""
    rows: dict[str, LeaderboardRow] = field(default_factory=dict)
    plots: list[dict[str, Any]] = field(default_factory=list)
    importance: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)
    partial: dict[str, list[float]] = field(default_factory=dict)
    search: str = ""
    """Which settings were tried, in words."""
    line: list[list[float]] = field(default_factory=list)
    """The best score against seconds."""
    pulse: Pulse = field(default_factory=lambda: Pulse(0.0, 0.0, ()))

    def take(self, event: Event) -> Iterator[tuple[str, str]]:
        """Take in an event; yield lines for the log, each with its level."""
        if isinstance(event, FoldFinished):
            self.partial.setdefault(event.algorithm, []).append(event.score)
        elif isinstance(event, RowAdded):
            self.rows[event.row.algorithm] = event.row
            yield self._line(event.row), "info" if event.row.status == SUCCEEDED else "warning"
        elif isinstance(event, Explained):
            yield from self._explained(event)
        elif isinstance(event, Searched):
            self.search = _search_in_words(event)
            yield self.search, "info"
        elif isinstance(event, Improved):
            self.line = event.line
        elif isinstance(event, Pulse):
            self.pulse = event
        else:
            assert isinstance(event, FoldStarted)

    def add_warnings(self, warnings: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Take in warnings; yield lines for the log about those that are new."""
        new = tuple(warning for warning in warnings if warning not in self.warnings)
        self.warnings += new
        yield from ((warning, "warning") for warning in new)

    def _line(self, row: LeaderboardRow) -> str:
        if row.status != SUCCEEDED:
            return f"{row.label}: {row.error}"
        metric = self.task.metric
        text = (
            f"{row.label}: {metric.label} {score(row.score)} ± {score(row.score_std)} over "
            f"{len(row.fold_scores)} folds, {duration(row.fit_seconds)} each."
        )
        return f"{text} {row.note}".strip()

    def _explained(self, event: Explained) -> Iterator[tuple[str, str]]:
        row = self.rows[event.algorithm]
        parts = event.parts
        self.plots += [plot.to_json() for plot in parts.get("plots", ())]
        if "importance" in parts:
            self.importance[event.algorithm] = parts["importance"]
        if "profile" in parts:
            self.profiles[event.algorithm] = parts["profile"]
        if "holdout" in parts:
            row = replace(row, holdout=parts["holdout"], model=parts["model"])
            row = self._with_threshold(row, parts.get("threshold"))
        if "refitted" in parts:
            row = replace(row, note=f"{row.note} {_REFITTED}".strip())
        if "note" in parts:
            row = replace(row, note=f"{row.note} {parts['note']}".strip())
            yield f"{row.label}: {parts['note']}", "warning"
        self.rows[event.algorithm] = row

    def _with_threshold(self, row: LeaderboardRow, threshold: float | None) -> LeaderboardRow:
        if threshold is None:
            return row
        said = (
            f"Says “{shown(self.task.positive, 24)}” from a probability of {threshold:.2g} on, "
            f"which is best for {self.task.metric.label}."
        )
        return replace(row, threshold=threshold, note=f"{row.note} {said}".strip())

    @property
    def message(self) -> str:
        """What runs now, in one line."""
        return " · ".join(
            f"{KNOWN[fit.key].label}: {self._doing(fit)}" for fit in self.pulse.running
        )

    def _doing(self, fit: Fit) -> str:
        if fit.key == ENSEMBLE.key:
            return "its plots" if fit.fold is None else _JOINING[fit.fold]
        if fit.fold is None:
            return "final fit and plots"
        tuning = f"setting {fit.trial + 1}, " if fit.trial else ""
        return f"{tuning}fold {fit.fold + 1} of {self.task.folds}"

    @property
    def verdict(self) -> str:
        """The best model, in one line."""
        metric = self.task.metric
        best = next(iter(rank(list(self.rows.values()), metric)), None)
        if best is None or best.status != SUCCEEDED:
            return "No model was finished."
        return (
            f"{best.label} is best: {metric.label} {score(best.score)} ± {score(best.score_std)}."
        )

    def best(self) -> dict[str, Any] | None:
        """Return the best model with its score, as lists show it; None if there is none."""
        row = next(iter(rank(list(self.rows.values()), self.task.metric)), None)
        if row is None or row.status != SUCCEEDED:
            return None
        told = {"label": row.label, "metric": self.task.metric.label}
        return {**told, "score": row.score, "spread": row.score_std}

    def live(self) -> dict[str, Any]:
        """Return what the page of a running job shows."""
        metric = self.task.metric
        waiting = [a for a in self.algorithms if a.key not in self.rows]
        return {
            "problem": self.task.kind,
            "reason": self.task.reason,
            "rows": self.task.rows,
            "metric": metric.key,
            "metric_reason": reason(self.task.kind, metric, self.is_chosen),
            "greater_is_better": metric.greater_is_better,
            "leaderboard": [row.to_json() for row in rank(list(self.rows.values()), metric)],
            "running": [
                {"label": KNOWN[fit.key].label, "doing": self._doing(fit)}
                for fit in self.pulse.running
            ],
            "waiting": [{"label": a.label, "scores": self.partial.get(a.key, [])} for a in waiting],
            "folds": self.task.folds,
            "remaining": round(self.pulse.remaining),
            "warnings": list(self.warnings),
            "search": self.search,
            "line": self.line,
        }

    def result(self, experiment: Experiment) -> dict[str, Any]:
        """Return the result of the job."""
        metric = self.task.metric
        board = rank(list(self.rows.values()), metric)
        order = {row.algorithm: place for place, row in enumerate(board)}
        return {
            "problem": self.task.kind,
            "reason": self.task.reason,
            "target": self.task.target,
            "classes": list(self.task.classes),
            "positive": self.task.positive,
            "rows": self.task.rows,
            "train_rows": len(experiment.train),
            "holdout_rows": len(experiment.holdout),
            "folds": self.task.folds,
            "seed": experiment.seed,
            "features": list(experiment.plan.features),
            "metric": metric.key,
            "metric_reason": reason(self.task.kind, metric, self.is_chosen),
            "greater_is_better": metric.greater_is_better,
            "leaderboard": [_published(row) for row in board],
            "best": board[0].algorithm if board and board[0].status == SUCCEEDED else None,
            "warnings": [*self.warnings, *self._suspicion(board)],
            "search": self.search,
            "line": self.line,
            "plots": sorted(self.plots, key=lambda plot: order[plot["algorithm"]]),
            "importance": self.importance,
            "profiles": self.profiles,
            "holdout": {row.algorithm: row.holdout for row in board if row.holdout},
        }

    def _suspicion(self, board: Sequence[LeaderboardRow]) -> Iterator[str]:
        """Say so where the best model is too good to be true."""
        best = board[0] if board else None
        if best is None or best.status != SUCCEEDED or not best.metrics:
            return
        if best.algorithm == BASELINE and any(row.status != SUCCEEDED for row in board):
            yield ONLY_BASELINE
        if self.task.kind == CLUSTERING:
            if (best.score or 0.0) < _FAINT:
                yield (
                    f"The groups run into each other (silhouette {score(best.score)}): they are a "
                    "way to cut the table into parts rather than groups that are there by "
                    "themselves."
                )
            return
        key = _TOO_GOOD[self.task.kind]
        top = self.importance.get(best.algorithm, ())
        if best.metrics[key] >= 0.999 and top:
            yield (
                f"{best.label} is nearly perfect. Mostly that means that a column gives the target "
                f"away: is “{shown(top[0]['column'])}” known at the time of a prediction?"
            )


def _published(row: LeaderboardRow) -> dict[str, Any]:
    """Return a row of the result: `error` is there only where something went wrong."""
    entry = row.to_json()
    return entry if row.error else {key: value for key, value in entry.items() if key != "error"}


def _search_in_words(event: Searched) -> str:
    """Return which settings were tried beside the defaults, and why no more."""
    if not event.tried:
        return "There was no time for other settings than the defaults."
    counts = [f"{count} of {KNOWN[key].label}" for key, count in event.tried.items()]
    text = f"Beside the defaults, more settings were tried: {', '.join(counts)}."
    if event.in_vain:
        text += (
            f" The training ended early: the last {event.in_vain} of them did not improve the best "
            "mean of models, so that more time would not help."
        )
    return text
