"""Tasks made of tables, and experiments run on them."""

from pathlib import Path

from training.algorithms.catalogue import chosen
from training.evaluation.budget import EvaluationLimits
from training.evaluation.events import Event, RowAdded
from training.evaluation.process_pool import Pool
from training.evaluation.runner import evaluate
from training.modelling.preprocessing import make_plan
from training.modelling.splits import make_experiment
from training.modelling.task import LearningTask, make_learning_task
from training.reading.reader import read
from training.results.leaderboard import LeaderboardRow
from training.tables.preview import HEAD_BYTES, preview


def load(path: Path, target: str, folds: int = 5) -> LearningTask:
    with path.open("rb") as file:
        seen = preview(file.read(HEAD_BYTES), path.stat().st_size)
    table = read(path, seen.dialect, seen.columns)
    return make_learning_task(table.frame, table.columns, target, folds)


def made(folder: Path, data: bytes, target: str, folds: int = 5) -> LearningTask:
    path = folder / "table.csv"
    path.write_bytes(data)
    return load(path, target, folds)


def rows_of(events: list[Event]) -> dict[str, LeaderboardRow]:
    return {event.row.algorithm: event.row for event in events if isinstance(event, RowAdded)}


def run(task, keys, folder, pool=None, **settings):
    experiment = make_experiment(task, make_plan(task.columns)[0], 0)
    with pool or Pool(2) as pool:
        limits = EvaluationLimits(2, **settings)
        return experiment, list(
            evaluate(experiment, chosen(keys), limits, pool, folder, folder / "out")
        )
