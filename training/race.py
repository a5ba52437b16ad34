"""How far each algorithm is: pure book-keeping, no processes and no clock of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from training.catalogue import Algorithm
from training.fits import FoldResult

FINAL = None
# The last fit of an algorithm sees all folds, and plots and importance are made after it.
_FINAL_FITS, _FINAL_SECONDS = 1.3, 2.0
Piece = tuple[str, int | None]


@dataclass(slots=True)
class Lane:
    """One algorithm on its way."""

    algorithm: Algorithm
    folds: int
    waiting: list[int] = field(default_factory=list)
    results: dict[int, FoldResult] = field(default_factory=dict)
    ended: bool = False
    final_started: bool = False
    steps: int = 0
    """How much of the explanation is there: 1 hold-out and file, 2 plots, 3 importance."""

    def __post_init__(self) -> None:
        self.waiting = list(range(self.folds))

    @property
    def unexplained(self) -> str:
        """What of the explanation is missing, in words."""
        return ("its hold-out check, file and plots", "its plots", "its importances")[
            min(self.steps, 2)
        ]

    @property
    def is_scored(self) -> bool:
        """True once every fold has a score."""
        return len(self.results) == self.folds

    @property
    def fold_seconds(self) -> float | None:
        """Mean time of a fold so far."""
        times = [result.seconds for result in self.results.values()]
        return sum(times) / len(times) if times else None


class Race:
    """All algorithms of a job, cheap ones first."""

    def __init__(self, algorithms: list[Algorithm], folds: int, slots: int) -> None:
        self.lanes = {entry.key: Lane(entry, folds) for entry in algorithms}
        self.slots = slots

    def next_piece(self) -> Piece | None:
        """Return the piece of work to start now: a last fit that is due, else the next fold."""
        for key, lane in self.lanes.items():
            if lane.is_scored and not lane.final_started and not lane.ended:
                return key, FINAL
        for key, lane in self.lanes.items():
            if lane.waiting and not lane.ended:
                return key, lane.waiting[0]
        return None

    def started(self, piece: Piece) -> None:
        """Note that a piece of work has begun."""
        key, fold = piece
        if fold is FINAL:
            self.lanes[key].final_started = True
        else:
            self.lanes[key].waiting.remove(fold)

    def seconds_needed(self, key: str) -> float | None:
        """Return what an algorithm still needs to be scored and explained, where that is known."""
        lane = self.lanes[key]
        fold = lane.fold_seconds
        if fold is None:
            return None
        left = lane.folds - len(lane.results)
        return -(-left // self.slots) * fold + _FINAL_FITS * fold

    def remaining(self) -> float:
        """Estimate the seconds of all that is left, from the times of finished folds."""
        spent = sum(r.seconds for lane in self.lanes.values() for r in lane.results.values())
        cost = sum(lane.algorithm.cost * len(lane.results) for lane in self.lanes.values())
        unit = spent / cost if cost else 1.0
        total = 0.0
        for lane in self.lanes.values():
            if lane.ended:
                continue
            fold = lane.fold_seconds
            fold = lane.algorithm.cost * unit if fold is None else fold
            total += (lane.folds - len(lane.results) + _FINAL_FITS) * fold + _FINAL_SECONDS
        return total / self.slots

    def done(self) -> float:
        """Return the share of the work that is finished, by number of fits."""
        total = sum(lane.folds + 1 for lane in self.lanes.values())
        finished = sum(
            lane.folds + 1 if lane.ended else len(lane.results) for lane in self.lanes.values()
        )
        return finished / total
