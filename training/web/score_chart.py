"""The small drawing of the best score against the seconds of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.metrics import Metric, by_rank

WIDTH, HEIGHT = 480, 96
_EDGE = 6


@dataclass(frozen=True, slots=True)
class ScoreChart:
    """A stepped line in a box of WIDTH x HEIGHT, and the figures of its ends."""

    metric: Metric
    points: str
    """For a polyline; higher is better, whatever the measure."""
    first: float
    last: float
    seconds: float
    since: float
    """When the last score was reached."""


def score_chart(data: Mapping[str, Any]) -> ScoreChart | None:
    """Return the drawing of a running or finished training; None before two models are scored."""
    line = data.get("line") or []
    # The first is the baseline, which is far off and would press all others into one corner.
    steps = line[1:]
    if not steps:
        return None
    metric = by_rank(data["problem"], data["metric"])[0]
    scores = [metric.sign * score for _, score in steps]
    low, high, end = min(scores), max(scores), max(steps[-1][0], 0.1)

    def place(seconds: float, score: float) -> tuple[float, float]:
        share = (score - low) / (high - low) if high > low else 0.5
        return WIDTH * seconds / end, HEIGHT - _EDGE - share * (HEIGHT - 2 * _EDGE)

    drawn: list[tuple[float, float]] = []
    for (seconds, _), score in zip(steps, scores, strict=True):
        x, y = place(seconds, score)
        if drawn:  # a score holds until it is beaten
            drawn.append((x, drawn[-1][1]))
        drawn.append((x, y))
    best = steps[-1][1]
    return ScoreChart(
        metric=metric,
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in drawn),
        first=steps[0][1],
        last=best,
        seconds=end,
        since=next(seconds for seconds, score in steps if score == best),
    )
