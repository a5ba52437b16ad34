"""The settings to try: known ones, and such as are drawn."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

from training.algorithms.catalogue import Algorithm, Setting

# Of the settings near to the best: how many of them are moved, and how far beside their range.
_MOVED, _STEP = 0.5, 0.15
_NEAR, _TRIES = 0.5, 50


def space_of(algorithm: Algorithm, problem: str) -> tuple[Setting, ...]:
    """Return what can be turned for this problem."""
    return tuple(setting for setting in algorithm.space if problem in setting.problems)


def portfolio(algorithm: Algorithm, problem: str) -> list[dict[str, Any]]:
    """Return the settings that are known to be good, as far as they fit this problem."""
    names = {setting.name for setting in space_of(algorithm, problem)}
    return [dict(settings) for settings in algorithm.portfolio if settings.keys() <= names]


def drawn(
    algorithm: Algorithm,
    problem: str,
    seed: str,
    known: Sequence[Mapping[str, Any]],
    best: Mapping[str, Any],
) -> dict[str, Any] | None:
    """Return settings that are not `known`, half of the time near to the best so far.

    None where there is hardly anything left to try. The same seed and best give the same.
    """
    space = space_of(algorithm, problem)
    chance = random.Random(f"{seed} {algorithm.key}")  # noqa: S311 (a search, not a secret)
    for _ in range(_TRIES):
        if chance.random() < _NEAR:
            made = _near(best, space, chance)
        else:
            made = {setting.name: _drawn(setting, chance) for setting in space}
        if made not in known:
            return made
    return None


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
