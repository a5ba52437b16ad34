"""What the tests of the pages of training do again and again."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobsite.jobs.status import Status
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob

HOSTILE = '<script>alert("x")</script>'


def signed_in(user: Any) -> Client:
    """A browser of this person."""
    client = Client()
    client.force_login(user)
    return client


def upload(page: Client, data: bytes, name: str = "table.csv", **fields):
    """Send a table."""
    file = SimpleUploadedFile(name, data, content_type="text/csv")
    return page.post(reverse("training:new"), {"file": file, **fields})


def kept(page: Client, data: bytes, **fields) -> Dataset:
    """Send a table that is taken."""
    answer = upload(page, data, **fields)
    assert answer.status_code == 302, answer.content.decode()
    return Dataset.objects.latest("created_at")


def train(page: Client, dataset: Dataset, **fields):
    """Ask for a training."""
    form = {"target": "kind", "algorithms": ["linear", "tree"], "time_limit": 60, **fields}
    return page.post(dataset.get_absolute_url(), form)


def finished(page: Client, data: bytes, **facts) -> TrainingJob:
    """A training with a result and two files."""
    train(page, kept(page, data))
    job = TrainingJob.objects.get()
    result = {
        "problem": "multiclass", "reason": "Because.", "target": job.target, "rows": 120,
        "folds": 5, "metric": "balanced_accuracy", "greater_is_better": True, "best": "tree",
        "leaderboard": [
            {"algorithm": "tree", "label": "Decision tree", "status": "succeeded", "score": 0.9,
             "score_std": 0.01, "metrics": {"accuracy": 0.8}, "fit_seconds": 1.5, "note": "",
             "tied": False, "holdout": {"balanced_accuracy": 0.85}, "model": "tree.skops"},
            {"algorithm": "svm", "label": "Support vectors", "status": "failed", "score": None,
             "score_std": None, "metrics": None, "fit_seconds": None, "error": HOSTILE,
             "note": "", "tied": False, "holdout": None, "model": ""},
        ],
        "warnings": [HOSTILE], "holdout": {}, "importance": {},
        "plots": [{"algorithm": "tree", "name": "confusion", "title": HOSTILE,
                   "sentence": "Read it so.", "file": "tree-confusion.svg",
                   "width": 300, "height": 300}],
    }  # fmt: skip
    TrainingJob.objects.update(
        status=Status.SUCCEEDED, finished_at=timezone.now(), result=result, progress=1
    )
    job.artifacts.mkdir(parents=True)
    (job.artifacts / "tree-confusion.svg").write_text("<svg>drawn</svg>")
    (job.artifacts / "tree.skops").write_bytes(b"model")
    return job
