"""How answers follow single columns: the pictures of it."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from training.plots.partial_dependence import partial_dependence

ROWS = 300


@pytest.mark.parametrize("span", ["5h", "9D", "400D", "3000D"])
def test_the_dates_beneath_a_small_picture_do_not_run_into_each_other(span):
    step = pd.Timedelta(span) / ROWS
    sample = pd.DataFrame({"when": pd.date_range("2024-01-03", periods=ROWS, freq=step)})
    *_, figure = partial_dependence(lambda rows: np.zeros(len(rows)), sample, ["when"], "price")
    figure.draw_without_rendering()
    labels = [one for one in figure.axes[0].get_xticklabels() if one.get_text()]
    boxes = sorted((one.get_window_extent() for one in labels), key=lambda box: box.x0)
    assert len(boxes) >= 2
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
