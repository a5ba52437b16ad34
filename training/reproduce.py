"""Makes the models of a leaderboard again and compares their scores: train.py TABLE

The recipe, training.json, stands beside this file. Exit status 0: every score is the same.
"""

from __future__ import annotations

import hashlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from training.fits import Contest, score_fold
from training.pipeline import make_plan
from training.reading import read
from training.roles import Roles
from training.splits import make_contest
from training.table import Column, Dialect, with_kinds
from training.target import make_task

SAME = 1e-9


def contest_of(recipe: dict[str, Any], table: Path) -> Contest:
    """Read the table and split its rows as the recipe says."""
    options = recipe["options"]
    columns = [Column.from_json(column) for column in recipe["columns"]]
    found = read(
        table, Dialect.from_json(recipe["dialect"]), with_kinds(columns, options.get("kinds", {}))
    )
    task = make_task(
        found.frame,
        found.columns,
        recipe["target"],
        recipe["folds"],
        recipe["wanted"],
        Roles.of(options),
    )
    return make_contest(task, make_plan(task.columns)[0], recipe["seed"])


def main(recipe: dict[str, Any], table: Path) -> int:
    """Print every model with the largest difference of a fold; the exit status."""
    say = sys.stdout.write
    if hashlib.sha256(table.read_bytes()).hexdigest() != recipe["sha256"]:
        say(f"{table} is not the table of this recipe: its SHA-256 differs.\n")
        return 2
    contest = contest_of(recipe, table)
    metric, differ = recipe["metric"], 0
    for row in recipe["leaderboard"]:
        key, settings = row["algorithm"], row["settings"] or {}
        if key == "ensemble":
            continue
        folds = range(len(contest.folds))
        scores = [score_fold(contest, key, fold, settings).scores[metric] for fold in folds]
        apart = max(abs(a - b) for a, b in zip(scores, row["fold_scores"], strict=True))
        differ += apart > SAME
        mean = sum(scores) / len(scores)
        say(f"{key:<12} {metric} {mean:.6f}  largest difference {apart:.1e}\n")
    return int(differ > 0)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    beside = Path(__file__).with_name("training.json")
    with threadpool_limits(1):
        sys.exit(main(json.loads(beside.read_text(encoding="utf-8")), Path(sys.argv[1])))
