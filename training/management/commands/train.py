"""`manage.py train FILE --target COLUMN`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from jobsite.jobs import queue
from jobsite.jobs.formats import score
from jobsite.jobs.management.base import ENDED_BADLY, SUCCEEDED, JobCommand
from jobsite.jobs.status import Status
from training import metrics
from training.algorithms import catalogue
from training.management.reading import add_reading_arguments, reading_choices, refusal, refusals
from training.models.dataset import Dataset
from training.models.training_job import TIME_LIMIT_HELP, TrainingJob
from training.problem.column_roles import FEATURE, GROUP, IGNORE, TIME
from training.problem.problem_type import CLUSTERING, TargetError
from training.tables.schema import KINDS, ReadingError
from training.web.training_form import DEFAULTS, TrainingForm


class Command(JobCommand):
    """Submits a training of a file of this machine."""

    help = "Train models on a table. Exit status: 0 succeeded, 1 failed or cancelled, 2 bad input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        task = parser.add_mutually_exclusive_group(required=True)
        task.add_argument("--target", default="", metavar="COLUMN")
        task.add_argument("--clusters", action="store_true", help="no target: find groups of rows")
        parser.add_argument(
            "--algorithms", nargs="+", metavar="A", default=[], help=", ".join(catalogue.ALGORITHMS)
        )
        parser.add_argument("--problem", choices=["classification", "regression"], default="")
        parser.add_argument(
            "--metric", metavar="M", default="", help=f"what ranks: {', '.join(metrics.KEYS)}"
        )
        parser.add_argument(
            "--positive", metavar="CLASS", default="", help="of two classes, the one looked for"
        )
        parser.add_argument(
            "--time-limit",
            type=int,
            default=DEFAULTS["time_limit"],
            metavar="S",
            help=f"seconds. {TIME_LIMIT_HELP}",
        )
        parser.add_argument("--folds", type=int, default=DEFAULTS["folds"])
        parser.add_argument("--seed", type=int, default=DEFAULTS["seed"])
        parser.add_argument("--no-tune", action="store_true", help="defaults only, no ensemble")
        add_reading_arguments(parser)
        parser.add_argument("--ignore", nargs="+", metavar="COLUMN", default=[])
        parser.add_argument(
            "--use", nargs="+", metavar="COLUMN", default=[], help="although it looks like an id"
        )
        parser.add_argument("--group", metavar="COLUMN", help="its rows stay in one fold")
        parser.add_argument(
            "--time", metavar="COLUMN", help="later rows are predicted from earlier"
        )
        parser.add_argument(
            "--kind", nargs="+", metavar="COLUMN=KIND", default=[], help=", ".join(KINDS)
        )
        self.add_job_arguments(parser)

    def handle(self, **options: Any) -> None:
        job = self.make_job(options)
        self.say_problem(job)
        queue.submit(job)
        status = self.follow([job]) if options["wait"] else SUCCEEDED
        self.show(job, options)
        if options["wait"] and job.learnt_nothing:
            self.say(job.learnt_nothing)
            status = ENDED_BADLY
        sys.exit(status)

    def say_problem(self, job: TrainingJob) -> None:
        """Say how the target is understood, and how to change it, before anything is trained."""
        found = job.dataset.guess(job.target, job.wanted)
        self.say("" if found is None else found.reason)
        if found is not None and not job.wanted and job.target:
            self.say("--problem classification or --problem regression changes that.")
        for warning in job.dataset.preview.warnings:
            self.say(warning)

    def make_job(self, options: dict[str, Any]) -> TrainingJob:
        """Return the training, or end with status 2 and the reason."""
        owner = self.owner(options["user"])
        for name in ("algorithms", "metric", *DEFAULTS):  # before a large file is copied
            try:
                TrainingForm.base_fields[name].clean(options[name])
            except ValidationError as error:
                self.refuse(refusal(name, error.messages))
        if options["clusters"] and (options["algorithms"] or options["problem"]):
            self.refuse("--clusters finds groups by k-means: leave out --algorithms and --problem.")
        try:
            return self.checked(options, owner)
        except (ReadingError, TargetError, ValueError) as error:
            self.refuse(str(error))
        except OSError as error:
            self.refuse(f"{options['file']} cannot be read: {error.strerror}.")

    def checked(self, options: dict[str, Any], owner: Any) -> TrainingJob:
        """Return the training of a copy of the file; the copy is removed if the form refuses."""
        changes = changes_of(options)
        dataset = Dataset.copy(options["file"], owner, reading_choices(self, options))
        try:
            dataset.choose(changes)
            dataset.save(update_fields=["options", "head"])
        except TargetError:
            dataset.remove()
            raise
        wanted = CLUSTERING if options["clusters"] else options["problem"]
        form = TrainingForm(
            options | {"wanted": wanted, "tune": not options["no_tune"]}, dataset=dataset
        )
        if not form.is_valid():
            dataset.remove()
            self.refuse(refusals(form))
        return form.job()

    def show(self, job: TrainingJob, options: dict[str, Any]) -> None:
        """Print the job, and its result if there is one."""
        job.refresh_from_db()
        if options["json"]:
            self.print_json(job.as_dict() | {"result": job.result})
        elif job.status == Status.SUCCEEDED and job.result:
            for row in job.result["leaderboard"]:
                self.stdout.write(line_of(row, job.result["metric"]))
        elif not options["wait"]:
            self.stdout.write(str(job.pk))


def changes_of(options: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return what the options say about single columns. Raises ValueError."""
    changes: dict[str, dict[str, str]] = {}
    for text in options["kind"]:
        name, equals, kind = text.rpartition("=")
        if not equals:
            raise ValueError(f"--kind takes COLUMN=KIND, such as zip=category, not “{text}”.")
        changes.setdefault(name, {})["kind"] = kind
    roles = dict.fromkeys(options["use"], FEATURE) | dict.fromkeys(options["ignore"], IGNORE)
    roles |= {options[role]: role for role in (GROUP, TIME) if options[role]}
    for name, role in roles.items():
        changes.setdefault(name, {})["role"] = role
    return changes


def line_of(row: dict[str, Any], metric: str) -> str:
    """Return one line of the leaderboard."""
    if row["score"] is None:
        return f"{row['label']:<22} {row['status']}: {row.get('error', '')}"
    tie = "  within noise of the best" if row["tied"] else ""
    return f"{row['label']:<22} {metric} {score(row['score'])} ± {score(row['score_std'])}{tie}"
