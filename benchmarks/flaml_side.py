"""The other side of `make bench-quality`: FLAML on one table. Runs in an environment of its own.

Arguments: TRAIN.csv TEST.csv TARGET PROBLEM SECONDS CORES OUT.csv. Standard output: seconds taken.
"""

import sys
import time
from typing import Any

import numpy as np
import pandas as pd
from flaml import AutoML
from sklearn.metrics import balanced_accuracy_score

METRICS: dict[str, Any] = {"binary": "roc_auc", "regression": "rmse"}


def balanced_error(
    x_val: Any, y_val: Any, estimator: Any, labels: Any, x_train: Any, y_train: Any, *rest: Any
) -> tuple[float, dict[str, float]]:
    """What ranks several classes on our side: each tool is told the measure it is judged by."""
    error = 1 - balanced_accuracy_score(y_val, estimator.predict(x_val))
    return error, {"error": error}


def main() -> None:
    """Fit, predict, write."""
    train, test, target, problem, seconds, cores, out = sys.argv[1:]
    learnt, asked = pd.read_csv(train), pd.read_csv(test)
    automl = AutoML()
    began = time.monotonic()
    automl.fit(
        X_train=learnt.drop(columns=[target]),
        y_train=learnt[target],
        task="regression" if problem == "regression" else "classification",
        metric=METRICS.get(problem, balanced_error),
        time_budget=float(seconds),
        n_jobs=int(cores),
        seed=0,
        verbose=0,
    )
    taken = time.monotonic() - began
    features = asked.drop(columns=[target])
    made: dict[str, Any] = {f"predicted {target}": automl.predict(features)}
    if problem != "regression":
        shares = np.asarray(automl.predict_proba(features))
        for position, name in enumerate(automl.classes_):
            made[f"probability of {name}"] = shares[:, position]
    pd.DataFrame(made).to_csv(out, index=False)
    print(taken)


if __name__ == "__main__":
    main()
