"""The whole log of a job: searched, page by page, or as a text file."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views import View

from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.web.attachments import streamed

LINES = 500  # on a page


class LogFilter(forms.Form):
    """Part of a line, and the lowest level."""

    q = forms.CharField(required=False, max_length=200)
    level = forms.ChoiceField(
        required=False, choices=[("", "All levels"), ("warning", "Warnings and errors"),
                                 ("error", "Errors")],
    )  # fmt: skip

    def select(self, lines: QuerySet[JobEvent]) -> QuerySet[JobEvent]:
        """Return the lines that match; all of them where the form is filled in wrongly."""
        if not self.is_valid():
            return lines
        chosen = self.cleaned_data
        if chosen["q"]:
            lines = lines.filter(text__icontains=chosen["q"])
        levels = {"warning": ["warning", "error"], "error": ["error"]}.get(chosen["level"])
        return lines.filter(level__in=levels) if levels else lines


class JobLog(View):
    """All log lines of one's own job; with `?as=text` the matching ones as a text file."""

    model: Any = None

    def get(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        """Return a page of them, or the file."""
        mine = self.model.objects.visible_to(request.user).defer("result")
        job = get_object_or_404(mine, pk=pk)
        form = LogFilter(request.GET)
        lines = form.select(job.events)
        if request.GET.get("as") == "text":
            return streamed(as_text(lines), None, f"{job.name}.log", "text/plain; charset=utf-8")
        page = Paginator(lines, LINES).get_page(request.GET.get("page"))
        context = {"job": job, "form": form, "page_obj": page, "kind": self.model.kind}
        return render(request, "jobs/log.html", context)


def as_text(lines: QuerySet[JobEvent]) -> Iterator[bytes]:
    """Yield each line as in a log file: time, level, text."""
    for line in lines.iterator(chunk_size=1000):
        at = timezone.localtime(line.at)
        text = " ".join(line.text.splitlines())
        yield f"{at:%Y-%m-%d %H:%M:%S%z} {line.level:<7} {text}\n".encode()
