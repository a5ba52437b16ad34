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
    return [*BUNDLED, *(name for name in REAL if (DATA / f"{name}.csv").is_file())]


def held(wanted: list[str], folder: Path) -> Iterator[Held]:
    """Write each of these tables as its two files."""
    for name in wanted:
        frame, target, problem = _frame(name)
        parts = train_test_split(
            frame, test_size=0.25, random_state=7,
            stratify=None if problem == "regression" else frame[target],
        )  # fmt: skip
        paths = [folder / f"{name}-{part}.csv" for part in ("train", "test")]
        for part, path in zip(parts, paths, strict=True):
            part.to_csv(path, index=False)
        yield Held(name, problem, target, *paths)


def _frame(name: str) -> tuple[pd.DataFrame, str, str]:
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
