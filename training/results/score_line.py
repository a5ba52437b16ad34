"""The best score against the seconds of a training, in a bounded number of points."""

from __future__ import annotations

from dataclasses import dataclass, field

_MOST = 60


@dataclass(slots=True)
class ScoreLine:
    """Steps of the best score so far; `sign` turns a score so that more is better."""

    sign: int
    points: list[tuple[float, float]] = field(default_factory=list)
    """Seconds and score, in the order of time."""
    until: float = 0.0
    """The seconds up to which the last score holds."""

    def add(self, seconds: float, score: float) -> None:
        """Take in the best score so far, turned; a worse or an equal one adds no step."""
        self.until = seconds
        if self.points and score <= self.sign * self.points[-1][1]:
            return
        self.points.append((round(seconds, 1), self.sign * score))
        if len(self.points) > _MOST:  # the smallest step goes, never the first or the last
            gains = [
                abs(self.points[n][1] - self.points[n - 1][1]) for n in range(1, len(self.points))
            ]
            del self.points[1 + gains.index(min(gains[:-1]))]

    def to_json(self) -> list[list[float]]:
        """Return the steps, and the last score once more where it ends."""
        if not self.points:
            return []
        end = [round(self.until, 1), self.points[-1][1]]
        steps = [list(point) for point in self.points]
        return steps if steps[-1] == end else [*steps, end]
