"""`manage.py predict JOB_ID FILE`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from jobsite.jobs import queue
from jobsite.jobs.management.base import JobCommand, find
from jobsite.jobs.status import Status
from training.management.reading import add_reading_arguments, reading_choices
from training.models.prediction import Prediction, fitted
from training.models.training_job import TrainingJob
from training.tables.schema import ReadingError


class Command(JobCommand):
    """Predicts the rows of a local file with a model that was trained here."""

    help = "Predict with a model. Exit status: 0 succeeded, 1 failed or cancelled, 2 bad input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", metavar="JOB_ID", help="a training that has succeeded")
        parser.add_argument("file", metavar="FILE", type=Path)
        add_reading_arguments(parser)
        parser.add_argument("--model", metavar="ALGORITHM", default="", help="default: the best")
        parser.add_argument("--output", metavar="OUT.csv", type=Path, help="default: the terminal")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        training = self.training(options["job"])
        output = options["output"]
        if output is not None and not output.absolute().parent.is_dir():
            self.refuse(f"The folder of {output} is not there.")
        job = self.make_job(training, options)
        queue.submit(job)
        status = self.follow([job])
        job.refresh_from_db()
        if job.status == Status.SUCCEEDED:
            self.hand_over(job, options)
        elif options["json"]:
            self.print_json(job.as_dict() | {"result": None})
        sys.exit(status)

    def training(self, job_id: str) -> TrainingJob:
        """Return the training with the given id, or end with status 2 and the reason."""
        job = find(job_id)
        if not isinstance(job, TrainingJob):
            self.refuse(
                f"There is no training with the id {job_id!r}. {settings.COMMAND} jobs lists them."
            )
        if not fitted(job.result):
            self.refuse(
                f"The training “{job.name}” is {job.status} and has no model that can predict."
            )
        return job

    def make_job(self, training: TrainingJob, options: dict[str, Any]) -> Prediction:
        """Return the prediction, or end with status 2 and the reason."""
        models = dict(fitted(training.result))
        algorithm = options["model"] or next(iter(models))
        if algorithm not in models:
            self.refuse(f"There is no model “{algorithm}”. There are: {', '.join(models)}.")
        choices = {
            "header": training.dataset.preview.dialect.header,
            **reading_choices(self, options),
        }
        try:
            return Prediction.copy(training, algorithm, options["file"], choices)
        except ReadingError as error:
            self.refuse(str(error))
        except OSError as error:
            self.refuse(f"{options['file']} cannot be read: {error.strerror}.")

    def hand_over(self, job: Prediction, options: dict[str, Any]) -> None:
        """Print the warnings, and write the answers where they were asked for."""
        assert job.result is not None
        for finding in job.result["findings"]:
            self.say(finding["sentence"])
        if options["output"] is not None:
            shutil.copyfile(job.answers_path, options["output"])
            self.say(f"{job.result['rows']:,} predictions are in {options['output']}.")
        if options["json"]:
            self.print_json(job.as_dict() | {"result": job.result})
        elif options["output"] is None:
            with job.answers_path.open(encoding="utf-8", newline="") as lines:
                shutil.copyfileobj(lines, self.stdout)
