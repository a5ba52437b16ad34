"""How answers follow single columns, and how the score grows with more rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from training.plots.figure import ACCENT, STYLE, WIDTH, Drawing
from training.text import shown

_GRID, _VALUES = 15, 8


def partial_dependence(
    answer: Callable[[pd.DataFrame], np.ndarray],
    sample: pd.DataFrame,
    names: Sequence[str],
    spoken: str,
) -> Drawing:
    """Draw the mean answer while one column takes its values and all others stay."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 2.3 * len(names)), layout="constrained")
        every = figure.subplots(len(names), 1, squeeze=False)[:, 0]
        ranges, answers = {}, {}
        for name in names:
            places = _places(sample[name])
            means = [float(answer(_with(sample, name, place)).mean()) for place in places]
            ranges[name] = (max(means) - min(means)) if means else 0.0
            answers[name] = sample[name].iloc[places], means
        scale = _scale([mean for _, means in answers.values() for mean in means])
        for axes, name in zip(every, names, strict=True):
            _draw(axes, *answers[name], scale, f"Mean {spoken}")
            axes.set_title(shown(name, 36))
    widest = max(names, key=ranges.__getitem__)
    sentence = (
        f"Over the values of “{shown(widest)}” the mean {spoken} moves by {ranges[widest]:,.3g}, "
        "all else as it is; a flat line means no effect of its own."
    )
    return "partial_dependence", "Partial dependence", sentence, figure


def _places(column: pd.Series) -> list[int]:
    """Return rows whose values stand for the column: quantiles, or the most frequent ones."""
    known = np.flatnonzero(column.notna().to_numpy())
    values = column.iloc[known]
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        order = known[np.argsort(values.to_numpy(), kind="stable")]
        picked = np.linspace(0.02, 0.98, _GRID) * max(0, len(order) - 1)
        return [int(order[int(place)]) for place in picked] if len(order) else []
    frequent = values.astype(str).value_counts().index[:_VALUES]
    spelled = values.astype(str).to_numpy()
    return [int(known[np.argmax(spelled == name)]) for name in frequent]


def _with(sample: pd.DataFrame, name: str, place: int) -> pd.DataFrame:
    """Return the sample with one value of a column in all its rows, of the same type."""
    column = sample[name].iloc[[place] * len(sample)].set_axis(sample.index)
    return sample.assign(**{name: column})


def _scale(means: list[float]) -> tuple[float, float]:
    """Return the ends of the axis of answers, alike for all columns so that they compare."""
    low, high = min(means, default=0.0), max(means, default=1.0)
    margin = 0.08 * (high - low) or 0.5
    return low - margin, high + margin


def _draw(
    axes: Any, values: pd.Series, means: list[float], scale: tuple[float, float], spoken: str
) -> None:
    is_date = pd.api.types.is_datetime64_any_dtype(values)
    words = shown(spoken, 30)
    if not is_date and not pd.api.types.is_numeric_dtype(values):
        # Side by side, names of categories would overprint each other.
        axes.plot(means[::-1], [shown(str(value), 16) for value in values][::-1], "o", color=ACCENT)
        axes.set(xlim=scale, xlabel=words)
        return
    places = values.to_numpy() if is_date else values.to_numpy(dtype="float64")
    axes.plot(places, means, color=ACCENT)
    axes.set(ylim=scale, ylabel=words)
    if is_date:
        few = AutoDateLocator(minticks=2, maxticks=4)
        axes.xaxis.set_major_locator(few)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(few))
