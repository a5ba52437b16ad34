"""Tables that the benchmarks of training make."""

import random
from pathlib import Path


def write_classes(path: Path, rows: int, columns: int) -> None:
    """A table of numbers and two categories with two classes in the column `label`."""
    chance = random.Random(0)
    numbers = columns - 3
    with path.open("w") as file:
        file.write(",".join(f"x{n}" for n in range(numbers)) + ",town,job,label\n")
        for _ in range(rows):
            row = [chance.gauss(0, 1) for _ in range(numbers)]
            label = sum(row[:4]) + row[4] * row[5] + chance.gauss(0, 2) > 0
            cells = ",".join(f"{number:.4f}" for number in row)
            file.write(f"{cells},{chance.choice('abcde')},{chance.choice('uvwxyz')},{int(label)}\n")
