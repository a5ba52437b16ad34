"""Tables to try a training on: those that come with scikit-learn, read without importing it."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# fmt: off
_MEASURED = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity",
    "concave_points", "symmetry", "fractal_dimension",
)
_WINE = (
    "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols",
    "flavanoids", "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue",
    "od280_od315", "proline",
)
# fmt: on


@dataclass(frozen=True, slots=True)
class SampleTable:
    """A table of scikit-learn: its file there, and the names that we give its columns.

    `classes` are the names of the numbers in its last column; empty: the target is a quantity, and
    stands in a file of its own.
    """

    key: str
    title: str
    about: str
    file: str
    columns: Sequence[str]
    target: str
    classes: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The name of the file that is made of it."""
        return f"{self.key}.csv"

    def text(self) -> str:
        """Return the table as CSV with a header."""
        rows = self._classified() if self.classes else self._measured()
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*self.columns, self.target])
        writer.writerows(rows)
        return text.getvalue()

    def _classified(self) -> list[list[str]]:
        # The first line holds the shape and the names of the classes.
        lines = (_folder() / self.file).read_text(encoding="utf-8").splitlines()[1:]
        rows = [line.split(",") for line in lines]
        return [[*row[:-1], self.classes[int(row[-1])]] for row in rows]

    def _measured(self) -> list[list[str]]:
        rows, answers = _unpacked(self.file), _unpacked("diabetes_target.csv.gz")
        return [[*row, f"{float(y):g}"] for row, (y,) in zip(rows, answers, strict=True)]


TABLES = {
    table.key: table
    for table in (
        SampleTable(
            "tumours",
            "Two classes: tumours",
            "Benign or malignant? 569 tissue samples with 30 measurements.",
            "breast_cancer.csv",
            [f"{of}_{name}" for of in ("mean", "error", "worst") for name in _MEASURED],
            "diagnosis",
            ("malignant", "benign"),
        ),
        SampleTable(
            "wine",
            "Several classes: wine",
            "Which grape? 178 wines with 13 measurements.",
            "wine_data.csv",
            _WINE,
            "cultivar",
            ("Barolo", "Grignolino", "Barbera"),
        ),
        SampleTable(
            "diabetes",
            "A quantity: diabetes",
            "How far does it progress within a year? 442 patients with 10 measurements.",
            "diabetes_data_raw.csv.gz",
            ("age", "sex", "bmi", "blood_pressure", *(f"serum_{n}" for n in range(1, 7))),
            "progression",
        ),
    )
}


def _folder() -> Path:
    """Return the folder of scikit-learn's tables; finding a package does not import it."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("scikit-learn is not installed.")
    return Path(spec.origin).parent / "datasets" / "data"


def _unpacked(file: str) -> list[list[str]]:
    with gzip.open(_folder() / file, "rt", encoding="utf-8") as lines:
        return [line.split() for line in lines]
