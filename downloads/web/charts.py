"""Numbers -> the points of a drawing. Pure: the templates make the SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobsite.jobs.formats import byte_rate, byte_size

HEIGHT = 100


@dataclass(frozen=True)
class Graph:
    """Two lines over the same time, the newest at the right edge."""

    title: str
    text: str
    width: int
    down: str
    up: str
    top: str
    begins: str


def graph(title: str, begins: str, samples: Sequence[tuple[int, int]], width: int) -> Graph:
    """Return the graph of (down, up) samples;

    if they are fewer than `width`, its left side is empty.
    """
    samples = list(samples)[-width:]
    most = max((max(one) for one in samples), default=0)
    start = width - len(samples)
    mean = sum(one[0] for one in samples) // max(1, len(samples))
    fastest = max((one[0] for one in samples), default=0)
    return Graph(
        title=title,
        text=f"Down: {byte_rate(mean)} on average, {byte_rate(fastest)} at most.",
        width=width - 1,
        down=_points([one[0] for one in samples], start, most),
        up=_points([one[1] for one in samples], start, most),
        top=byte_rate(most),
        begins=begins,
    )


def _points(values: Sequence[int], start: int, most: int) -> str:
    scale = HEIGHT / most if most else 0
    return " ".join(
        f"{start + number},{HEIGHT - value * scale:.1f}" for number, value in enumerate(values)
    )


@dataclass(frozen=True)
class Run:
    """Neighbouring cells of a piece map that are alike."""

    start: int
    length: int
    sign: str


def runs(signs: str) -> list[Run]:
    """Return a piece map with equal neighbours joined."""
    found: list[Run] = []
    for place, sign in enumerate(signs):
        if found and found[-1].sign == sign:
            found[-1] = Run(found[-1].start, found[-1].length + 1, sign)
        else:
            found.append(Run(place, 1, sign))
    return found


@dataclass(frozen=True)
class Bar:
    """A day: the bytes down, and above them the bytes up."""

    label: str
    place: int
    down: float
    down_top: float
    up: float
    up_top: float
    text: str


def bars(days: Sequence[tuple[str, int, int]]) -> list[Bar]:
    """Return bars for (label, down, up), each scaled to the greatest sum."""
    most = max((down + up for _, down, up in days), default=0)
    scale = HEIGHT / most if most else 0
    drawn = []
    for place, (label, down, up) in enumerate(days):
        low, high = down * scale, up * scale
        text = f"{label}: {byte_size(down)} down, {byte_size(up)} up"
        drawn.append(Bar(label, place, low, HEIGHT - low, high, HEIGHT - low - high, text))
    return drawn
