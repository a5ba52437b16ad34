"""Planted failures: each ends in a sentence with its cause and remedy, or costs one row at most."""

import errno
import json
import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from jobsite.jobs.execution.error_texts import plain_sentence
from jobsite.jobs.execution.outcome import JobFailed
from jobsite.jobs.execution.report import Report
from tests.support import training_work
from tests.support.experiments import made
from tests.support.training_tables import houses
from training.algorithms.catalogue import chosen
from training.evaluation.budget import EvaluationLimits
from training.evaluation.events import Event, RowAdded
from training.evaluation.process_pool import Pool
from training.evaluation.runner import evaluate
from training.modelling.preprocessing import make_plan
from training.modelling.splits import make_experiment
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob
from training.tables.schema import ReadingError
from training.tasks import train

pytestmark = pytest.mark.django_db
CHANCE = random.Random(4)
ROWS = 120


def table(head: str, cells: Callable[[int], list], rows: int = ROWS) -> bytes:
    lines = [",".join(map(str, cells(row))) for row in range(rows)]
    return "\n".join([head, *lines, ""]).encode()


def number() -> str:
    return f"{CHANCE.gauss(0, 1):.4f}"


def kind(row: int) -> str:
    return "xyz"[row % 3]


@pytest.fixture
def folder(settings, tmp_path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def report(job: TrainingJob) -> Report:
    job.draft.mkdir(parents=True)
    return Report(os.open(job.draft.with_suffix(".told"), os.O_WRONLY | os.O_CREAT), job.draft)


def kept(owner, folder: Path, data: bytes) -> Dataset:
    (folder / "t.csv").write_bytes(data)
    return Dataset.copy(folder / "t.csv", owner, {})


def trained(owner, folder: Path, data: bytes, target: str = "y", keys=("linear", "tree"), **asked):
    job = TrainingJob.of(kept(owner, folder, data), target, keys, folds=2, tune=False, **asked)
    return json.loads(json.dumps(train.run(job, report(job)), allow_nan=False))


def evaluated(task, keys, folder: Path, **limits) -> list[Event]:
    experiment = make_experiment(task, make_plan(task.columns)[0], 0)
    with Pool(2) as pool:
        how = EvaluationLimits(2, **limits)
        return list(evaluate(experiment, chosen(keys), how, pool, folder, folder / "out"))


@pytest.mark.parametrize(
    ("data", "target", "said"),
    [
        (table("a,y", lambda n: [number(), "x"]), "y", "“y” has the same value in every row"),
        (table("a,y", lambda n: [number(), "xz"[n == 5]]), "y", "in only 1 of them.*Add more"),
        (table("a,y", lambda n: [number(), ""]), "y", "“y” has no value in any row. Choose"),
        (table("a,y", lambda n: [number(), kind(n)]), "z", "no column named “z”. There are: “a”"),
        (table("a,y", lambda n: [number(), kind(n)], 3), "y", "Only 3 rows.*Add more rows"),
        (table("a,y", lambda n: [1, 1]), "y", "“y” has the same value in every row"),
        (table("a,y", lambda n: [1, n % 2]), "y", "no column left to learn from.*Upload a table"),
        (table("a,y", lambda n: [number(), f"2024-01-{n % 28 + 1:02}"]), "y", "“y” holds dates"),
        (table("a,y", lambda n: [number(), f"w{n}"]), "y", "“y” has another word in every row"),
        (table("a,y", lambda n: [number(), f"w{n // 2}"], 250), "y", "at most 100 classes"),
        (table("a,y", lambda n: [number(), f"{n % 7}.5e200"]), "y", "beyond 1e.150"),
        (table("a,b,y", lambda n: [number(), n, kind(n)]), "a, b", "names 2 targets"),
    ],
    ids=[
        "one class", "a class of one row", "target all missing", "target not there", "three rows",
        "constant table", "constant features", "dates", "a word a row", "too many classes",
        "a target too large to square", "two targets",
    ],
)  # fmt: skip
def test_what_cannot_be_learnt_is_said_with_column_and_remedy(ann, folder, data, target, said):
    with pytest.raises(JobFailed, match=said):
        trained(ann, folder, data, target)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (table("a,b,y", lambda n: [number(), "", kind(n)]), "“b” is left out: holds no value"),
        (table("a,b,y", lambda n: [number(), "inf" if n % 7 else 1.5, kind(n)]), "infinite"),
        (table("a,b,y", lambda n: [number(), number() if n % 7 else "1e308", kind(n)]), "“b”.*1e"),
        (table("a,b,y", lambda n: [x := number(), x, kind(n)]), "“b” holds the same as “a”"),
        (table("a,y", lambda n: [number(), "rare" if n < 2 else kind(n)]), "“rare”.*no model can"),
        (table("a,b,y", lambda n: [number(), f"c{n}", kind(n)], 300), "“b” is left out"),
    ],
    ids=["all missing", "inf", "huge", "duplicates", "a class below the folds", "a value a row"],
)
def test_a_column_or_class_that_is_of_no_use_costs_a_warning(ann, folder, data, said):
    result = trained(ann, folder, data, keys=["linear"])
    assert [row["status"] for row in result["leaderboard"]] == ["succeeded"] * 2
    assert any(re.search(said, warning) for warning in result["warnings"]), result["warnings"]


@pytest.mark.parametrize(
    "data",
    [
        table("$\\frac{$,b,y", lambda n: [number(), number(), kind(n)]),
        table("<script>,b,y", lambda n: [number(), ["=cmd|'x'!A0", "<img src=x>"][n % 2], kind(n)]),
        table("a,y", lambda n: [number(), kind(n)]),
        table("a,y", lambda n: [number(), -abs(CHANCE.gauss(9, 3))]),
        table("a,b,y", lambda n: [number(), f"c{n % 1000}", kind(n)], 2000),
        table("note,y", lambda n: [f"{CHANCE.choice(['red', 'blue'])} sun over {n} hills", n % 2]),
    ],
    ids=[
        "formula name",
        "hostile text",
        "one feature",
        "negative",
        "1,000 categories",
        "text only",
    ],
)
def test_an_odd_table_is_learnt_and_drawn(ann, folder, data):
    target = "y"
    result = trained(ann, folder, data, target, keys=["linear"])
    assert all(row["status"] == "succeeded" and row["model"] for row in result["leaderboard"])
    assert {plot["algorithm"] for plot in result["plots"]} == {"baseline", "linear"}


def test_more_columns_than_are_accepted_are_refused_as_they_come(ann, folder):
    wide = table(",".join(f"c{n}" for n in range(5000)), lambda n: ["1"] * 5000, 30)
    with pytest.raises(ReadingError, match=r"5,000 columns; at most 2,000.*Upload fewer columns"):
        kept(ann, folder, wide)


def test_a_vanished_file_is_said(ann, folder):
    dataset = kept(ann, folder, table("a,y", lambda n: [number(), kind(n)]))
    dataset.path.unlink()
    job = TrainingJob.of(dataset, "y", ["tree"])
    with pytest.raises(JobFailed, match=r"gone from the data folder\. Upload it again"):
        train.run(job, report(job))


@pytest.mark.parametrize(
    ("work", "arguments", "said"),
    [
        (training_work.fail, ("singular matrix",), "The fit failed: singular matrix"),
        (training_work.die, (), "most likely because memory ran out. Try fewer rows"),
        (training_work.exhaust, (), "not enough memory. Try fewer rows or columns"),
        (training_work.fill_the_disk, (), "The disk is full. Free some space"),
    ],
)
def test_a_fit_that_ends_badly_is_one_piece_of_news(work, arguments, said):
    with Pool(1) as pool:
        pool.start("fit", work, *arguments)
        messages = []
        while pool.running:
            messages += pool.messages(5)
    assert said in messages[-1].error


def test_a_disk_that_is_full_in_the_job_itself_is_said():
    assert "Free some space" in plain_sentence(OSError(errno.ENOSPC, "No space left on device"))


def test_a_fit_that_holds_too_much_is_stopped_before_the_job_is(folder):
    task = made(folder, houses(3000), "price")
    events = evaluated(task, ["linear", "svm"], folder, memory_mb=10)
    rows = [event.row for event in events if isinstance(event, RowAdded)]
    stopped = [row for row in rows if row.status == "failed"]
    assert stopped, rows
    assert "the limit of the whole job is 10 MB. Try fewer rows" in stopped[0].error
