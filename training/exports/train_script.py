"""Makes the models of a leaderboard again and compares their scores: train.py TABLE

The recipe, training.json, stands beside this file. Exit status 0: every score is the same. On
another kind of processor models with columns of text may differ from the sixth place on.
"""

from __future__ import annotations

import hashlib
import json
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from training.algorithms.catalogue import ENSEMBLE
from training.evaluation.ensemble import fit_weights
from training.evaluation.fit import FoldResult, rescored, score_fold
from training.modelling.experiment import Experiment
from training.modelling.preprocessing import make_plan
from training.modelling.splits import make_experiment
from training.modelling.task import make_learning_task
from training.problem.column_roles import Roles
from training.reading.reader import read
from training.tables.schema import Column, Dialect, with_kinds

SAME = 1e-9


def experiment_of(recipe: dict[str, Any], table: Path) -> Experiment:
    """Read the table and split its rows as the recipe says."""
    options = recipe["options"]
    columns = [Column.from_json(column) for column in recipe["columns"]]
    found = read(
        table, Dialect.from_json(recipe["dialect"]), with_kinds(columns, options.get("kinds", {}))
    )
    task = make_learning_task(
        found.frame,
        found.columns,
        recipe["target"],
        recipe["folds"],
        recipe["wanted"],
        Roles.of(options),
        options.get("positive", ""),
        recipe["metric"],
    )
    return make_experiment(task, make_plan(task.columns)[0], recipe["seed"])


def main(recipe: dict[str, Any], table: Path) -> int:
    """Print every model with the largest difference of a fold; the exit status."""
    say = sys.stdout.write
    if hashlib.sha256(table.read_bytes()).hexdigest() != recipe["sha256"]:
        say(f"{table} is not the table of this recipe: its SHA-256 differs.\n")
        return 2
    experiment = experiment_of(recipe, table)
    metric, differ = recipe["metric"], 0
    for row, results in again(experiment, recipe["leaderboard"]):
        scores = [result.scores[metric] for result in results]
        apart = max(abs(a - b) for a, b in zip(scores, row["fold_scores"], strict=True))
        differ += apart > SAME
        mean = sum(scores) / len(scores)
        say(f"{row['algorithm']:<12} {metric} {mean:.6f}  largest difference {apart:.1e}\n")
    return int(differ > 0)


def again(
    experiment: Experiment, rows: list[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], Sequence[FoldResult]]]:
    """Yield each row with the folds that are made again; the ensemble comes after its members."""
    known: dict[str, list[FoldResult]] = {}

    def results_of(key: str, settings: dict[str, Any]) -> list[FoldResult]:
        name = json.dumps([key, settings], sort_keys=True)
        if name not in known:
            folds = range(len(experiment.folds))
            results = [score_fold(experiment, key, fold, settings) for fold in folds]
            known[name] = rescored(experiment, results)
        return known[name]

    for row in sorted(rows, key=lambda row: row["algorithm"] == ENSEMBLE.key):
        settings = row["settings"] or {}
        if row["algorithm"] != ENSEMBLE.key:
            yield row, results_of(row["algorithm"], settings)
            continue
        members = settings["members"]
        answers = {
            name: experiment.in_order(
                [r.predicted for r in results_of(one["algorithm"], one["settings"])]
            )
            for name, one in members.items()
        }
        costs = {name: one["seconds"] for name, one in members.items()}
        afford = float("inf") if settings["afford"] is None else settings["afford"]
        yield row, fit_weights(experiment, answers, costs, afford).folds


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    beside = Path(__file__).with_name("training.json")
    with threadpool_limits(1):
        sys.exit(main(json.loads(beside.read_text(encoding="utf-8")), Path(sys.argv[1])))
