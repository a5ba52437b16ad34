"""Pages that list a torrent's files and select which are wanted."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views import View

from downloads.library.selection import WORDS, clean_patterns
from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from jobsite.jobs.web.views import OwnJobs

FILES_SHOWN = 100
ON_A_PAGE = 250


def first_files(job: Any) -> dict[str, Any]:
    """Return as many files as a job's page shows, and whether there are more."""
    files = list(job.files.all()[: FILES_SHOWN + 1])
    return {"files": files[:FILES_SHOWN], "has_more": len(files) > FILES_SHOWN}


class ChoiceForm(forms.Form):
    """Selects of one page, `p-<number>` each, and one rule for the files of all pages."""

    rule = forms.ChoiceField(
        choices=[("", "as chosen above"), *((word, word) for word in WORDS)], required=False
    )
    pattern = forms.CharField(required=False, max_length=1000)

    def clean_pattern(self) -> tuple[str, ...]:
        """Return the patterns; none stands for every file."""
        try:
            return clean_patterns(self.cleaned_data["pattern"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def priorities(self, job: Download) -> dict[int, int]:
        """Return the chosen priorities, by number of the file."""
        chosen = {}
        for name, word in self.data.items():
            number = name.removeprefix("p-")
            if name != number and number.isdecimal() and len(number) < 8 and word in WORDS:
                chosen[int(number)] = WORDS[word]
        if self.cleaned_data["rule"]:
            fitting = job.files.all().fitting(self.cleaned_data["pattern"])
            chosen |= dict.fromkeys(fitting, WORDS[self.cleaned_data["rule"]])
        return chosen


class RenameFile(OwnJobs, View):
    """Sets another path for one file."""

    title = "Rename a file"
    button = "Rename"

    def get(self, request: HttpRequest, pk: UUID, index: int) -> HttpResponse:
        job = get_object_or_404(self.get_queryset(), pk=pk)
        file = get_object_or_404(DownloadFile, download=job, index=index)
        return self.form(request, job, file)

    def post(self, request: HttpRequest, pk: UUID, index: int) -> HttpResponse:
        """Store it; the engine renames the file in the library."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        file = get_object_or_404(DownloadFile, download=job, index=index)
        try:
            file.rename(request.POST.get("path", ""))
        except ValueError as error:
            return self.form(request, job, file, str(error))
        messages.success(request, f"The file will be named “{file.new_path or file.path}”.")
        return redirect("downloads:files", job.pk)

    def form(
        self, request: HttpRequest, job: Download, file: DownloadFile, error: str = ""
    ) -> HttpResponse:
        """Return the page with the error."""
        context = {"view": self, "job": job, "file": file, "error": error}
        return render(request, "downloads/rename_file.html", context)


class FileList(OwnJobs, View):
    """All files of a torrent, page by page; the first ones as a fragment of the job's page."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        job = get_object_or_404(self.get_queryset(), pk=pk)
        if request.htmx:  # type: ignore[attr-defined]
            context = {"job": job, **first_files(job)}
            return render(request, "downloads/_file_section.html", context)
        page = Paginator(job.files.all(), ON_A_PAGE).get_page(request.GET.get("page"))
        context = {"job": job, "page_obj": page, "files": page.object_list, "words": list(WORDS)}
        return render(request, "downloads/files.html", context)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Store the choice; with the button for it, start the download."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        form = ChoiceForm(request.POST)
        try:
            if not form.is_valid():
                raise ValueError(" ".join(str(one) for one in form.errors.get("pattern", [])))
            job.choose_files(form.priorities(job))
        except ValueError as error:
            messages.error(request, str(error))
            return redirect(request.get_full_path())
        if "start" in request.POST and job.resume():
            messages.success(request, f"“{job.name}” is started with the files that you chose.")
            return redirect(job.get_absolute_url())
        messages.success(request, "The choice of files is stored.")
        return redirect(request.get_full_path())
