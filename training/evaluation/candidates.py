"""The settings to try: a seeded random search that is halved after the first folds."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from training.algorithms.catalogue import Algorithm, Setting

SIZES = (12, 8, 5, 3)
"""How many settings are tried, the most that the time allows."""
_FIRST_FOLDS = 2
# Of the settings near to the best: how many of them are moved, and how far beside their range.
_MOVED, _STEP = 0.5, 0.15


def first_folds(folds: int) -> int:
    """Return on how many folds all settings are tried; only the best of them see the others."""
    return _FIRST_FOLDS if folds > 3 else 1


def survivors(tried: int) -> int:
    """Return how many settings go on to the other folds."""
    return max(1, tried // 3)


def fits_of(tried: int, folds: int) -> int:
    """Return how many fits that takes."""
    first = first_folds(folds)
    return tried * first + survivors(tried) * (folds - first)


def space_of(algorithm: Algorithm, problem: str) -> tuple[Setting, ...]:
    """Return what can be turned for this problem."""
    return tuple(setting for setting in algorithm.space if problem in setting.problems)


def portfolio(algorithm: Algorithm, problem: str) -> list[dict[str, Any]]:
    """Return the settings that are known to be good, as far as they fit this problem."""
    names = {setting.name for setting in space_of(algorithm, problem)}
    return [dict(settings) for settings in algorithm.portfolio if settings.keys() <= names]


def candidates(algorithm: Algorithm, problem: str, count: int, seed: int) -> list[dict[str, Any]]:
    """Return settings to try, those of the portfolio first; the same seed gives the same ones."""
    space, known = space_of(algorithm, problem), portfolio(algorithm, problem)
    chance = random.Random(f"{seed} {algorithm.key}")  # noqa: S311 (a search, not a secret)
    drawn = [{setting.name: _drawn(setting, chance) for setting in space} for _ in range(count)]
    return [*known, *drawn][:count]


def more_candidates(
    algorithm: Algorithm,
    problem: str,
    count: int,
    seed: str,
    known: Sequence[Mapping[str, Any]],
    best: Mapping[str, Any] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """Return settings that are not `known`: every other one is near to the best so far.

    Fewer than `count` where there is hardly anything left to try.
    """
    space = space_of(algorithm, problem)
    chance = random.Random(seed)  # noqa: S311 (a search, not a secret)
    found: list[dict[str, Any]] = []
    for number in range(4 * count):
        if number % 2:
            made = {setting.name: _drawn(setting, chance) for setting in space}
        else:
            made = _near(best, space, chance)
        if made not in found and made not in known:
            found.append(made)
    return found[:count]


def _near(
    best: Mapping[str, Any], space: Sequence[Setting], chance: random.Random
) -> dict[str, Any]:
    """Return the best settings with some of them moved. The default has none: a few are drawn."""
    found = dict(best)
    for setting in space:
        if chance.random() < _MOVED:
            found[setting.name] = _moved(setting, best.get(setting.name), chance)
    return found


def _moved(setting: Setting, value: Any, chance: random.Random) -> Any:
    if setting.choices or value is None:
        return _drawn(setting, chance)
    low, high, there = (_on_scale(setting, end) for end in (setting.low, setting.high, value))
    moved = there + chance.gauss(0, _STEP) * (high - low)
    return _off_scale(setting, min(high, max(low, moved)))


def _drawn(setting: Setting, chance: random.Random) -> Any:
    if setting.choices:
        return chance.choice(setting.choices)
    low, high = (_on_scale(setting, end) for end in (setting.low, setting.high))
    return _off_scale(setting, chance.uniform(low, high))


def _on_scale(setting: Setting, value: float) -> float:
    return math.log(value) if setting.log else value


def _off_scale(setting: Setting, value: float) -> Any:
    value = math.exp(value) if setting.log else value
    return round(value) if setting.whole else float(f"{value:.4g}")


def in_words(settings: dict[str, Any]) -> str:
    """Return settings as a phrase."""
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def affordable(seconds: float, fold: float, folds: int, slots: int) -> Iterator[int]:
    """Yield the sizes of a search that `seconds` allow, largest first."""
    for size in SIZES:
        if fits_of(size, folds) * fold / slots <= seconds:
            yield size
