"""Reading 500 MB of CSV: the reader of the site beside a plain pandas script of the same work.

Each runs in a fresh process, which reports its own peak of memory. Options: --mb, --runs.
With --right, how many awkward tables are read right instead (--annotated LIST adds some).
Ends with status 1 where the reader takes more than 1.3 times the plain script's time, or more
memory than 250 MB + 6 times the file.
"""

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from benchmarks import reading_right
from training.reading.reader import read
from training.tables.preview import HEAD_BYTES, preview

MOST_TIME, MOST_MB, MOST_TIMES_FILE = 1.3, 250, 6
THREADS = 2
BLOCK_ROWS = 20_000
DATES, WORDS = ("picked",), ("town", "colour", "paid", "code")
HEADER = ",".join([*(f"x{n}" for n in range(8)), "whole", "picked", "town", "colour", "paid",
                   "code", "price"]) + "\n"  # fmt: skip


def make(path: Path, mb: int) -> None:
    """Write a table of numbers, a date, categories and gaps; a block of rows is repeated."""
    chance = random.Random(0)
    towns = [f"town {n}" for n in range(300)]
    lines = []
    for _ in range(BLOCK_ROWS):
        numbers = [f"{chance.gauss(0, 100):.5f}" for _ in range(8)]
        numbers[3] = "" if chance.random() < 0.1 else numbers[3]
        day = f"2024-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        words = [chance.choice(towns), chance.choice(("red", "green", "blue")), "yes", "0012"]
        price = f"{chance.randint(1, 10**6) / 100}"
        lines.append(",".join([*numbers, str(chance.randint(0, 10**6)), day, *words, price]))
    block = "\n".join(lines).encode() + b"\n"
    with path.open("wb") as file:
        file.write(HEADER.encode())
        while file.tell() < mb * 2**20:
            file.write(block)


def ours(path: Path) -> int:
    """Read as a training does: with the kinds of the head checked again over all rows."""
    with path.open("rb") as file:
        seen = preview(file.read(HEAD_BYTES), path.stat().st_size)
    return len(read(path, seen.dialect, seen.columns, THREADS).frame)


def plain(path: Path) -> int:
    """What a person writes who knows the columns: types told, values counted and compared."""
    types = dict.fromkeys(WORDS, "category")
    frame = pd.read_csv(path, dtype=types, parse_dates=list(DATES))
    for name in frame.columns:
        frame[name].isna().sum()
        frame[name].nunique()
        if name not in WORDS:
            frame[name].min()
            frame[name].max()
    return len(frame)


def measured(way: str, path: Path) -> tuple[float, float]:
    """Seconds and MB of one way in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.reading", "--only", way, str(path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    seconds, mb, _rows = done.stdout.split()
    return float(seconds), float(mb)


def only(way: str, path: Path) -> None:
    """Run one way here and print what it took."""
    began = time.perf_counter()
    rows = {"ours": ours, "plain": plain}[way](path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(time.perf_counter() - began, peak, rows)


def main() -> int:
    """Print both, their ratio, and whether that is within the bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=500)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=["ours", "plain"])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--right", action="store_true")
    parser.add_argument("--annotated", type=Path, action="append", default=[])
    asked = parser.parse_args()
    if asked.right:
        return reading_right.main(asked.annotated)
    if asked.only:
        only(asked.only, asked.file)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        make(path, asked.mb)
        size = path.stat().st_size / 2**20
        found = {"plain": [], "ours": []}
        for _ in range(asked.runs):
            for way, runs in found.items():
                runs.append(measured(way, path))
    for way, runs in found.items():
        seconds = ", ".join(f"{took:.1f}" for took, _ in runs)
        print(f"{way:>6}: {seconds} s; peak {max(mb for _, mb in runs):,.0f} MB")
    ratio = min(t for t, _ in found["ours"]) / min(t for t, _ in found["plain"])
    peak, most = max(mb for _, mb in found["ours"]), MOST_MB + MOST_TIMES_FILE * size
    middle = statistics.median(t for t, _ in found["ours"])
    print(f"{size:,.0f} MB read in {middle:.1f} s, {ratio:.2f} times the plain script's time "
          f"(at most {MOST_TIME}); peak {peak:,.0f} MB of {most:,.0f} allowed.")  # fmt: skip
    return 0 if ratio <= MOST_TIME and peak <= most else 1


if __name__ == "__main__":
    sys.exit(main())
