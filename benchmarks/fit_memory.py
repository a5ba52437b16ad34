"""`make bench-fit-memory`: what training/algorithms/memory.py estimates, beside what fits hold.

Each algorithm is trained alone on tables of several shapes, one fit at a time, in a process of its
own; the peak is the memory of that process and all that it starts, shared pages counted once.
"""

import argparse
import multiprocessing
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from training.algorithms.catalogue import ALGORITHMS, chosen
from training.algorithms.memory import need
from training.evaluation.budget import EvaluationLimits
from training.evaluation.process_pool import Pool
from training.evaluation.runner import evaluate
from training.modelling.preprocessing import make_plan
from training.modelling.splits import make_experiment
from training.modelling.task import make_learning_task
from training.reading.reader import read
from training.tables.preview import read_preview

SHAPES = ((2_000, 20), (50_000, 20), (20_000, 200), (200_000, 20))
KEYS = ["linear", "tree", "boosting", "forest", "knn", "mlp", "svm"]


def table(path: Path, rows: int, columns: int) -> None:
    """A table of numbers, every tenth column of them categories, with two classes."""
    chance = np.random.default_rng(0)
    frame = pd.DataFrame(chance.normal(size=(rows, columns)).round(4)).add_prefix("x")
    for name in frame.columns[::10]:
        frame[name] = chance.choice(list("abcdefgh"), rows)
    frame["label"] = np.where(chance.normal(size=rows) + frame["x1"] > 0, "yes", "no")
    frame.to_csv(path, index=False)


def peak_of(seconds: float, stop: threading.Event, told: list[float]) -> None:
    """Keep the most that this process and its children ever hold, in MiB."""
    this = psutil.Process()
    while not stop.wait(seconds):
        total = 0
        for process in (this, *this.children(recursive=True)):
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
        told[0] = max(told[0], total / 2**20)


def measure(path: str, folder: str, key: str, answer: Any) -> None:
    """Train one algorithm; send the peak and the estimate."""
    source = Path(path)
    seen = read_preview(source, {})
    found = read(source, seen.dialect, seen.columns)
    task = make_learning_task(found.frame, found.columns, "label", 2)
    plan = make_plan(task.columns)[0]
    experiment = make_experiment(task, plan, 0)
    told, stop = [0.0], threading.Event()
    watcher = threading.Thread(target=peak_of, args=(0.05, stop, told))
    watcher.start()
    with Pool(1) as pool:
        list(
            evaluate(
                experiment, chosen([key]), EvaluationLimits(1), pool, Path(folder), Path(folder)
            )
        )
    stop.set()
    watcher.join()
    table_mb = float(experiment.features.memory_usage(deep=True).sum()) / 2**20
    found_need = need([ALGORITHMS[key]], len(experiment.train), plan.width, table_mb, 1, None)
    answer.send((told[0], found_need.megabytes))


def main() -> None:
    """Print peak, estimate and their ratio for each shape and algorithm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--algorithms", nargs="+", default=KEYS, choices=KEYS)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        for rows, columns in SHAPES:
            path = Path(name) / f"{rows}x{columns}.csv"
            table(path, rows, columns)
            for key in options.algorithms:
                here, there = context.Pipe()
                process = context.Process(target=measure, args=(str(path), name, key, there))
                process.start()
                there.close()
                peak, estimate = here.recv()
                process.join()
                print(
                    f"{rows:>8,} x {columns:<4} {key:<10} peak {peak:6,.0f} MB   "
                    f"estimate {estimate:6,.0f} MB   ratio {estimate / peak:.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
