"""Buttons above the list of downloads, for a selection or for all that match the filter."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views import View

from downloads.bulk import ACTIONS, Values, carry_out
from downloads.models.category import Category
from downloads.web.filters import DownloadFilter
from downloads.web.option_forms import TagsField
from jobsite.jobs.web.views import OwnJobs, back

DELETE_CHOICES = [
    ("keep", "Keep the files", "The entry goes; what was fetched completely stays in the library."),
    ("data", "Delete the files, too", "Unless somebody else here has the same torrent."),
]
NOTHING = "Nothing was selected. Tick the downloads that are meant."
NAMES_SHOWN = 10


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


class Bulk(OwnJobs, View):
    """Acts on each download that allows it, and says how many did; asks before it deletes."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = BulkForm(request.POST, owner=request.user)
        chosen = self.chosen()
        if not form.is_valid() or not chosen:
            errors = [text for texts in form.errors.values() for text in texts]
            messages.error(request, NOTHING if not chosen else " ".join(map(str, errors)))
        elif self.asks(form.cleaned_data["action"]):
            return self.ask(chosen)
        else:
            outcome = carry_out(form.cleaned_data["action"], chosen, form.values)
            say = messages.success if outcome.changed else messages.warning
            say(request, outcome.sentence)
        return redirect(back(request) or reverse("downloads:list"))

    def chosen(self) -> QuerySet:
        """Return the ticked downloads, or all that match the list's filter if that was ticked."""
        mine = self.get_queryset()
        if "all" in self.request.POST:
            query = QueryDict(self.request.POST.get("query", ""))
            return DownloadFilter(query, queryset=mine, request=self.request).qs
        return mine.filter(pk__in=_ids(self.request.POST.getlist("ids")))

    def asks(self, action: str) -> bool:
        """Return whether a question comes first: deleting, or cancelling all that match."""
        if "choice" in self.request.POST:
            return False
        return action == "delete" or (action == "cancel" and "all" in self.request.POST)

    def ask(self, chosen: QuerySet) -> HttpResponse:
        """Show the question before many are deleted or cancelled."""
        action = self.request.POST["action"]
        kept = ("ids", "all", "query", "next", "action")
        context = {
            "number": len(chosen),
            "names": [job.name for job in chosen[:NAMES_SHOWN]],
            "more": max(0, len(chosen) - NAMES_SHOWN),
            "running": sum(job.status == "running" for job in chosen),
            "choices": DELETE_CHOICES if action == "delete" else [],
            "verb": action.capitalize(),
            "kept": [(name, one) for name in kept for one in self.request.POST.getlist(name)],
            "back": back(self.request) or reverse("downloads:list"),
        }
        return render(self.request, "downloads/confirm_bulk_delete.html", context)


def _ids(texts: list[str]) -> list[UUID]:
    ids = []
    for text in texts:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    return ids
