"""What people fill in about a training: what is to be learnt from a table."""

from __future__ import annotations

from typing import Any

from django import forms

from training.algorithms import catalogue
from training.models.dataset import Dataset
from training.models.training_job import (
    DEFAULT_FOLDS,
    DEFAULT_SEED,
    DEFAULT_TIME_LIMIT,
    FEWEST_FOLDS,
    HIGHEST_SEED,
    LONGEST,
    MOST_FOLDS,
    SHORTEST,
    TIME_LIMIT_HELP,
    TrainingJob,
)
from training.problem.problem_type import CLUSTERING, TargetError
from training.text import shown


class TrainForm(forms.Form):
    """A training on one table."""

    target = forms.ChoiceField(
        label="Target", required=False, help_text="The column that is to be predicted."
    )
    wanted = forms.ChoiceField(
        label="Predict it as",
        required=False,
        choices=[
            ("", "What it looks like"),
            ("classification", "Classes"),
            ("regression", "A number"),
        ],
    )
    algorithms = forms.MultipleChoiceField(
        label="Algorithms",
        choices=catalogue.CHOICES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="The baseline always runs: the others have to beat it.",
    )
    time_limit = forms.IntegerField(
        label="Time limit in seconds",
        min_value=SHORTEST,
        max_value=LONGEST,
        help_text=TIME_LIMIT_HELP,
    )
    tune = forms.BooleanField(
        label="Tune and join the best",
        required=False,
        initial=True,
        help_text="Where time allows: tries other settings of the best, and an ensemble.",
    )
    folds = forms.IntegerField(
        label="Folds", min_value=FEWEST_FOLDS, max_value=MOST_FOLDS, required=False
    )
    seed = forms.IntegerField(
        label="Seed",
        min_value=0,
        max_value=HIGHEST_SEED,
        required=False,
        help_text="The same seed gives the same scores.",
    )
    again = forms.UUIDField(required=False, widget=forms.HiddenInput)
    same_columns = forms.BooleanField(
        label="Kinds and roles of the columns as in that training", required=False, initial=True
    )

    def __init__(
        self, *args: Any, dataset: Dataset, earlier: TrainingJob | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.dataset, self.earlier = dataset, earlier
        names = [column.name for column in dataset.preview.columns]
        self.fields["target"].choices = [  # type: ignore[attr-defined]
            *((name, name) for name in names),
            ("", "No target: find groups"),
        ]
        if earlier is None or earlier.options == dataset.options:
            del self.fields["same_columns"]
        proposed = dataset.proposed()
        if proposed:
            self.fields[
                "target"
            ].help_text += f" “{shown(proposed.name)}” is proposed: {proposed.reason}."
        self.initial = {
            "target": proposed.name if proposed else "",
            "algorithms": list(catalogue.ALGORITHMS),
            "time_limit": DEFAULT_TIME_LIMIT,
            "folds": DEFAULT_FOLDS,
            "seed": DEFAULT_SEED,
            **(settings_of(earlier) if earlier else {}),
            **self.initial,
        }

    def clean(self) -> dict[str, Any]:
        """Refuse a target that surely cannot be learnt."""
        data: dict[str, Any] = super().clean() or {}
        if "target" not in data:
            return data
        if not data["target"]:
            data["wanted"] = CLUSTERING
        elif not data.get("algorithms") and "algorithms" not in self.errors:
            self.add_error("algorithms", "Choose at least one algorithm.")
        try:
            self.dataset.guess(data["target"], data.get("wanted", ""))
        except TargetError as error:
            self.add_error("target", str(error))
        return data

    def job(self) -> TrainingJob:
        """The training of a valid form, not queued yet."""
        data = self.cleaned_data
        return TrainingJob.of(
            self.dataset,
            data["target"],
            data["algorithms"],
            wanted=data["wanted"],
            time_limit=data["time_limit"],
            tune=data["tune"],
            folds=data["folds"] or DEFAULT_FOLDS,
            seed=DEFAULT_SEED if data["seed"] is None else data["seed"],
            options=(
                self.earlier.options
                if self.earlier and data.get("same_columns")
                else self.dataset.options
            ),
        )


def settings_of(job: TrainingJob) -> dict[str, Any]:
    """What a form has to hold to ask for the same training again."""
    names = ("target", "algorithms", "time_limit", "tune", "folds", "seed")
    chosen = {name: getattr(job, name) for name in names}
    wanted = "" if job.wanted == CLUSTERING else job.wanted
    algorithms = job.algorithms or list(catalogue.ALGORITHMS)
    return {**chosen, "algorithms": algorithms, "wanted": wanted, "again": job.pk}
