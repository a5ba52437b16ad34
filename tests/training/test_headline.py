"""The sentence with which a result begins, and the curves of several models in one picture."""

import numpy as np
import pytest

from training.plots.curves import write_curves
from training.results.curves import MOST, curves_file, overlays
from training.results.headline import headline


def row(key: str, label: str, score: float, fit: float, tied: bool = False, **other) -> dict:
    return {
        "algorithm": key, "label": label, "status": "succeeded", "score": score,
        "score_std": 0.02, "fit_seconds": fit, "tied": tied, **other,
    }  # fmt: skip


FOREST = row("forest", "Random forest", 0.86, 8.1, tied=True)
LINEAR = row("linear", "Linear model", 0.85, 0.9, tied=True)
TREE = row("tree", "Decision tree", 0.70, 0.1)
BASELINE = row("baseline", "Baseline", 0.5, 0.01)
FAILED = {"algorithm": "svm", "label": "Support vectors", "status": "failed", "error": "No."}
BEST = "Random forest is best: ROC AUC 0.8600 ± 0.0200, baseline 0.5000."


def result(*rows: dict, **fields) -> dict:
    return {"problem": "binary", "metric": "roc_auc", "leaderboard": list(rows), **fields}


@pytest.mark.parametrize(
    ("told", "sentences"),
    [
        (result(FOREST, TREE, BASELINE, FAILED), [BEST]),
        (
            result(FOREST, LINEAR, TREE, BASELINE),
            [BEST, "Simplest tied model: Linear model, fits in 0.9 s instead of 8.1 s."],
        ),
        (
            result(
                FOREST,
                BASELINE,
                importance={
                    "forest": [
                        {"column": name, "mean": mean}
                        for name, mean in [("a", 3), ("b", 2), ("c", 1), ("d", 0.5), ("e", -1)]
                    ]
                },
            ),
            [BEST, "It relies most on “a”, “b” and “c”."],
        ),
        (
            result(FOREST, BASELINE, importance={"forest": [{"column": "a", "mean": -0.1}]}),
            [BEST],
        ),
        # A tie that is no quicker is not worth a sentence.
        (result(FOREST, {**LINEAR, "fit_seconds": 7.0}, BASELINE), [BEST]),
        (result(BASELINE, FAILED), []),
        (result(FAILED), []),
        (
            {
                "problem": "clustering",
                "metric": "silhouette",
                "leaderboard": [row("groups_2", "2 groups", 0.41, 0.1)],
            },
            ["2 groups fit best: Silhouette 0.4100 ± 0.0200."],
        ),
    ],
)
def test_a_result_begins_with_what_came_of_it(told, sentences):
    assert headline(told) == sentences


@pytest.fixture
def drawn(tmp_path):
    chance = np.random.default_rng(0)
    truth = chance.integers(0, 2, 500)
    for key in ("forest", "linear"):
        write_curves(key, truth, np.clip(truth * 0.3 + chance.random(500), 0, 1), tmp_path)
    return tmp_path


def test_curves_of_several_models_stand_in_one_picture(drawn):
    models = [("Forest", "forest", drawn), ("Linear", "linear", drawn), ("None", "tree", drawn)]
    roc, precision = overlays(models)
    assert [line.label for line in roc.lines] == ["Forest", "Linear"]
    assert (roc.name, precision.name) == ("roc", "precision_recall")
    for line in roc.lines:
        points = [tuple(map(float, pair.split(","))) for pair in line.points.split()]
        assert points[0] == (52.0, 312.0), "a curve begins at 0, 0"
        assert points[-1] == (352.0, 12.0), "and ends at 1, 1"
        assert 2 < len(points) <= 80
    for line in precision.lines:
        across = [float(pair.split(",")[0]) for pair in line.points.split()]
        assert across == sorted(across)


def test_one_curve_alone_or_too_many_lines_are_no_comparison(drawn):
    assert overlays([("Forest", "forest", drawn)]) == []
    roc, _ = overlays([(str(n), "forest", drawn) for n in range(MOST + 3)])
    assert len(roc.lines) == MOST
    (drawn / curves_file("linear")).write_text("{ damaged")
    assert overlays([("Forest", "forest", drawn), ("Linear", "linear", drawn)]) == []
