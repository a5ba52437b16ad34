"""What is taken away: the report, the card, and the archive that makes the scores again."""

import json
import os
import subprocess
import sys
import zipfile

import pytest

from jobsite.jobs.execution.report import Report
from tests.support.training_tables import flowers
from training.exports import reproduction
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob
from training.results.files import CARD, REPORT, REPRODUCE
from training.tasks.train import run

HOSTILE = "<script>alert(1)</script>|x"


@pytest.fixture
def trained(ann, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    path = tmp_path / "flowers.csv"
    path.write_bytes(flowers(150).replace(b"width", HOSTILE.encode()))
    keys = ["linear", "tree", "knn", "svm"]
    job = TrainingJob.of(Dataset.copy(path, ann, {}), "kind", keys, folds=3, time_limit=600)
    (tmp_path / "out").mkdir()
    result = run(
        job, Report(os.open(tmp_path / "told", os.O_WRONLY | os.O_CREAT), tmp_path / "out")
    )
    return path, json.loads(json.dumps(result)), tmp_path / "out"


@pytest.mark.django_db
def test_what_is_taken_away_stands_alone_and_gives_the_same_scores(trained, tmp_path):
    table, result, out = trained
    report = (out / REPORT).read_text()
    assert "<script>alert" not in report
    assert report.count("data:image/svg+xml;base64,") == len(result["plots"])
    card = (out / CARD).read_text()
    assert "<script>" not in card
    assert "| Decision tree |" in card
    folder = tmp_path / "elsewhere"
    with zipfile.ZipFile(out / REPRODUCE) as archive:
        archive.extractall(folder)
    lock = (folder / "requirements.txt").read_text()
    assert "scikit-learn==" in lock
    assert lock.count("--hash=sha256:") > lock.count("==") > 8, "as pip --require-hashes wants it"
    assert not (folder / "training" / "models.py").exists(), "nothing of the site is needed"
    words = [sys.executable, str(folder / "train.py"), str(table)]
    # Columns of text are float32: another kernel of the same library differs in the sixth place.
    kernels = {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")}
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder, env=kernels)
    assert done.returncode == 0, done.stdout + done.stderr
    made = [row["algorithm"] for row in result["leaderboard"]]
    assert "ensemble" in made, "and its weights are found again"
    assert sorted(line.split()[0] for line in done.stdout.splitlines()) == sorted(made)
    table.write_bytes(flowers(20))
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder, env=kernels)
    assert done.returncode == 2
    assert "SHA-256 differs" in done.stdout


def test_the_lock_names_all_that_is_needed():
    names = {line.partition("==")[0] for line in reproduction.locked(("scikit-learn",))}
    assert {"numpy", "scipy", "joblib", "threadpoolctl"} <= names
    assert "pytest" not in names
