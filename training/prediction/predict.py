"""From a fitted model and its columns to answers, and to a file of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import FixedThresholdClassifier
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from training.problem.problem_type import CLUSTERING, REGRESSION, group_name

_AT_ONCE = 10_000
_FEW = 1_000
_MOST_CLASSES = 30


@dataclass(frozen=True, slots=True)
class Answers:
    """The predictions of a model: one per row, and for classes their probabilities."""

    said: np.ndarray
    probabilities: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    threshold: float | None = None
    """The probability from which the positive class is said, if the model has one of its own."""

    @property
    def is_number(self) -> bool:
        """True if the answers are numbers, and no names of classes or groups."""
        return self.said.dtype.kind == "f"

    @property
    def sure(self) -> np.ndarray | None:
        """The probability of each answer."""
        if self.probabilities is None:
            return None
        place = {name: position for position, name in enumerate(self.classes)}
        return self.probabilities[np.arange(len(self.said)), [place[name] for name in self.said]]

    def row(self, position: int) -> dict[str, Any]:
        """Return the answer of one row with the probabilities, most probable class first."""
        answer = self.said[position]
        if self.is_number:
            return {"answer": float(answer)}
        if self.probabilities is None:
            return {"answer": str(answer)}
        pairs = zip(self.classes, self.probabilities[position].tolist(), strict=True)
        ranked = sorted(pairs, key=lambda pair: -pair[1])
        return {"answer": str(answer), "probabilities": dict(ranked)}

    def summary(self) -> dict[str, Any]:
        """Return what all answers look like together."""
        if self.is_number:
            said = self.said
            return {"low": said.min(), "mean": said.mean(), "high": said.max()}
        counts = pd.Series(self.said).value_counts()
        return {"counts": {str(name): int(count) for name, count in counts.items()}}


def answer(model: Any, features: pd.DataFrame, problem: str) -> Iterator[int | Answers]:
    """Yield how many rows are answered, and at the end the answers.

    Threads that wait for each other on a busy machine cost seconds, which a few rows do not repay.
    """
    with threadpool_limits(1 if len(features) <= _FEW else None):
        yield from _answer(model, features, problem)


def _answer(model: Any, features: pd.DataFrame, problem: str) -> Iterator[int | Answers]:
    said, shares = [], []
    for start in range(0, len(features), _AT_ONCE):
        part = features.iloc[start : start + _AT_ONCE]
        if problem == REGRESSION:
            said.append(np.asarray(model.predict(part), dtype="float64"))
        elif problem == CLUSTERING:
            names = [group_name(number) for number in range(model[-1].n_clusters)]
            said.append(np.array(names)[model.predict(part)])
        else:
            share = np.asarray(model.predict_proba(part), dtype="float64")
            said.append(np.asarray(model.classes_)[_decided(model, share)].astype(str))
            shares.append(share)
        yield min(start + _AT_ONCE, len(features))
    if problem in (REGRESSION, CLUSTERING):
        yield Answers(np.concatenate(said))
    else:
        classes = tuple(str(name) for name in model.classes_)
        threshold = model.threshold if isinstance(model, FixedThresholdClassifier) else None
        yield Answers(np.concatenate(said), np.concatenate(shares), classes, threshold)


def _decided(model: Any, share: np.ndarray) -> np.ndarray:
    """Return the positions of the classes that are said, by probabilities (rows, classes)."""
    if not isinstance(model, FixedThresholdClassifier):
        return share.argmax(axis=1)
    positive = list(model.classes_).index(model.pos_label)
    return np.where(share[:, positive] >= model.threshold, positive, 1 - positive)


def write(
    path: Path,
    texts: pd.DataFrame,
    target: str,
    answers: Answers,
    rows: Sequence[int],
    notes: Mapping[int, str],
) -> None:
    """Write all rows as they were sent, with answers and a note where there are any, as CSV.

    `rows` are the positions of those that the answers are of. Cells are not changed: `formulas`
    protects spreadsheets.
    """
    columns: dict[str, Any] = {str(name): _cells(texts[name]) for name in texts.columns}
    total = len(texts)
    columns[_free(f"predicted {target}", columns)] = _placed(answers.said, rows, total)
    if answers.probabilities is not None and answers.sure is not None:
        sure = _placed(answers.sure.round(6), rows, total)
        columns[_free("probability", columns)] = sure
        if len(answers.classes) <= _MOST_CLASSES:
            for position, label in enumerate(answers.classes):
                share = _placed(answers.probabilities[:, position].round(6), rows, total)
                columns[_free(f"probability of {label}", columns)] = share
    noted = _placed(np.array(list(notes.values()), dtype=object), list(notes), total)
    columns[_free("note", columns)] = noted
    pd.DataFrame(columns).to_csv(path, index=False, encoding="utf-8")


def _placed(values: np.ndarray, rows: Sequence[int], total: int) -> np.ndarray:
    """Return the values at their positions among `total` rows, (total,); empty elsewhere."""
    if len(rows) == total:
        return values
    found = np.full(total, "", dtype=object)
    found[list(rows)] = values
    return found


def _cells(texts: pd.Series) -> np.ndarray:
    words = [str(word) for word in texts.cat.categories]
    return np.array([*words, ""], dtype=object)[texts.cat.codes.to_numpy()]


def _free(name: str, taken: Any) -> str:
    while name in taken:
        name += "_"
    return name
