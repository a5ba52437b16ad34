"""`make bench-timeline`: what a person sees of a training, second by second, on a cold start.

A site is started, a table of 50,000 x 20 is sent at once, and the row that the page is drawn from
is watched: each change is a sign of life. Printed are the changes, the longest silence, and when
the first row and the first real model stood on the leaderboard; then the same for a second job,
which finds a child that is ready.
"""

import argparse
import itertools
import json
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.tables import write_classes
from tests.support.running_site import Site

LONGEST_SILENCE, FIRST_ROW, FIRST_MODEL, START = 5.0, 5.0, 15.0, 1.0
SHARES = {1 / 3: "a third", 1 / 2: "a half", 2 / 3: "two thirds"}
_LOOK = "select status, progress, message, live from training_trainingjob where id = ?"


@dataclass
class Seen:
    """When what was seen, in seconds since the job was submitted."""

    began: float
    moments: list[tuple[float, str]] = field(default_factory=list)
    started: float = 0.0
    first_row: float = 0.0
    first_model: float = 0.0
    left: list[tuple[float, float]] = field(default_factory=list)

    def take(self, status: str, progress: float, message: str, live: str) -> None:
        """Note a change."""
        now = time.monotonic() - self.began
        told: dict[str, Any] = json.loads(live)
        rows = [row["algorithm"] for row in told.get("leaderboard", ())]
        self.started = self.started or (now if status != "queued" else 0.0)
        self.first_row = self.first_row or (now if rows else 0.0)
        self.first_model = self.first_model or (now if set(rows) - {"baseline"} else 0.0)
        left = told.get("remaining", "")
        if left:
            self.left.append((now, left))
        line = f"{status} {progress:4.0%} {message[:70]} | rows {len(rows)} | left {left}"
        self.moments.append((now, line))

    @property
    def silence(self) -> tuple[float, float]:
        """The longest time without a change, and when it began."""
        times = [0.0, *(moment for moment, _ in self.moments)]
        return max((b - a, a) for a, b in itertools.pairwise(times))

    def guess(self, share: float) -> tuple[float, float]:
        """The remaining time that the page told after a share of the time, and the true one."""
        end = self.moments[-1][0]
        later = [(moment, left) for moment, left in self.left if moment >= end * share]
        moment, left = later[0] if later else (end, 0.0)
        return left, end - moment


def changes(database: Path, job: str) -> Iterator[tuple[Any, ...]]:
    """Yield each new state of a job until it is finished."""
    last: tuple[Any, ...] = ()
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as reader:
        while not last or last[0] in ("queued", "running"):
            found = reader.execute(_LOOK, [job]).fetchone()
            if found != last:
                last = found
                yield found
            time.sleep(0.1)


def watch(site: Site, table: Path, target: str, limit: int) -> Seen:
    """Submit a training and follow it to its end."""
    words = ["--target", target, "--time-limit", str(limit), "--json"]
    job = json.loads(site.manage("train", str(table), *words).stdout)
    late = datetime.now(UTC) - datetime.fromisoformat(job["created_at"])
    seen = Seen(time.monotonic() - late.total_seconds())
    for change in changes(site.folder / "data" / "jobsite.sqlite3", job["id"].replace("-", "")):
        seen.take(*change)
    return seen


def show(name: str, seen: Seen, lines: bool) -> None:
    """Print what was seen."""
    if lines:
        for moment, line in seen.moments:
            print(f"{moment:7.1f} s  {line}")
    silence, since = seen.silence
    print(f"{name}: end {seen.moments[-1][0]:.1f} s", end="   ")
    print(f"started {seen.started:.1f} s (target {START:.0f})", end="   ")
    print(f"first row {seen.first_row:.1f} s (target {FIRST_ROW:.0f})", end="   ")
    print(f"first model {seen.first_model:.1f} s (target {FIRST_MODEL:.0f})", end="   ")
    print(f"longest silence {silence:.1f} s after {since:.1f} s (target {LONGEST_SILENCE:.0f})")
    for share, word in SHARES.items():
        told, true = seen.guess(share)
        ratio = told / true if true else 0.0
        print(f"{name}: after {word} the page told {told:.0f} s, and it took {true:.0f} s more: "
              f"{ratio:.2f} times (target 0.5 to 2)")  # fmt: skip


def main() -> None:
    """Print the cold and the warm timeline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--limit", type=int, default=30, help="seconds of budget")
    parser.add_argument("--table", type=Path, help="a table of yours instead")
    parser.add_argument("--target", default="label")
    parser.add_argument("--lines", action="store_true", help="print every change")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = options.table or folder / "table.csv"
        if options.table is None:
            write_classes(table, options.rows, 20)
        site = Site(folder, {"TRAINING_WORKERS": "1"}).start()
        try:
            for temperature in ("cold", "warm"):
                show(temperature, watch(site, table, options.target, options.limit), options.lines)
                time.sleep(20)  # the next spare child needs its imports
        finally:
            site.stop()


if __name__ == "__main__":
    main()
