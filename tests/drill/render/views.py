"""The page on which a rendering is asked for."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.generic import FormView

from jobsite.jobs import queue
from tests.drill.render.models import Render


class RenderForm(forms.Form):
    """What is to be drawn."""

    name = forms.CharField(max_length=100)
    total = forms.IntegerField(min_value=0, max_value=100)
    scene = forms.FileField(required=False)


class New(FormView):
    """A form that submits a job and leads to its page."""

    form_class = RenderForm
    template_name = "render/new.html"

    def form_valid(self, form: RenderForm) -> HttpResponse:
        name, total = form.cleaned_data["name"], form.cleaned_data["total"]
        job = Render(owner=self.request.user, name=name, total=total)
        queue.submit(job)
        return redirect(job)
