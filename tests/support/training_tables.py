"""Tables for the tests of training: the real ones, where they are, and small ones made here."""

import random
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

# file name without .csv -> target, problem, rows, columns
REAL = {
    "adult": ("class", "binary", 30_162, 15),
    "auto_mpg": ("mpg", "regression", 397, 9),
    "bank_marketing": ("y", "binary", 4_119, 21),
    "bike_sharing": ("count", "regression", 10_886, 12),
    "biopics": ("subject_sex", "binary", 761, 14),
    "diamonds": ("price", "regression", 53_940, 10),
    "german_credit_noheader": ("column 21", "binary", 1_000, 21),
    "penguins": ("species", "multiclass", 344, 7),
    "soybean": ("Class", "multiclass", 683, 36),
    "telco_churn": ("Churn", "binary", 7_043, 21),
    "titanic": ("Survived", "binary", 891, 12),
    "wine_quality_red_bom": ("quality", "regression", 1_599, 12),
}


def real_table(name: str) -> Path:
    """The path of a real table, or a skip that names what is missing."""
    path = DATA / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not there: the real tables are not part of this repository")
    return path


def flowers(rows: int = 120, classes: int = 3, seed: int = 0) -> bytes:
    """A table with two numbers that tell classes apart, a category, a date and some noise."""
    chance = random.Random(seed)
    lines = ["width,height,soil,picked,note,kind"]
    for row in range(rows):
        kind = row % classes
        width = f"{kind * 2 + chance.gauss(0, 1):.3f}" if chance.random() > 0.05 else ""
        height = f"{10 - kind + chance.gauss(0, 1):.3f}"
        soil = chance.choice(["sand", "clay", "peat"])
        picked = f"2024-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        note = chance.choice(["small one", "big one", "an odd and crooked one"])
        lines.append(f"{width},{height},{soil},{picked},{note} {row},{'abcdefgh'[kind]}")
    return ("\n".join(lines) + "\n").encode()


def houses(rows: int = 120, seed: int = 0) -> bytes:
    """A table whose price follows from its size."""
    chance = random.Random(seed)
    lines = ["size,rooms,town,price"]
    for _ in range(rows):
        size = chance.randint(30, 200)
        town = chance.choice(["Ayr", "Bonn", "Cork"])
        price = size * 3.1 + (40 if town == "Bonn" else 0) + chance.gauss(0, 8)
        lines.append(f"{size},{max(1, size // 30)},{town},{price:.2f}")
    return ("\n".join(lines) + "\n").encode()
