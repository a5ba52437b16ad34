"""A training as its child process runs it, and through a real tree of processes."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from jobsite.jobs.execution.outcome import JobFailed
from jobsite.jobs.execution.report import Report
from tests.support.training_tables import flowers, houses, real_table
from tests.support.waiting import wait_until
from training.algorithms import model_file
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob
from training.tasks.train import run


@pytest.fixture
def folder(settings, tmp_path, request) -> Path:
    if "site" not in request.fixturenames:
        settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def told(folder) -> Path:
    """Where the report of a job lands: a file that takes any number of lines."""
    return folder / "told.jsonl"


def report(told: Path) -> Report:
    (told.parent / "artifacts").mkdir()
    return Report(os.open(told, os.O_WRONLY | os.O_CREAT), told.parent / "artifacts")


def dataset(owner, folder: Path, data: bytes) -> Dataset:
    path = folder / "sent.csv"
    path.write_bytes(data)
    return Dataset.copy(path, owner, {})


@pytest.mark.django_db
def test_a_training_reports_and_returns_its_result(ann, folder, told):
    job = TrainingJob.of(dataset(ann, folder, flowers(180)), "kind", ["tree"], folds=3)
    result = run(job, report(told))
    json.dumps(result, allow_nan=False)
    assert result["problem"] == "multiclass"
    assert result["best"] == "tree"
    assert [row["algorithm"] for row in result["leaderboard"]] == ["tree", "baseline"]
    artifacts = folder / "artifacts"
    assert model_file.load(artifacts / "tree.skops")
    for plot in result["plots"]:
        assert (artifacts / plot["file"]).is_file()
    assert not list(artifacts.glob("*.joblib")), "the data of the folds is not an artifact"
    lines = [json.loads(line) for line in told.read_text().splitlines()]
    events = [line["event"] for line in lines if "event" in line]
    assert any("180 rows and 6 columns" in text for text in events)
    assert any("Decision tree: Log loss" in text for text in events)
    (dates,) = [text for text in result["warnings"] if "holds dates" in text]
    assert events.count(dates) == 1, "found while the fits were running"
    live = [line["fields"]["live"] for line in lines if "fields" in line]
    assert live[-2]["leaderboard"][0]["algorithm"] == "tree"
    assert live[-1]["verdict"].startswith("Decision tree is best: Log loss")
    assert all(0 <= line["progress"] <= 1 for line in lines if "progress" in line)


def test_a_step_that_cannot_tell_how_far_it_is_still_tells_that_it_goes_on(told, monkeypatch):
    monkeypatch.setattr("jobsite.jobs.execution.report.SIGN_EVERY", 0.01)

    def messages() -> list[str]:
        return [json.loads(line)["message"] for line in told.read_text().splitlines()]

    with report(told).working(0.2, "Reading"):
        wait_until(lambda: len(messages()) >= 3)
    assert messages()[0] == "Reading"
    assert set(messages()[1:]) == {"Reading (0 s)"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "target", "said"),
    [
        (houses(10), "price", "Only 10 rows"),
        (houses(60), "colour", "no column named “colour”"),
        (b"x,y\n" + b"1.5,a\n" * 40, "y", "same value in every row"),
        (b"x,y\n" + b"1.5,a\n1.5,b\n" * 40, "y", "no column left to learn from"),
    ],
)
def test_what_cannot_be_learnt_fails_with_a_sentence(ann, folder, told, data, target, said):
    job = TrainingJob.of(dataset(ann, folder, data), target)
    with pytest.raises(JobFailed, match=said):
        run(job, report(told))


@pytest.mark.django_db
def test_a_file_that_is_gone_fails_with_a_sentence(ann, folder, told):
    table = dataset(ann, folder, houses())
    table.path.unlink()
    with pytest.raises(JobFailed, match="is gone from the data folder"):
        run(TrainingJob.of(table, "price"), report(told))


@pytest.mark.django_db
def test_a_worker_counts_the_rows_of_a_long_table(ann, folder, told):
    table = dataset(ann, folder, b"x,y\n" + b"1.5,2.5\n2.5,0.5\n4.5,1.5\n" * 15_000)
    assert table.rows is None
    run(TrainingJob.of(table, "y", ["baseline"], folds=2), report(told))
    table.refresh_from_db()
    assert table.rows == 45_000


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.csv", "--target", "y"], "cannot be read"),
        (["table.csv", "--target", "colour"], "no column named “colour”"),
        (["table.csv", "--target", "price", "--algorithms", "magic"], "no algorithm named"),
        (
            ["table.csv", "--target", "price", "--time-limit", "1"],
            "--time-limit: Ensure this value",
        ),
        (["table.csv", "--target", "price", "--user", "nobody"], "no user named"),
        (["empty.csv", "--target", "price"], "file is empty"),
        (["table.csv", "--target", "price", "--kind", "size"], "--kind takes COLUMN=KIND"),
        (["table.csv", "--target", "price", "--group", "price"], "cannot be the group"),
    ],
)
def test_bad_input_ends_the_command_with_2_and_a_sentence(ann, folder, capsys, words, said):
    (folder / "table.csv").write_bytes(houses())
    (folder / "empty.csv").write_bytes(b"")
    words = [str(folder / words[0]), *words[1:]]
    user = [] if "--user" in words else ["--user", "ann"]
    with pytest.raises(SystemExit) as ended:
        call_command("train", *words, *user)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert not Dataset.objects.exists()


def test_the_web_process_loads_nothing_heavy():
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.support.settings'\n"
        "import django; django.setup(); import jobsite.urls\n"
        "print(sorted({'pandas', 'numpy', 'scipy', 'sklearn', 'matplotlib', 'skops', 'skrub'}"
        " & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.tree
def test_a_real_table_goes_through_a_real_tree(site, owner, tmp_path):
    table = str(real_table("penguins"))
    words = ["--target", "species", "--algorithms", "linear", "tree", "--user", owner.username]
    done = site.manage("train", table, *words, "--wait", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["status"] == "succeeded"
    assert document["result"]["best"] in {"linear", "tree"}
    assert document["result"]["rows"] == 344
    (tmp_path / "rows.csv").write_text(Path(table).read_text().replace("MALE", ""))
    words = [document["id"], str(tmp_path / "rows.csv"), "--output", str(tmp_path / "out.csv")]
    done = site.manage("predict", *words, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"]["rows"] == 344
    with (tmp_path / "out.csv").open(newline="") as lines:
        said = [row["predicted species"] == row["species"] for row in csv.DictReader(lines)]
    assert sum(said) > 300
    assert "hold “FE”" in done.stderr
