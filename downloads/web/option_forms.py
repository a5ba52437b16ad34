"""Form fields of the options of a download, used when it is added and later."""

from typing import Any

from django import forms

from downloads.library.record import Layout
from downloads.models.category import Category
from downloads.models.download import Download
from downloads.models.seeding_goal import GOAL_FIELDS
from downloads.validators import check_trackers, clean_name, clean_tags

LASTING = ["category", "tags", "sequential", "ends_first", *GOAL_FIELDS]
OPTIONS = [*LASTING, "hold", "exclude", "layout"]
CHANGES = [*LASTING, "priority", "forced", "down_kb", "up_kb"]


class TagsField(forms.CharField):
    """Tags in one line, with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        """Return a list as a line."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """Return the list. Raises ValidationError."""
        try:
            return clean_tags(super().clean(value))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


FOLDED = ["layout", "sequential", "ends_first", *GOAL_FIELDS]


class FoldingForm(forms.ModelForm):
    """A form whose seldom changed fields are folded away on its page."""

    @property
    def folded(self) -> list[Any]:
        """The fields that are seldom changed."""
        return [self[name] for name in FOLDED if name in self.fields]

    @property
    def unfolded(self) -> list[Any]:
        return [field for field in self.visible_fields() if field.name not in FOLDED]

    @property
    def is_unfolded(self) -> bool:
        """Whether a folded field is set or wrong."""
        usual = {None, "", False, "stop", Layout.ORIGINAL}
        return any(field.errors or field.value() not in usual for field in self.folded)


class OptionForm(FoldingForm):
    """Fields of a download that its owner may set at any time."""

    tags = TagsField(
        required=False, help_text="With commas between them.", max_length=1000, strip=True
    )

    class Meta:
        model = Download
        fields = LASTING

    def __init__(self, *args: Any, owner: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category: Any = self.fields["category"]
        category.queryset = Category.objects.visible_to(owner)
        category.empty_label = "None"

    @property
    def changes(self) -> dict[str, Any]:
        """The values that differ from those before."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

    @property
    def options(self) -> dict[str, Any]:
        """The values of the fields, once the form is valid."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}


class TrackersField(forms.CharField):
    """The URLs of trackers, one per line."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "links"})

    def prepare_value(self, value: Any) -> Any:
        """Return a list as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Return a list of the lines."""
        return [line.strip() for line in (value or "").splitlines() if line.strip()]


class OptionsForm(OptionForm):
    """The fields of one download that can be changed."""

    trackers = TrackersField(
        required=False,
        strip=False,
        max_length=120_000,
        help_text="Who is asked for peers, one address per line: http, https or udp.",
    )

    class Meta(OptionForm.Meta):
        fields = ["name", *CHANGES]

    def __init__(self, *args: Any, instance: Download, **kwargs: Any) -> None:
        kwargs["initial"] = {"trackers": instance.trackers}
        super().__init__(*args, instance=instance, **kwargs)
        self._private = instance.is_private

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"])

    def clean_trackers(self) -> list[str]:
        return check_trackers(
            self.cleaned_data["trackers"], self.initial["trackers"], self._private
        )
