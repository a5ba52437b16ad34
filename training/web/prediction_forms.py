"""What people fill in to ask a model: one row, or a file of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from training.models.prediction import Prediction
from training.models.training_job import TrainingJob
from training.results.input_schema import Input, Inputs
from training.tables.schema import NUMBER, ReadingError
from training.web.dataset_forms import UploadForm


def algorithm_field(models: Sequence[tuple[str, str]]) -> forms.ChoiceField:
    """Return the choice of one of the fitted models; the best stands first."""
    return forms.ChoiceField(label="Model", choices=list(models))


class RowForm(forms.Form):
    """One row: a field for each column that the models were trained on."""

    def __init__(
        self, *args: Any, inputs: Inputs, models: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.inputs = inputs
        self.fields["algorithm"] = algorithm_field(models)
        for number, item in enumerate(inputs.items):
            # Names of columns are anybody's text; they are labels here and nothing else.
            self.fields[f"c{number}"] = _field(item)

    @property
    def cells(self) -> list[Any]:
        """The fields of the columns."""
        return [self[f"c{number}"] for number in range(len(self.inputs.items))]

    def clean(self) -> dict[str, Any]:
        """Say which cells cannot be read as what their column holds."""
        data: dict[str, Any] = super().clean() or {}
        for number, item in enumerate(self.inputs.items):
            text = data.get(f"c{number}", "")
            if text and (complaint := item.complaint(text, self.inputs.dialect)):
                self.add_error(f"c{number}", complaint)
        return data

    def job(self, training: TrainingJob) -> Prediction:
        """Return the prediction of a valid form, not queued yet."""
        row = {
            item.name: self.cleaned_data[f"c{number}"]
            for number, item in enumerate(self.inputs.items)
        }
        return Prediction.of(training, self.cleaned_data["algorithm"], [row])


def _field(item: Input) -> forms.Field:
    column = item.column
    if item.choices:
        return forms.ChoiceField(
            label=item.name,
            required=False,
            choices=[("", "no value"), *((value, value) for value in item.choices)],
            initial=item.typical,
        )
    mode = {"inputmode": "decimal"} if column.kind == NUMBER else {}
    help_text = ""
    if column.kind == NUMBER and column.low is not None and column.high is not None:
        help_text = f"{column.low:g} to {column.high:g} in training"
    return forms.CharField(
        label=item.name,
        required=False,
        initial=item.typical,
        help_text=help_text,
        widget=forms.TextInput(attrs=mode),
    )


class RowsFileForm(UploadForm):
    """A file of rows for one model."""

    field_order = ["algorithm", "file"]

    def __init__(self, *args: Any, models: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["algorithm"] = algorithm_field(models)
        self.fields["file"].label = "File of rows"
        if not self.too_large:
            self.fields["file"].error_messages["required"] = "Choose the file with the rows."

    def job(self, training: TrainingJob) -> Prediction | None:
        """Return the prediction of a valid form, not queued; None if the file is unreadable."""
        choices = self.choices
        if "header" not in choices:
            choices["header"] = training.dataset.preview.dialect.header
        data = self.cleaned_data
        try:
            return Prediction.receive(training, data["algorithm"], data["file"], choices)
        except ReadingError as error:
            self.add_error("file", str(error))
            return None
