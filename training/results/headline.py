"""What came of a training in a few sentences: the best model, how good, by what, how simple."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jobsite.jobs.formats import duration, score
from training.metrics import by_rank
from training.problem.problem_type import CLUSTERING
from training.results.leaderboard import SUCCEEDED
from training.text import listed

_BASELINE = "baseline"  # its key in the catalogue of algorithms
_SIMPLEST_FIRST = ("linear", "tree", "knn", "forest", "extra_trees", "boosting", "lightgbm")
_COLUMNS = 3
_QUICKER = 0.5  # of the time of the best: less of a difference is not worth a sentence


def headline(result: Mapping[str, Any]) -> list[str]:
    """Return the sentences, or none if nothing was learnt."""
    rows = [row for row in result["leaderboard"] if row["status"] == SUCCEEDED]
    if not rows or rows[0]["algorithm"] == _BASELINE:
        return []
    metric = by_rank(result["problem"], result["metric"])[0]
    best = rows[0]
    sentence = f"{best['label']} {'fit' if result['problem'] == CLUSTERING else 'is'} best"
    sentence += f": {metric.label} {score(best['score'])} ± {score(best['score_std'])}"
    base = next((row for row in rows if row["algorithm"] == _BASELINE), None)
    if base is not None:
        sentence += f", baseline {score(base['score'])}"
    return [f"{sentence}.", *_columns(result, best["algorithm"]), *_simpler(rows)]


def _columns(result: Mapping[str, Any], algorithm: str) -> Iterator[str]:
    """Say on which columns the model leans, by what shuffling them costs."""
    found = result.get("importance", {}).get(algorithm, ())
    names = [one["column"] for one in found if one["mean"] > 0][:_COLUMNS]
    if names:
        yield f"It relies most on {listed(names)}."


def _simpler(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Name the simplest model that cannot be told from the best, if it is quicker to fit."""
    best = rows[0]
    tied = [row for row in rows if row.get("tied") and row["algorithm"] in _SIMPLEST_FIRST]
    simplest = min(tied, key=lambda row: _SIMPLEST_FIRST.index(row["algorithm"]), default=best)
    if simplest is best or simplest["fit_seconds"] > _QUICKER * best["fit_seconds"]:
        return
    yield (
        f"Simplest tied model: {simplest['label']}, fits in {duration(simplest['fit_seconds'])} "
        f"instead of {duration(best['fit_seconds'])}."
    )
