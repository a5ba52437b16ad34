"""What people fill in about a training: what is to be learnt from a table."""

from __future__ import annotations

from typing import Any

from django import forms

from training import metrics
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
from training.problem.problem_type import CLUSTERING, FEWEST_ROWS, TargetError, few_rows
from training.text import shown

WANTED = [("", "What it looks like"), ("classification", "Classes"), ("regression", "A number")]
DEFAULTS = {"time_limit": DEFAULT_TIME_LIMIT, "folds": DEFAULT_FOLDS, "seed": DEFAULT_SEED}


class TrainingForm(forms.Form):
    """The settings of a training for page, API and command: their bounds, and what contradicts."""

    target: forms.Field = forms.CharField(required=False, strip=False, max_length=255)
    wanted = forms.ChoiceField(required=False, choices=[*WANTED, (CLUSTERING, "Groups")])
    positive = forms.CharField(
        label="Positive class",
        required=False,
        max_length=255,
        help_text="Of two classes, the one that scores look for. Empty: yes, else the rarer one.",
    )
    metric = forms.ChoiceField(
        label="Measure",
        required=False,
        choices=[("", "The usual one of the problem"), *metrics.choices()],
        help_text="Ranks models and settings. Usual are ROC AUC for two classes, log loss for "
        "several and RMSE for numbers.",
        error_messages={
            "invalid_choice": "There is no measure named “%(value)s”. There are: "
            f"{', '.join(metrics.KEYS)}."
        },
    )
    algorithms = forms.MultipleChoiceField(
        label="Algorithms",
        choices=catalogue.CHOICES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="The baseline always runs: the others have to beat it.",
        error_messages={
            "invalid_choice": "There is no algorithm named “%(value)s”. There are: "
            f"{', '.join(catalogue.ALGORITHMS)}."
        },
    )
    time_limit = forms.IntegerField(
        label="Time limit in seconds",
        min_value=SHORTEST,
        max_value=LONGEST,
        required=False,
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

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dataset = dataset

    def clean(self) -> dict[str, Any]:
        """Fill in the defaults; refuse a contradiction and a target that cannot be learnt."""
        data: dict[str, Any] = super().clean() or {}
        for name, default in DEFAULTS.items():
            if data.get(name) is None:
                data[name] = default
        if self.errors:
            return data
        target, groups = data["target"], data["wanted"] == CLUSTERING
        if self.dataset.rows is not None and self.dataset.rows < FEWEST_ROWS:
            self.add_error("target", few_rows(self.dataset.rows))
        elif groups and target:
            self.add_error("target", "Groups are found without a target. Leave it out.")
        elif groups and data["metric"]:
            self.add_error("metric", "Groups are ranked by their silhouette. Leave it out.")
        elif groups and data["algorithms"]:
            self.add_error("algorithms", "Groups are found by k-means. Leave them out.")
        elif not groups and not target:
            self.add_error(
                "target", "Name the column to predict, or ask for the problem “clustering”."
            )
        else:
            self._check_problem(target, data)
        return data

    def _check_problem(self, target: str, data: dict[str, Any]) -> None:
        """Refuse a target or a measure that does not fit, as far as the first rows tell."""
        field = "target"
        try:
            found = self.dataset.guess(target, data["wanted"])
            field = "metric"
            if found is not None and data["metric"]:
                column = next((c for c in self.dataset.columns if c.name == target), None)
                low = () if column is None or column.low is None else (column.low,)
                metrics.ranking_metric(found.kind, data["metric"], target, low)
        except TargetError as error:
            self.add_error(field, str(error))

    def job(self) -> TrainingJob:
        """Return the training of a valid form, not queued yet."""
        data, positive = self.cleaned_data, self.cleaned_data["positive"]
        return TrainingJob.of(
            self.dataset,
            data["target"],
            data["algorithms"],
            options={**self.options(), **({"positive": positive} if positive else {})},
            **{name: data[name] for name in ("wanted", "metric", "tune", *DEFAULTS)},
        )

    def options(self) -> dict[str, Any]:
        """Return the kinds and roles of the columns."""
        return self.dataset.options


class TrainingPageForm(TrainingForm):
    """The same on the page of a table, perhaps filled in as an earlier training was."""

    target: forms.Field = forms.ChoiceField(
        label="Target", required=False, help_text="The column that is to be predicted."
    )
    wanted = forms.ChoiceField(label="Predict it as", required=False, choices=WANTED)
    again = forms.UUIDField(required=False, widget=forms.HiddenInput)
    same_columns = forms.BooleanField(
        label="Kinds and roles of the columns as in that training", required=False, initial=True
    )

    def __init__(
        self, *args: Any, dataset: Dataset, earlier: TrainingJob | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, dataset=dataset, **kwargs)
        self.earlier = earlier
        names = [column.name for column in dataset.preview.columns]
        self.fields["target"].choices = [  # type: ignore[attr-defined]
            *((name, name) for name in names),
            ("", "No target: find groups"),
        ]
        self.fields["time_limit"].required = True
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
            **DEFAULTS,
            **(settings_of(earlier) if earlier else {}),
            **self.initial,
        }

    def clean(self) -> dict[str, Any]:
        """Look for groups if no target is chosen; otherwise ask for an algorithm."""
        data = self.cleaned_data
        if data.get("target") == "":
            data |= {"wanted": CLUSTERING, "algorithms": []}
        elif data.get("algorithms") == []:
            self.add_error("algorithms", "Choose at least one algorithm.")
        return super().clean()

    def options(self) -> dict[str, Any]:
        """Return the kinds and roles of the table, or of the earlier training if that is asked."""
        if self.earlier and self.cleaned_data.get("same_columns"):
            return {key: value for key, value in self.earlier.options.items() if key != "positive"}
        return super().options()


def settings_of(job: TrainingJob) -> dict[str, Any]:
    """Return what a form has to hold to ask for the same training again."""
    names = ("target", "metric", "algorithms", "time_limit", "tune", "folds", "seed")
    chosen = {name: getattr(job, name) for name in names}
    wanted = "" if job.wanted == CLUSTERING else job.wanted
    algorithms = job.algorithms or list(catalogue.ALGORITHMS)
    positive = job.options.get("positive", "")
    return {
        **chosen,
        "algorithms": algorithms,
        "wanted": wanted,
        "positive": positive,
        "again": job.pk,
    }
