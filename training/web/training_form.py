"""What people fill in about a training: what is to be learnt from a table."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import F
from django.http import QueryDict

from jobsite.jobs import formats
from jobsite.jobs.status import Status
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

WANTED = [("", "Detect"), ("classification", "Classes"), ("regression", "A number")]
OWN = "own"
PRESETS = {"60": "1 min", str(DEFAULT_TIME_LIMIT): "10 min", "3600": "1 h"}
# Cells of a table (rows x columns) up to which all algorithms took so long on two cores, untuned.
_MEASURED = ((20_000, "less than a minute"), (200_000, "1 to 3 min"), (1_000_000, "3 to 10 min"))
_LARGE = "The table is large: all of the time will probably be used."
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
        label="Tune the top models and build an ensemble",
        required=False,
        initial=True,
        help_text="If the time allows.",
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
            options={**self.dataset.options, **({"positive": positive} if positive else {})},
            **{name: data[name] for name in ("wanted", "metric", "tune", *DEFAULTS)},
        )


class TrainingPageForm(TrainingForm):
    """The same on the page of a table, perhaps filled in as an earlier training was."""

    target: forms.Field = forms.ChoiceField(label="Target", required=False)
    wanted = forms.ChoiceField(label="Problem type", required=False, choices=WANTED)
    preset = forms.ChoiceField(
        label="Time",
        required=False,
        choices=[*PRESETS.items(), (OWN, "Own")],
        widget=forms.RadioSelect,
        help_text=TIME_LIMIT_HELP,
    )
    again = forms.UUIDField(required=False, widget=forms.HiddenInput)

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
        self.fields["time_limit"].widget.attrs["aria-label"] = "Own time in seconds"
        proposed = dataset.proposed()
        if proposed:
            self.fields[
                "target"
            ].help_text = f"“{shown(proposed.name)}” is proposed: {proposed.reason}."
        self.initial = {
            "target": proposed.name if proposed else "",
            "algorithms": list(catalogue.ALGORITHMS),
            **DEFAULTS,
            **(settings_of(earlier) if earlier else {}),
            **self.initial,
        }
        limit = str(self.initial["time_limit"] or "")
        if "preset" not in self.initial:
            self.initial["preset"] = limit if limit in PRESETS else OWN
        if self.initial["preset"] != OWN:
            self.initial["time_limit"] = None

    def clean(self) -> dict[str, Any]:
        """Look for groups if no target is chosen; otherwise ask for an algorithm."""
        data = self.cleaned_data
        self._take_time(data)
        if data.get("target") == "":
            data |= {"wanted": CLUSTERING, "algorithms": []}
        elif data.get("algorithms") == []:
            self.add_error("algorithms", "Choose at least one algorithm.")
        return super().clean()

    def _take_time(self, data: dict[str, Any]) -> None:
        """Take the time of the preset, or the seconds; refuse both at once, and neither."""
        preset, seconds = data.get("preset"), data.get("time_limit")
        if preset in PRESETS:
            if seconds not in (None, int(preset)):
                self.add_error(
                    "time_limit",
                    f"{PRESETS[preset]} is chosen, and {seconds} seconds are given. "
                    "Choose “Own”, or empty the field.",
                )
            data["time_limit"] = int(preset)
        elif seconds is None and "time_limit" not in self.errors:
            self.add_error("time_limit", "Give the time in seconds, or choose one beside it.")


SETTINGS = (
    *("target", "wanted", "positive", "algorithms"),
    *("preset", "time_limit", "metric", "folds", "seed"),
)


def settings_in(query: QueryDict) -> dict[str, Any]:
    """Return the settings that the address of a page holds."""
    found: dict[str, Any] = {name: query[name] for name in SETTINGS if name in query}
    if "algorithms" in found:
        found["algorithms"] = query.getlist("algorithms")
    if "tune" in query:
        found["tune"] = query["tune"] == "on"
    return found


def as_query(sent: QueryDict) -> str:
    """Return settings that a form has sent as the query of an address; see `settings_in`."""
    kept = [(name, value) for name in (*SETTINGS, "again") for value in sent.getlist(name) if value]
    if "target" in sent:
        kept += [("target", "")] if not sent["target"] else []
        kept.append(("tune", sent.get("tune", "off")))
    return urlencode(kept)


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


def expected_duration(dataset: Dataset) -> str:
    """Return how long all algorithms took on this table, or probably take on one of its size."""
    done = dataset.jobs.filter(status=Status.SUCCEEDED).order_by("-finished_at")
    last = done.annotate(took=F("finished_at") - F("started_at")).values("took").first()
    if last is not None and last["took"]:
        took = formats.duration(last["took"].total_seconds())
        return f"The last training on this table took {took}."
    if dataset.rows is None:
        return _LARGE
    cells = dataset.rows * len(dataset.preview.columns)
    usual = next((words for most, words in _MEASURED if cells <= most), "")
    if not usual:
        return _LARGE
    return (
        f"Each algorithm once takes {usual} for a table of this size, tuning the rest of the time."
    )
