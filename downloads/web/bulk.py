"""Buttons above the list of downloads, for a selection or for all that match the filter."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from downloads.bulk import ACTIONS, Values, carry_out
from downloads.models.category import Category
from downloads.web.filters import DownloadFilter
from downloads.web.option_forms import TagsField
from jobsite.jobs.web.bulk import BulkActions

DELETE_CHOICES = [
    ("keep", "Keep the files", "The entry goes; what was fetched completely stays in the library."),
    ("data", "Delete the files, too", "Unless somebody else here has the same torrent."),
]
NOTHING = "Nothing was selected. Tick the downloads that are meant."


class BulkForm(forms.Form):
    """An action and the values that it needs."""

    action = forms.ChoiceField(choices=[(name, name) for name in ACTIONS])
    category = forms.ModelChoiceField(Category.objects.none(), required=False)
    tags = TagsField(required=False, max_length=1000)
    choice = forms.CharField(required=False)

    def __init__(self, *args: Any, owner: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category: Any = self.fields["category"]
        category.queryset = Category.objects.visible_to(owner)

    def clean(self) -> dict[str, Any]:
        """Require tags for an action that tags."""
        data = super().clean() or {}
        if data.get("action") in {"tag", "untag"} and not data.get("tags"):
            raise forms.ValidationError("Write the tags that are meant, with commas between them.")
        return data

    @property
    def values(self) -> Values:
        data = self.cleaned_data
        return Values(data["category"], data["tags"], with_data=data["choice"] == "data")


class Bulk(BulkActions):
    """Acts on each download that allows it, and says how many did; asks before it deletes."""

    filterset_class = DownloadFilter

    def post(self, request: HttpRequest) -> HttpResponse:
        form = BulkForm(request.POST, owner=request.user)
        chosen = self.chosen()
        if not form.is_valid() or not chosen:
            errors = [text for texts in form.errors.values() for text in texts]
            messages.error(request, NOTHING if not chosen else " ".join(map(str, errors)))
        elif self.asks(form.cleaned_data["action"]):
            action = form.cleaned_data["action"]
            choices = DELETE_CHOICES if action == "delete" else []
            return self.ask(chosen, choices=choices, verb=action.capitalize())
        else:
            outcome = carry_out(form.cleaned_data["action"], chosen, form.values)
            say = messages.success if outcome.changed else messages.warning
            say(request, outcome.sentence)
        return redirect(self.after)

    def asks(self, action: str) -> bool:
        """Return whether a question comes first: deleting, or cancelling all that match."""
        if "choice" in self.request.POST:
            return False
        return action == "delete" or (action == "cancel" and "all" in self.request.POST)
