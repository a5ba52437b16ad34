"""`make bench-quality`: this site and FLAML with the same budget, judged on rows held back.

Both learn from the same three quarters of each table, are told the measure, and answer for the
rest. This site runs as people run it: `manage.py train` and `manage.py predict` beside a real tree.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import balanced_accuracy_score, mean_squared_error, roc_auc_score

from benchmarks.quality_tables import Held, held, names
from tests.site import Site

SIDE = Path(__file__).with_name("flaml_side.py")
MEASURES = {"binary": "AUC", "multiclass": "bal. acc.", "regression": "RMSE"}
NEAR = 0.01


def score(table: Held, answers: Path) -> float:
    """The measure of a file of answers on the rows held back."""
    truth = pd.read_csv(table.test)[table.target]
    said = pd.read_csv(answers)
    predicted = said[f"predicted {table.target}"]
    if table.problem == "regression":
        return float(mean_squared_error(truth, predicted) ** 0.5)
    if table.problem == "multiclass":
        return float(balanced_accuracy_score(truth, predicted))
    positive = sorted(truth.unique())[1]
    return float(roc_auc_score(truth == positive, said[f"probability of {positive}"]))


def ours(site: Site, table: Held, seconds: int, out: Path) -> tuple[float, str]:
    """Train and predict here; seconds taken, and which model was best."""
    kind = "regression" if table.problem == "regression" else "classification"
    words = ["--target", table.target, "--problem", kind, "--time-limit", str(seconds)]
    began = time.monotonic()
    done = site.manage("train", str(table.train), *words, "--wait", "--json", timeout=seconds * 3)
    taken = time.monotonic() - began
    job = json.loads(done.stdout)
    asked = site.manage("predict", job["id"], str(table.test), "--output", str(out), timeout=300)
    if asked.returncode:
        raise SystemExit(f"{table.name} could not be predicted: {asked.stderr}")
    return taken, job["result"]["best"]


def theirs(python: str, table: Held, seconds: int, out: Path) -> float:
    """FLAML in its own environment; seconds taken."""
    words = [str(table.train), str(table.test), table.target, table.problem, str(seconds)]
    cores = str(len(os.sched_getaffinity(0)))
    done = subprocess.run(
        [python, "-W", "ignore", str(SIDE), *words, cores, str(out)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return float(done.stdout.split()[-1])


def gain(table: Held, mine: float, other: float) -> float:
    """By how much we are better, as a share of the other's score; negative: worse."""
    difference = mine - other if table.problem != "regression" else other - mine
    return difference / abs(other)


def summary(gains: list[float]) -> str:
    """The mean ranks, and how often we are within 1 % or better."""
    ranks = [1.0 if g > 0 else 1.5 if g == 0 else 2.0 for g in gains]
    near = sum(g >= -NEAR for g in gains)
    return (
        f"mean rank: this site {statistics.fmean(ranks):.2f}, FLAML "
        f"{3 - statistics.fmean(ranks):.2f}; mean gain {np.mean(gains):+.2%}; within "
        f"{NEAR:.0%} or better on {near} of {len(gains)}"
    )


def main() -> None:
    """Print a line for each table, then ranks and means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--tables", nargs="+", default=names(), choices=names())
    parser.add_argument("--flaml", required=True, help="a Python that has FLAML")
    options = parser.parse_args()
    gains = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = Site(folder, {"TRAINING_WORKERS": "1"}).start()
        try:
            for table in held(options.tables, folder):
                here, there = folder / "ours.csv", folder / "theirs.csv"
                taken, best = ours(site, table, options.seconds, here)
                others = theirs(options.flaml, table, options.seconds, there)
                mine, other = score(table, here), score(table, there)
                gains.append(gain(table, mine, other))
                print(
                    f"{table.name:<22}{MEASURES[table.problem]:<10} here {mine:9.4f} "
                    f"({taken:3.0f} s, {best})   FLAML {other:9.4f} ({others:3.0f} s)   "
                    f"{gains[-1]:+.2%}",
                    flush=True,
                )
        finally:
            site.stop()
    print(summary(gains))


if __name__ == "__main__":
    main()
