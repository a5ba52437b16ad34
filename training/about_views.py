"""What a person notes about a training: its name, a note, a mark."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views import View

from jobsite.jobs.web.views import OwnJobs
from training.models.training_job import TrainingJob


class AboutForm(forms.ModelForm):
    """Name, note and mark of a training."""

    class Meta:
        model = TrainingJob
        fields = ["name", "note", "favourite"]
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}


class About(OwnJobs, View):
    """Keep what was noted."""

    model = TrainingJob
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Write these three fields alone: the rest of the row belongs to the worker."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        form = AboutForm(request.POST, instance=job)
        if form.is_valid():
            self.get_queryset().filter(pk=pk).update(**form.cleaned_data)
            messages.success(request, "Name and note are kept.")
        else:
            messages.error(request, "A training needs a name of at most 255 characters.")
        return redirect(job)
