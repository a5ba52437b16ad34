"""`make bench-training`: the same folds and models in a plain script and in a job, side by side.

Both fit every fold and every final model of a table made here, save the models and draw what a
result page shows. The script does so with joblib in one process tree; the job goes through a real
`manage.py up`, with queue, claim, child, budget, live page and result.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from benchmarks.tables import write_classes
from tests.support.running_site import Site

ALGORITHMS = ["baseline", "linear", "tree", "boosting", "forest"]
TARGET_RATIO = 1.10
SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from joblib import Parallel, delayed
from benchmarks.training import ALGORITHMS
from training.algorithms.catalogue import ALGORITHMS as KNOWN
from training.evaluation.final_fit import finish
from training.evaluation.fit import score_fold
from training.modelling.preprocessing import make_plan
from training.tables.preview import HEAD_BYTES, preview
from training.reading.reader import read
from training.modelling.splits import make_contest
from training.modelling.task import make_task

table, out, cores = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
seen = preview(table.read_bytes()[:HEAD_BYTES], table.stat().st_size)
found = read(table, seen.dialect, seen.columns)
task = make_task(found.frame, found.columns, "label")
contest = make_contest(task, make_plan(task.columns)[0], 0)
contest.save(out / "experiment.joblib")
order = sorted(ALGORITHMS, key=lambda key: KNOWN[key].cost)
pieces = [(key, fold) for key in order for fold in range(len(contest.folds))]
parallel = Parallel(n_jobs=cores)
results = parallel(delayed(score_fold)(contest, key, fold, {}) for key, fold in pieces)
places = [np.searchsorted(contest.tested, test) for _, test in contest.folds]
def last(key):
    mine = [result for piece, result in zip(pieces, results) if piece[0] == key]
    answers = np.empty((len(contest.tested), *mine[0].predicted.shape[1:]))
    for place, result in zip(places, mine):
        answers[place] = result.predicted
    return len(list(finish(out / "experiment.joblib", key, {}, out, answers, False)))
print(sum(parallel(delayed(last)(key) for key in order)))
"""


def script_seconds(table: Path, folder: Path, cores: int) -> float:
    """Seconds of the plain script, imports and all."""
    folder.mkdir()
    began = time.perf_counter()
    words = [sys.executable, "-W", "ignore", "-c", SCRIPT, str(table), str(folder), str(cores)]
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **limits})
    return time.perf_counter() - began


def job_seconds(site: Site, table: Path) -> float:
    """Seconds from the submission of the job to its end."""
    words = ["--target", "label", "--algorithms", *ALGORITHMS, "--no-tune", "--time-limit", "3600"]
    done = site.manage("train", str(table), *words, "--wait", "--json", timeout=3600)
    job = json.loads(done.stdout)
    ends = [datetime.fromisoformat(job[name]) for name in ("created_at", "finished_at")]
    return (ends[1] - ends[0]).total_seconds()


def main() -> None:
    """Print both times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=30_000)
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = folder / "table.csv"
        write_classes(table, options.rows, 18)
        script = script_seconds(table, folder / "script", cores)
        site = Site(folder, {"TRAINING_WORKERS": "1"}).start()
        try:
            job = job_seconds(site, table)
        finally:
            site.stop()
    print(f"{options.rows:,} rows, {', '.join(ALGORITHMS)}, {cores} cores")
    print(f"plain script {script:7.1f} s    job {job:7.1f} s    ratio {job / script:.2f}", end="")
    print(f"   (target at most {TARGET_RATIO:.2f})")


if __name__ == "__main__":
    main()
