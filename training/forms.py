"""What people fill in: how a table is to be read, and what is to be learnt from it."""

from __future__ import annotations

from typing import Any

from django import forms

from jobsite.jobs.uploads import too_large_sentence
from training import catalogue, encodings
from training.models import (
    DEFAULT_FOLDS,
    DEFAULT_SEED,
    DEFAULT_TIME_LIMIT,
    LONGEST,
    SHORTEST,
    Dataset,
    TrainingJob,
)
from training.problem import TargetError
from training.table import ReadingError

_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_NAMES = {separator: name for name, separator in _SEPARATORS.items()}


class ReadingForm(forms.Form):
    """What a person knows better than the reader. Empty: find out."""

    encoding = forms.ChoiceField(
        choices=[("", "Find out"), *encodings.CHOICES], required=False, label="Encoding"
    )
    separator = forms.ChoiceField(
        choices=[
            ("", "Find out"),
            ("comma", "Comma ,"),
            ("semicolon", "Semicolon ;"),
            ("tab", "Tab"),
            ("bar", "Vertical bar |"),
        ],
        required=False,
        label="Separator",
    )
    decimal = forms.ChoiceField(
        choices=[("", "Find out"), (".", "Point 3.14"), (",", "Comma 3,14")],
        required=False,
        label="Decimal mark",
    )
    header = forms.ChoiceField(
        choices=[("", "Find out"), ("yes", "Holds the names"), ("no", "Is data already")],
        required=False,
        label="First line",
    )

    @property
    def told(self) -> dict[str, Any]:
        """The answers as the reader takes them; only what was answered."""
        given = {name: self.cleaned_data.get(name) for name in ("encoding", "decimal")}
        given["separator"] = _SEPARATORS.get(self.cleaned_data.get("separator", ""))
        given["header"] = {"yes": True, "no": False}.get(self.cleaned_data.get("header", ""))
        return {name: value for name, value in given.items() if value not in (None, "")}

    @classmethod
    def of(cls, dataset: Dataset) -> ReadingForm:
        """The form with what was answered before."""
        told = dataset.told
        header = {True: "yes", False: "no"}.get(told.get("header"), "")
        separator = _NAMES.get(told.get("separator"), "")
        return cls(initial={**told, "header": header, "separator": separator})


class UploadForm(ReadingForm):
    """A table to keep."""

    field_order = ["file"]
    file = forms.FileField(
        label="Table",
        allow_empty_file=True,
        error_messages={"required": "Choose the file of a table."},
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.gz,text/csv"}),
    )

    def __init__(self, *args: Any, too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.too_large = too_large
        if too_large:
            # The file was dropped at the limit, so that to the form it is missing.
            self.fields["file"].error_messages["required"] = too_large_sentence()

    def keep(self, owner: Any) -> Dataset | None:
        """Keep the table of a valid form; None where it cannot be read, and the form says why."""
        try:
            return Dataset.receive(self.cleaned_data["file"], owner, self.told)
        except ReadingError as error:
            self.add_error("file", str(error))
            return None


class TrainForm(forms.Form):
    """A training on one table."""

    target = forms.ChoiceField(label="Target", help_text="The column that is to be predicted.")
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
        widget=forms.CheckboxSelectMultiple,
        help_text="The baseline always runs: the others have to beat it.",
    )
    time_limit = forms.IntegerField(
        label="Time limit in seconds",
        min_value=SHORTEST,
        max_value=LONGEST,
        help_text="What is not finished then is skipped; what is finished counts.",
    )
    tune = forms.BooleanField(
        label="Tune and join the best",
        required=False,
        initial=True,
        help_text="Where time allows: tries other settings of the best three, and an ensemble.",
    )
    folds = forms.IntegerField(label="Folds", min_value=2, max_value=20, required=False)
    seed = forms.IntegerField(
        label="Seed",
        min_value=0,
        max_value=2**31 - 1,
        required=False,
        help_text="The same seed gives the same scores.",
    )

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dataset = dataset
        names = [column.name for column in dataset.preview.columns]
        self.fields["target"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        self.initial = {
            "target": dataset.likely_target(),
            "algorithms": list(catalogue.ALGORITHMS),
            "time_limit": DEFAULT_TIME_LIMIT,
            "folds": DEFAULT_FOLDS,
            "seed": DEFAULT_SEED,
            **self.initial,
        }

    def clean(self) -> dict[str, Any]:
        """Refuse a target that surely cannot be learnt."""
        data: dict[str, Any] = super().clean() or {}
        if "target" in data:
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
        )
