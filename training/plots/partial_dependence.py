"""How answers follow single columns, and how the score grows with more rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from training.plots.figure import ACCENT, STYLE, Drawing
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
        figure = Figure(figsize=(2.4 * len(names) + 0.8, 3.0))
        every = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
        ranges = {}
        for axes, name in zip(every, names, strict=True):
            places = _places(sample[name])
            means = [float(answer(_with(sample, name, place)).mean()) for place in places]
            ranges[name] = (max(means) - min(means)) if means else 0.0
            _draw(axes, sample[name].iloc[places], means)
            axes.set_xlabel(shown(name, 22))
        every[0].set_ylabel(f"Mean {spoken}")
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


def _draw(axes: Any, values: pd.Series, means: list[float]) -> None:
    if pd.api.types.is_numeric_dtype(values):
        axes.plot(values.to_numpy(dtype="float64"), means, color=ACCENT)
    elif pd.api.types.is_datetime64_any_dtype(values):
        axes.plot(values.to_numpy(), means, color=ACCENT)
        few = AutoDateLocator(minticks=2, maxticks=4)
        axes.xaxis.set_major_locator(few)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(few))
    else:
        axes.bar([shown(str(value), 12) for value in values], means, color=ACCENT)
        axes.tick_params(axis="x", rotation=60)
