"""The form that takes links and .torrent files."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from downloads.adding import Asked, read_links, read_torrents
from downloads.library.record import Layout
from downloads.web.option_forms import OPTIONS, OptionForm

MAX_LINES = 10_000


class ManyFiles(forms.FileInput):
    """A file field of the browser that takes several files."""

    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Any number of uploaded files."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """Return the list of files; empty if none was chosen."""
        files = [file for file in data or [] if file]
        if self.required and not files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return files


class AddForm(OptionForm):
    """A paste of links, some .torrent files, or both."""

    links = forms.CharField(
        label="Links",
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={
                "rows": 10,
                "data-paste": "",
                "spellcheck": "false",
                "autocapitalize": "off",
                "class": "links",
            }
        ),
        help_text="Magnet links and info hashes, one per line. Lines that begin with # are "
        "left out.",
    )
    torrents = ManyFilesField(
        label=".torrent files",
        required=False,
        widget=ManyFiles(attrs={"accept": ".torrent,application/x-bittorrent"}),
    )

    class Meta(OptionForm.Meta):
        fields = OPTIONS

    asked: Sequence[Asked] = ()
    field_order = ["links", "torrents"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["layout"].required = False

    def clean_layout(self) -> str:
        return self.cleaned_data["layout"] or Layout.ORIGINAL

    def clean(self) -> dict[str, Any]:
        """Read every line and file; at least one must be there."""
        data = super().clean() or {}
        text = data.get("links") or ""
        if text.count("\n") >= MAX_LINES:
            raise forms.ValidationError(
                f"More than {MAX_LINES:,} lines at once are refused. Paste them in several parts."
            )
        self.asked = [*read_links(text), *read_torrents(data.get("torrents") or [])]
        if not self.asked:
            raise forms.ValidationError("Paste a link, or choose a .torrent file.")
        return data
