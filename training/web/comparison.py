"""Finished trainings side by side: what differs in their settings, and whether scores compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.algorithms.catalogue import KNOWN
from training.metrics import Metric, by_rank
from training.models.training_job import TrainingJob
from training.problem.problem_type import LABELS
from training.results.curves import Overlay, overlays
from training.results.files import dark_name
from training.results.leaderboard import SUCCEEDED
from training.results.significance import is_paired_noise, is_unpaired_noise
from training.text import listed

FEWEST, MOST = 2, 6
LETTERS = "ABCDEF"
BEST = "best"


@dataclass(frozen=True, slots=True)
class Side:
    """One training of a comparison, and the letter that it is called by."""

    letter: str
    job: TrainingJob

    @property
    def result(self) -> Mapping[str, Any]:
        """What came of it."""
        return self.job.result or {}

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """Return the models that are through all folds, best first."""
        return (row for row in self.result["leaderboard"] if row["status"] == SUCCEEDED)

    def row(self, algorithm: str) -> Mapping[str, Any] | None:
        """Return the model of that algorithm, or the best one."""
        wanted = self.result["best"] if algorithm == BEST else algorithm
        return next((row for row in self.rows() if row["algorithm"] == wanted), None)

    def settings(self) -> dict[str, str]:
        """Return what it was asked with and found, by name, in words."""
        job, options = self.job, self.job.options
        kinds = [f"{name}: {kind}" for name, kind in options.get("kinds", {}).items()]
        return {
            "Table": job.dataset.name,
            "SHA-256 of the table": job.dataset.sha256[:12],
            "Rows": f"{self.result['rows']:,}",
            "Target": job.target or "none",
            "Problem": LABELS[self.result["problem"]],
            "Measure": by_rank(self.result["problem"], self.result["metric"])[0].label,
            "Time limit": f"{job.time_limit:g} s" if job.time_limit else "none",
            "Tuning and ensemble": "yes" if job.tune else "no",
            "Folds": str(self.result["folds"]),
            "Seed": str(job.seed),
            "Algorithms": ", ".join(KNOWN[key].label for key in job.algorithms) or "k-means",
            "Ignored columns": _words(options.get("ignore") or ()),
            "Kinds of columns": _words(kinds),
            "Group column": options.get("group") or "none",
            "Time column": options.get("time") or "none",
        }

    def question(self) -> tuple[Any, ...]:
        """Return what has to be the same for scores to mean the same."""
        result = self.result
        return self.job.dataset.sha256, self.job.target, result["problem"], result["metric"]

    def folds(self) -> tuple[Any, ...]:
        """Return what has to be the same as well for the folds to hold the same rows."""
        options = self.job.options
        roles = (options.get("group"), options.get("time"), options.get("kinds"))
        return self.result["rows"], self.result["folds"], self.job.seed, *map(str, roles)


def _words(names: Sequence[str]) -> str:
    return listed(list(names), 12) if names else "none"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two to six trainings."""

    sides: tuple[Side, ...]

    @classmethod
    def of(cls, jobs: Sequence[TrainingJob]) -> Comparison:
        """Call the trainings by letters, in this order."""
        return cls(tuple(map(Side, LETTERS, jobs)))

    @property
    def has_one_question(self) -> bool:
        """Whether the scores measure the same on the same table."""
        return len({side.question() for side in self.sides}) == 1

    @property
    def has_one_set_of_folds(self) -> bool:
        """Whether the models were tested on the same rows, fold by fold."""
        return self.has_one_question and len({side.folds() for side in self.sides}) == 1

    @property
    def metric(self) -> Metric | None:
        """The measure of all, if there is one."""
        found = {by_rank(side.result["problem"], side.result["metric"])[0] for side in self.sides}
        return found.pop() if len(found) == 1 else None

    def settings(self) -> list[dict[str, Any]]:
        """Return for each setting its name, a cell for each training, and whether they differ."""
        chosen = [side.settings() for side in self.sides]
        return [
            {
                "name": name,
                "cells": [settings[name] for settings in chosen],
                "differs": len({settings[name] for settings in chosen}) > 1,
            }
            for name in chosen[0]
        ]

    def warnings(self) -> list[str]:
        """Return why scores cannot be compared, or only with care."""
        if not self.has_one_question:
            parts = zip(*(side.question() for side in self.sides), strict=True)
            names = ("tables", "targets", "problems", "measures")
            differing = [n for n, part in zip(names, parts, strict=True) if len(set(part)) > 1]
            return [
                f"The trainings have different {' and '.join(differing)}, so their scores do not "
                "measure the same thing: a higher one is no sign of a better model."
            ]
        if not self.has_one_set_of_folds:
            return [
                "The folds of these trainings hold different rows (other folds, seed, group, time "
                "or kinds of columns). Part of each difference is chance, and the hold-out scores "
                "come from different rows as well."
            ]
        return []

    def models(self) -> list[dict[str, Any]]:
        """Return all models of all trainings, best first where they compare, with ties marked."""
        entries = [self._entry(side, row) for side in self.sides for row in side.rows()]
        metric = self.metric
        if not self.has_one_question or metric is None or not entries:
            return entries
        entries.sort(key=lambda entry: -metric.sign * entry["score"])
        best = entries[0]
        for place, entry in enumerate(entries, start=1):
            entry["place"] = place
            entry["difference"] = entry["score"] - best["score"]
            entry["tied"] = entry is not best and self._is_tie(best, entry)
        best["tied"] = any(entry["tied"] for entry in entries)
        return entries

    def _is_tie(self, best: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        test = is_paired_noise if self.has_one_set_of_folds else is_unpaired_noise
        return test(best["fold_scores"], other["fold_scores"])

    def _entry(self, side: Side, row: Mapping[str, Any]) -> dict[str, Any]:
        key = side.result["metric"]
        names = ("algorithm", "label", "score", "score_std", "fold_scores", "fit_seconds")
        return {
            "training": str(side.job.pk),
            "letter": side.letter,
            **{name: row[name] for name in names},
            "holdout": (row.get("holdout") or {}).get(key),
            "is_best": row["algorithm"] == side.result["best"],
            "tied": False,
        }

    def algorithms(self) -> list[tuple[str, str]]:
        """Return the algorithms that every training has a model of: key and label."""
        have = [{row["algorithm"] for row in side.rows()} for side in self.sides]
        return [(key, entry.label) for key, entry in KNOWN.items() if all(key in h for h in have)]

    def overlays(self, algorithm: str) -> list[Overlay]:
        """Return the curves of the chosen model of each training, in one picture each."""
        return overlays(
            (f"{side.letter}: {row['label']}", row["algorithm"], side.job.artifacts)
            for side in self.sides
            if (row := side.row(algorithm)) is not None
        )

    def plots(self, algorithm: str) -> list[dict[str, Any]]:
        """Return an entry for each plot of the chosen models, with the drawing of each training."""
        titles: dict[str, str] = {}
        drawn: dict[str, dict[str, Any]] = {}
        for side in self.sides:
            row = side.row(algorithm)
            for plot in side.result["plots"]:
                if row is not None and plot["algorithm"] == row["algorithm"]:
                    titles.setdefault(plot["name"], plot["title"])
                    dark = dark_name(plot["file"])
                    one = {**plot, "dark_file": dark, "side": side, "label": row["label"]}
                    drawn.setdefault(plot["name"], {})[side.letter] = one
        return [
            {"title": title, "drawings": list(drawn[name].values())}
            for name, title in titles.items()
            if len(drawn[name]) > 1
        ]
