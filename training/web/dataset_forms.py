"""What people fill in about a table: the file, and how it is to be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django import forms
from django.http import QueryDict

from training.models.dataset import Dataset
from training.tables.encoding import CHOICES
from training.tables.remedies import Remedy, remedies
from training.tables.schema import ReadingError
from training.web.tables.held_upload import HeldUpload

_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "blank": " "}
_ACCEPTED = ".csv,.tsv,.txt,.gz,.xlsx,.xlsm,.xlsb,.xls,.ods,.parquet,.feather,.arrow,text/csv"
_YES_NO = ("header", "total")
_ANSWERS = {"yes": True, "no": False}
_NAMES = {separator: name for name, separator in _SEPARATORS.items()}


class ReadingForm(forms.Form):
    """The import options. Empty: detect automatically."""

    remedies: Sequence[Remedy] = ()
    """Options that would make a refused table readable."""

    sheet = forms.CharField(
        label="Sheet",
        required=False,
        max_length=255,
        help_text="Of a workbook. Empty: the first that looks like a table.",
    )
    encoding = forms.ChoiceField(
        choices=[("", "Detect automatically"), *CHOICES], required=False, label="Encoding"
    )
    separator = forms.ChoiceField(
        choices=[
            ("", "Detect automatically"),
            ("comma", "Comma ,"),
            ("semicolon", "Semicolon ;"),
            ("tab", "Tab"),
            ("bar", "Vertical bar |"),
            ("blank", "Blanks"),
        ],
        required=False,
        label="Separator",
    )
    decimal = forms.ChoiceField(
        choices=[("", "Detect automatically"), (".", "Point 3.14"), (",", "Comma 3,14")],
        required=False,
        label="Decimal mark",
    )
    dates = forms.ChoiceField(
        choices=[
            ("", "Detect automatically"),
            ("dmy", "Day first 31/12"),
            ("mdy", "Month first 12/31"),
        ],
        required=False,
        label="Order of dates",
    )
    header = forms.ChoiceField(
        choices=[
            ("", "Detect automatically"),
            ("yes", "Holds the column names"),
            ("no", "Is the first row of data"),
        ],
        required=False,
        label="First line",
    )

    skip = forms.IntegerField(
        label="Lines before the table",
        required=False,
        min_value=0,
        max_value=1000,
        help_text="Titles and comments above the names. Empty: detect automatically.",
    )
    total = forms.ChoiceField(
        choices=[
            ("", "Detect automatically"),
            ("no", "Is a row"),
            ("yes", "Is a total: leave it out"),
        ],
        required=False,
        label="Last line",
    )
    ragged = forms.ChoiceField(
        choices=[("", "Stop with an error"), ("drop", "Leave them out")],
        required=False,
        label="Rows with too many or too few cells",
    )

    def __init__(self, *args: Any, sheets: Sequence[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if sheets:
            self.fields["sheet"].widget = forms.Select(choices=[(name, name) for name in sheets])
            self.fields["sheet"].help_text = ""
        elif sheets is not None:
            del self.fields["sheet"]

    @staticmethod
    def with_remedy(sent: QueryDict) -> QueryDict:
        """Return what was sent with the option of the button that was pressed, if any."""
        option, _, value = sent.get("remedy", "").partition("=")
        if option not in ReadingForm.base_fields:
            return sent
        changed = sent.copy()
        changed[option] = _NAMES.get(value, value) if option == "separator" else value
        return changed

    @property
    def choices(self) -> dict[str, Any]:
        """The answers as the reader takes them; only what was answered."""
        plain = ("sheet", "encoding", "decimal", "dates", "skip", "ragged")
        given = {name: self.cleaned_data.get(name) for name in plain}
        given["separator"] = _SEPARATORS.get(self.cleaned_data.get("separator", ""))
        given |= {name: _ANSWERS.get(self.cleaned_data.get(name, "")) for name in _YES_NO}
        return {name: value for name, value in given.items() if value not in (None, "")}

    @classmethod
    def of(cls, dataset: Dataset, data: Any = None) -> ReadingForm:
        """Return the form with what was answered before, and with what is sent now."""
        choices = dataset.told
        words = {answer: word for word, answer in _ANSWERS.items()}
        answers = {name: words.get(choices.get(name), "") for name in _YES_NO}
        separator = _NAMES.get(choices.get("separator"), "")
        initial = {**choices, **answers, "separator": separator}
        return cls(data, initial=initial, sheets=dataset.sheets)


class UploadForm(ReadingForm):
    """A table to keep."""

    field_order = ["file"]
    file = forms.FileField(
        label="Table",
        allow_empty_file=True,
        error_messages={"required": "Choose the file of a table."},
        widget=forms.FileInput(attrs={"accept": _ACCEPTED}),
    )

    def __init__(
        self, *args: Any, too_large: str = "", held: HeldUpload | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.too_large = too_large
        self.held = held
        self.fields["file"].required = held is None
        if too_large:
            # The file was dropped at the limit, so that to the form it is missing.
            self.fields["file"].error_messages["required"] = too_large

    def keep(self, owner: Any) -> Dataset | None:
        """Keep the table of a valid form; None if it cannot be read, and the form says why."""
        if self.held is None:
            file = self.cleaned_data["file"]
            return self._keep(Path(file.temporary_file_path()), file.name, file.sha256, owner)
        with self.held.copied() as draft:
            return self._keep(draft, self.held.name, self.held.sha256, owner)

    def _keep(self, draft: Path, name: str, sha256: str, owner: Any) -> Dataset | None:
        try:
            return Dataset.receive(draft, name, sha256, owner, self.choices)
        except ReadingError as error:
            self.add_error("file", str(error))
            self.remedies = remedies(draft, self.choices)
            return None
