"""The leaderboard as pages show it, from the live state or the result of a job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from training.algorithms.catalogue import BASELINE, KNOWN
from training.metrics import Metric, by_rank
from training.problem.problem_type import LABELS
from training.results.files import dark_name
from training.results.leaderboard import SUCCEEDED


def board(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the leaderboard template needs, or nothing if there is no row yet."""
    if not data.get("leaderboard"):
        return {}
    metrics = _shown(data)
    rows = [_row(place, row, metrics) for place, row in enumerate(data["leaderboard"], start=1)]
    return {
        "metric": metrics[0],
        "others": metrics[1:],
        "rows": rows,
        **scale(row for row in rows if row["status"] == SUCCEEDED),
        "tied": any(row["tied"] for row in rows),
    }


def _shown(data: Mapping[str, Any]) -> tuple[Metric, ...]:
    """Return the measures that any model has, the one that ranks first."""
    metrics = by_rank(data["problem"], data["metric"])
    have = {key for row in data["leaderboard"] for key in row.get("metrics") or ()}
    return tuple(m for m in metrics if m is metrics[0] or m.key in have)


def scale(rows: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return the lowest and the highest score, spread included, of rows that succeeded.

    The baseline is far off on most tables and would press all others into one corner.
    """
    ends = [
        end
        for row in rows
        if row["algorithm"] != BASELINE
        for end in (row["score"] - row["score_std"], row["score"] + row["score_std"])
    ]
    return {"low": min(ends, default=0), "high": max(ends, default=1)}


def _row(place: int, row: Mapping[str, Any], metrics: tuple[Any, ...]) -> dict[str, Any]:
    done = row["status"] == SUCCEEDED
    scores = row.get("metrics") or {}
    return {
        **row,
        "place": place if done else "",
        "is_best": done and place == 1,
        "cells": [(metric.label, scores.get(metric.key)) for metric in metrics[1:]],
        "holdout_score": (row.get("holdout") or {}).get(metrics[0].key),
    }


def models(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one entry per model, best first, with its plots and its hold-out scores."""
    metrics = by_rank(result["problem"], result["metric"])
    entries = []
    for row in result["leaderboard"]:
        if row["status"] != SUCCEEDED:
            continue
        key = row["algorithm"]
        holdout = row.get("holdout") or {}
        entries.append(
            {
                **row,
                "bytes": result.get("model_bytes", {}).get(row.get("model")),
                "description": KNOWN[key].description if key in KNOWN else "",
                "profile": _profile(result.get("profiles", {}).get(key)),
                "plots": [
                    {**plot, "dark_file": dark_name(plot["file"])}
                    for plot in result["plots"]
                    if plot["algorithm"] == key
                ],
                "holdout_cells": [
                    (metric, holdout[metric.key]) for metric in metrics if metric.key in holdout
                ],
            }
        )
    return entries


def _profile(profile: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the profile of groups with each cell beside the name of its group."""
    if profile is None:
        return None
    names = [group["name"] for group in profile["groups"]]
    rows = [
        {**row, "pairs": list(zip(names, row["cells"], strict=True))} for row in profile["columns"]
    ]
    return {**profile, "columns": rows}


def problem_label(data: Mapping[str, Any]) -> str:
    """Return the kind of problem in words."""
    return LABELS.get(data.get("problem", ""), "")
