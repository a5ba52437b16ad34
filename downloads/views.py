"""The pages of downloads."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.generic import FormView

from downloads.filters import DownloadFilter
from downloads.forms import AddForm
from downloads.models import Download
from downloads.submission import submit
from jobsite.jobs import queue
from jobsite.jobs.models import Job
from jobsite.jobs.uploads import too_large_sentence
from jobsite.jobs.views import Delete, JobAction, JobDetail, JobList, OwnJobs, back

FILES_SHOWN = 100
DELETE_CHOICES = [
    ("keep", "Keep the files", "The entry goes; what was fetched completely stays in the library."),
    ("data", "Delete the files, too", "Unless somebody else here has the same torrent."),
]


class DownloadList(JobList):
    """All downloads of a person, live."""

    filterset_class = DownloadFilter


class DownloadDetail(JobDetail):
    """One download: progress, peers, why it stands still, files, log."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the first files; the others are on a page of their own."""
        context = super().get_context_data(**kwargs)
        if self.request.htmx and self.object.is_active:  # type: ignore[attr-defined]
            return context  # the polled fragment keeps the list that the page has
        return context | first_files(self.object)


def first_files(job: Any) -> dict[str, Any]:
    """As many files as a job's page shows, and whether there are more."""
    files = list(job.files.all()[: FILES_SHOWN + 1])
    return {"files": files[:FILES_SHOWN], "has_more": len(files) > FILES_SHOWN}


class FileList(OwnJobs, View):
    """All files of a torrent, page by page; the first ones as a fragment of the job's page."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """One page of them."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        if request.htmx:  # type: ignore[attr-defined]
            context = {"job": job, **first_files(job)}
            return render(request, "downloads/_file_section.html", context)
        page = Paginator(job.files.all(), 500).get_page(request.GET.get("page"))
        context = {"job": job, "page_obj": page, "files": page.object_list}
        return render(request, "downloads/files.html", context)


class Add(FormView):
    """Paste links, upload .torrent files; the answer tells what became of each."""

    form_class = AddForm
    template_name = "downloads/new.html"

    def form_valid(self, form: AddForm) -> HttpResponse:
        """Queue what is new; stay on the page where something was refused."""
        answer = submit(self.request.user, form.asked)
        if not answer.invalid:
            messages.success(self.request, answer.sentence)
            return redirect("downloads:list")
        # What was refused stays in the box, to be mended; what was taken does not.
        rest = "\n".join(line.text for line in answer.invalid)
        context = self.get_context_data(form=AddForm(initial={"links": rest}), answer=answer)
        return self.render_to_response(context)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say so where the upload was past the limit."""
        context = super().get_context_data(**kwargs)
        if getattr(self.request, "upload_too_large", False):
            context["too_large"] = too_large_sentence()
        return context


class Pause(JobAction):
    """Stop a download for now."""

    done = "“{name}” is paused."

    def act(self, job: Any) -> bool:
        """Pause it."""
        return job.pause()


class Resume(JobAction):
    """Go on with a paused download."""

    done = "“{name}” goes on."

    def act(self, job: Any) -> bool:
        """Queue it."""
        return job.resume()


class DeleteDownload(Delete):
    """Asks whether the files go as well."""

    template_name = "downloads/confirm_delete.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The question."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        return render(request, self.template_name, {"job": job, "choices": DELETE_CHOICES})

    def remove(self, job: Any) -> None:
        """Hide it; the engine does the rest."""
        job.request_delete(with_data=self.request.POST.get("choice") == "data")


def _delete(job: Any) -> bool:
    job.request_delete()
    return True


class Bulk(OwnJobs, View):
    """A button over a selection of downloads."""

    http_method_names = ["post"]
    ACTIONS: dict[str, tuple[Callable[[Any], bool], str]] = {
        "pause": (Download.pause, "paused"),
        "resume": (Download.resume, "resumed"),
        "cancel": (Job.cancel, "cancelled"),
        "retry": (queue.retry, "queued again"),
        "delete": (_delete, "deleted; their finished files are kept"),
    }

    def post(self, request: HttpRequest) -> HttpResponse:
        """Act on each of the selected that allows it, and say how many did."""
        found = self.ACTIONS.get(request.POST.get("action", ""))
        chosen = self.get_queryset().filter(pk__in=_ids(request.POST.getlist("ids")))
        if found is None or not chosen:
            messages.error(request, "Nothing was selected. Tick the downloads that are meant.")
        else:
            act, word = found
            done = sum(act(job) for job in chosen)
            say = messages.success if done else messages.warning
            say(request, f"{done} of {len(chosen)} downloads {word}.")
        return redirect(back(request) or reverse("downloads:list"))


def _ids(texts: list[str]) -> list[UUID]:
    ids = []
    for text in texts:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    return ids
