"""The tables of `make bench-quality`: those of scikit-learn, and real ones where they are there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
BUNDLED = {
    "breast_cancer": ("binary", datasets.load_breast_cancer),
    "digits": ("multiclass", datasets.load_digits),
    "diabetes": ("regression", datasets.load_diabetes),
}
# name -> target, problem, columns that give the answer away or name rows, how pandas reads it
REAL: dict[str, tuple[str, str, list[str], dict[str, Any]]] = {
    "titanic": ("Survived", "binary", ["PassengerId"], {}),
    "telco_churn": ("Churn", "binary", ["customerID"], {"na_values": [" "]}),
    "bank_marketing": ("y", "binary", ["duration"], {"sep": ";"}),
    "adult": ("class", "binary", [], {}),
    "soybean": ("Class", "multiclass", [], {}),
    "wine_quality_red_bom": ("quality", "regression", [], {"encoding": "utf-8-sig"}),
    "diamonds": ("price", "regression", [], {}),
    "bike_sharing": ("count", "regression", ["casual", "registered"], {}),
    "auto_mpg": ("mpg", "regression", ["name"], {"na_values": ["?"]}),
}


MADE = {"made_classes": "multiclass", "made_numbers": "regression"}
"""100,000 rows each, with columns that say nothing, bends and interplay."""


@dataclass(frozen=True)
class Held:
    """A table in two files: one to learn from, one that is held back."""

    name: str
    problem: str
    target: str
    train: Path
    test: Path


def names() -> list[str]:
    """The tables that are there."""
    return [*BUNDLED, *MADE, *(name for name in REAL if (DATA / f"{name}.csv").is_file())]


def held(wanted: list[str], folder: Path, seed: int) -> Iterator[Held]:
    """Write each of these tables as its two files, split by this seed."""
    for name in wanted:
        frame, target, problem = _frame(name)
        parts = train_test_split(
            frame, test_size=0.25, random_state=seed,
            stratify=None if problem == "regression" else frame[target],
        )  # fmt: skip
        paths = [folder / f"{name}-{part}.csv" for part in ("train", "test")]
        for part, path in zip(parts, paths, strict=True):
            part.to_csv(path, index=False)
        yield Held(name, problem, target, *paths)


def _made(name: str) -> pd.DataFrame:
    if name == "made_numbers":
        x, y = datasets.make_friedman1(100_000, n_features=15, noise=2.0, random_state=0)
        return pd.DataFrame(x).add_prefix("x").assign(target=y)
    x, y = datasets.make_classification(
        100_000, n_features=20, n_informative=8, n_classes=4, n_clusters_per_class=3,
        flip_y=0.05, class_sep=0.8, random_state=0,
    )  # fmt: skip
    return pd.DataFrame(x).add_prefix("x").assign(target=pd.Series(y).astype(str).radd("c"))


def _frame(name: str) -> tuple[pd.DataFrame, str, str]:
    if name in MADE:
        return _made(name), "target", MADE[name]
    if name in BUNDLED:
        problem, load = BUNDLED[name]
        frame = load(as_frame=True).frame
        if problem != "regression":
            frame["target"] = "c" + frame["target"].astype(str)
        return frame, "target", problem
    target, problem, dropped, how = REAL[name]
    frame = pd.read_csv(DATA / f"{name}.csv", **how).drop(columns=dropped)
    if problem != "regression":
        frame[target] = "c" + frame[target].astype(str)
    return frame, target, problem
