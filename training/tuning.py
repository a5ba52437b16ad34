"""Which settings are tried: a seeded random search that is halved after the first folds."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

from training.catalogue import WEIGHTS, Algorithm, Setting

SIZES = (12, 8, 5, 3)
"""How many settings are tried, the most that the time allows."""
_FIRST_FOLDS = 2


def first_folds(folds: int) -> int:
    """Return on how many folds all settings are tried; only the best of them see the others."""
    return _FIRST_FOLDS if folds > 3 else 1


def survivors(tried: int) -> int:
    """Return how many settings go on to the other folds."""
    return max(1, tried // 4)


def fits_of(tried: int, folds: int) -> int:
    """Return how many fits that takes."""
    first = first_folds(folds)
    return tried * first + survivors(tried) * (folds - first)


def space_of(algorithm: Algorithm, problem: str) -> tuple[Setting, ...]:
    """Return what can be turned for this problem."""
    return tuple(setting for setting in algorithm.space if problem in setting.problems)


def candidates(
    algorithm: Algorithm, problem: str, count: int, seed: int, imbalanced: bool
) -> list[dict[str, Any]]:
    """Return settings to try; the same seed gives the same ones.

    Where classes are far from equal, the first one only weighs the rare ones more.
    """
    space = space_of(algorithm, problem)
    chance = random.Random(f"{seed} {algorithm.key}")  # noqa: S311 (a search, not a secret)
    found = [{setting.name: _drawn(setting, chance) for setting in space} for _ in range(count)]
    if found and imbalanced and WEIGHTS in space:
        found[0] = {WEIGHTS.name: "balanced"}
    return found


def _drawn(setting: Setting, chance: random.Random) -> Any:
    if setting.choices:
        return chance.choice(setting.choices)
    if setting.log:
        value = math.exp(chance.uniform(math.log(setting.low), math.log(setting.high)))
    else:
        value = chance.uniform(setting.low, setting.high)
    return round(value) if setting.whole else float(f"{value:.4g}")


def in_words(settings: dict[str, Any]) -> str:
    """Return settings as a phrase."""
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def is_imbalanced(shares: Sequence[float]) -> bool:
    """Return whether the rarest class has less than a third of its even share."""
    return bool(shares) and min(shares) < 1 / (3 * len(shares))


def affordable(seconds: float, fold: float, folds: int, slots: int) -> Iterator[int]:
    """Yield the sizes of a search that `seconds` allow, largest first."""
    for size in SIZES:
        if fits_of(size, folds) * fold / slots <= seconds:
            yield size
