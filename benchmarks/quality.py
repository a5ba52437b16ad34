"""`make bench-quality`: this site and its rivals with the same budget.

All learn from the same three quarters of each table, are told the measure, and answer for the
rest, by which they are judged: AUC for two classes, log loss for several, RMSE for numbers. This
site runs as people run it: `manage.py train` and `manage.py predict` beside a real tree.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import pandas as pd
from sklearn.metrics import log_loss, mean_squared_error, roc_auc_score

from benchmarks.quality_tables import Held, held, names
from benchmarks.rival_side import TOOLS
from tests.support.running_site import Site

SIDE = Path(__file__).with_name("rival_side.py")
HERE = "here"
MEASURES = {"binary": "AUC", "multiclass": "log loss", "regression": "RMSE"}
NEAR = 0.02
LEAST = 1e-6
"""Of a probability, so that one sure and wrong answer does not outweigh all others."""
NICENESS = "5"
"""That of a training here: beside other work, a rival must not have more of the machine."""


def score(table: Held, answers: Path) -> float:
    """The measure of a file of answers on the rows held back."""
    truth = pd.read_csv(table.test)[table.target]
    said = pd.read_csv(answers)
    if table.problem == "regression":
        return float(mean_squared_error(truth, said[f"predicted {table.target}"]) ** 0.5)
    classes = sorted(truth.unique())
    if table.problem == "multiclass":
        shares = said[[f"probability of {name}" for name in classes]].to_numpy().clip(LEAST, 1)
        return float(log_loss(truth, shares / shares.sum(axis=1, keepdims=True), labels=classes))
    return float(roc_auc_score(truth == classes[1], said[f"probability of {classes[1]}"]))


def ours(site: Site, table: Held, seconds: int, out: Path) -> tuple[float, str]:
    """Train and predict here; seconds taken, and which model was best."""
    kind = "regression" if table.problem == "regression" else "classification"
    words = ["--target", table.target, "--problem", kind, "--time-limit", str(seconds)]
    began = time.monotonic()
    done = site.manage("train", str(table.train), *words, "--wait", "--json", timeout=seconds * 3)
    taken = time.monotonic() - began
    job = json.loads(done.stdout)
    if done.returncode:
        raise SystemExit(f"{table.name} could not be trained: {job['error']}")
    asked = site.manage("predict", job["id"], str(table.test), "--output", str(out), timeout=300)
    if asked.returncode:
        raise SystemExit(f"{table.name} could not be predicted: {asked.stderr}")
    return taken, job["result"]["best"]


def theirs(folder: Path, tool: str, table: Held, seconds: int, out: Path) -> float:
    """A rival in its own environment; seconds taken."""
    python = str(folder / tool / "bin" / "python")
    words = [str(table.train), str(table.test), table.target, table.problem, str(seconds)]
    cores = str(len(os.sched_getaffinity(0)))
    done = subprocess.run(
        ["nice", "-n", NICENESS, python, "-W", "ignore", str(SIDE), tool, *words, cores, str(out)],
        check=True, capture_output=True, text=True, timeout=seconds * 5,
    )  # fmt: skip
    return float(done.stdout.split()[-1])


def gain(table: Held, mine: float, other: float) -> float:
    """By how much we are better, as a share of the other's loss; negative: worse.

    The loss of an AUC is what it lacks of 1.
    """
    if table.problem == "binary":
        mine, other = 1 - mine, 1 - other
    return (other - mine) / max(other, LEAST)


def compare(
    site: Site, table: Held, seconds: int, rivals: Path, tools: list[str], folder: Path
) -> dict[str, float]:
    """Let everybody learn and answer one table; print a line for each; return the scores."""
    taken, best = ours(site, table, seconds, folder / "here.csv")
    scores = {HERE: score(table, folder / "here.csv")}
    print(f"{table.name}, {MEASURES[table.problem]}")
    print(f"  {HERE:<11}{scores[HERE]:10.4f}  {taken:4.0f} s  {best}", flush=True)
    for tool in tools:
        out = folder / f"{tool}.csv"
        taken = theirs(rivals, tool, table, seconds, out)
        scores[tool] = score(table, out)
        lead = gain(table, scores[HERE], scores[tool])  # positive: we are better
        print(f"  {tool:<11}{scores[tool]:10.4f}  {taken:4.0f} s  {lead:+.2%}", flush=True)
    return scores


def ranks(table: Held, scores: dict[str, float]) -> dict[str, float]:
    """1 for the best; equal scores share their places."""
    sign = -1 if table.problem == "binary" else 1
    placed = pd.Series(scores).mul(sign).rank()
    return {str(name): float(rank) for name, rank in placed.items()}


def summary(tables: list[Held], results: list[dict[str, float]]) -> str:
    """The mean rank of each, and how often we are near the best of all."""
    placed = [ranks(table, scores) for table, scores in zip(tables, results, strict=True)]
    means = {tool: statistics.fmean(place[tool] for place in placed) for tool in placed[0]}
    best = [
        min(gain(table, scores[HERE], other) for other in scores.values())
        for table, scores in zip(tables, results, strict=True)
    ]
    near = sum(lead >= -NEAR for lead in best)
    words = ", ".join(f"{tool} {mean:.2f}" for tool, mean in sorted(means.items()))
    losses = ", ".join(f"{t.name} {lead:+.1%}" for t, lead in zip(tables, best, strict=True))
    return (
        f"our loss beside the best: {losses}\n"
        f"mean rank: {words}; within {NEAR:.0%} of the best on {near} of {len(best)}"
    )


def main() -> None:
    """Print lines for each table, then ranks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7], help="of the split")
    parser.add_argument("--tables", nargs="+", default=names(), choices=names())
    parser.add_argument("--tools", nargs="*", default=list(TOOLS), choices=list(TOOLS))
    parser.add_argument("--rivals", type=Path, required=True, help="their environments, by name")
    options = parser.parse_args()
    tables, results = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = Site(folder, {"TRAINING_WORKERS": "1"}).start()
        try:
            for seed in options.seeds:
                for table in held(options.tables, folder, seed):
                    tables.append(table)
                    results.append(
                        compare(site, table, options.seconds, options.rivals, options.tools, folder)
                    )
        finally:
            site.stop()
    print(summary(tables, results))


if __name__ == "__main__":
    main()
