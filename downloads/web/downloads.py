"""The pages of downloads."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.generic import FormView, UpdateView

from downloads.adding import submit
from downloads.models.category import Category
from downloads.models.defaults import Defaults
from downloads.models.download import Download
from downloads.models.mailboxes import site_line
from downloads.web.add_form import AddForm
from downloads.web.bulk import DELETE_CHOICES
from downloads.web.files import FILES_SHOWN, first_files
from downloads.web.filters import STATES, DownloadFilter
from downloads.web.live_details import details_of, graphs, pieces_drawn
from downloads.web.option_forms import OptionsForm
from jobsite.jobs.web import uploads
from jobsite.jobs.web.views import Delete, JobAction, JobDetail, JobList, OwnJobs

REMARKS_SHOWN = 5


class DownloadList(JobList):
    """All downloads of a person, live."""

    filterset_class = DownloadFilter

    def get_queryset(self) -> QuerySet:
        return super().get_queryset().select_related("category")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs) | {"site": site_line()}
        context["any_active"] = any(job.is_live for job in context["jobs"])
        if self.request.htmx:  # type: ignore[attr-defined]
            return context
        mine = Download.objects.visible_to(self.request.user)
        return context | {
            "categories": Category.objects.visible_to(self.request.user),
            "states": STATES,
            "tags": mine.tags_of(self.request.user),
        }


class DownloadDetail(JobDetail):
    """One download: progress, peers, why it stalls, files, log."""

    def get_queryset(self) -> QuerySet:
        return super().get_queryset().select_related("category")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the first files; the others have a page of their own."""
        details = details_of(self.object)
        context = super().get_context_data(**kwargs) | {
            "details": details,
            "pieces": pieces_drawn(details),
        }
        if self.request.htmx and self.object.is_active:  # type: ignore[attr-defined]
            has_bars = self.request.GET.get("files")
            context["shares"] = shares(self.object, details) if has_bars else []
            return context  # the polled fragment keeps the list that the page has
        shown = {"graphs": graphs(self.object.info_hash)} | first_files(self.object)
        return context | with_progress(shown, details)


def with_progress(shown: dict[str, Any], details: dict[str, Any] | None) -> dict[str, Any]:
    """Return the files with the share of each that is here, if live details are known."""
    had = (details or {}).get("files") or []
    for file in shown["files"]:
        file.share = had[file.index] if file.index < len(had) else None
    return shown


def shares(job: Download, details: dict[str, Any] | None) -> list[tuple[int, float]]:
    """Return number and share of the files that the page shows, in the order of their paths."""
    had = (details or {}).get("files") or []
    shown = job.files.values_list("index", flat=True)[:FILES_SHOWN] if had else ()
    return [(index, had[index]) for index in shown if index < len(had)]


class Add(uploads.UploadRedirect, FormView):
    """Takes links and .torrent files; the answer has the result of each."""

    form_class = AddForm
    template_name = "downloads/new.html"

    def get_initial(self) -> dict[str, Any]:
        usual = Defaults.of(self.request.user)
        links = self.request.GET.get("links", "")  # of the browser's handler of magnet links
        options = {"hold": usual.hold, "exclude": usual.exclude, "layout": usual.layout}
        return options | {"links": links}

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"owner": self.request.user}

    def form_valid(self, form: AddForm) -> HttpResponse:
        """Queue what is new; stay on the page if something was refused."""
        if uploads.refusal(self.request):
            return self.form_invalid(form)
        answer = submit(self.request.user, form.asked, form.options)
        if not answer.invalid:
            messages.success(self.request, answer.sentence)
            for left in answer.remarks[:REMARKS_SHOWN]:
                messages.warning(self.request, f"Line {left.line}: {left.remark}")
            return redirect("downloads:list")
        # What was refused stays in the box, to be mended; what was taken does not.
        rest = "\n".join(line.text for line in answer.invalid)
        again = AddForm(owner=self.request.user, initial={**form.options, "links": rest})
        return self.render_to_response(self.get_context_data(form=again, answer=answer))

    def form_invalid(self, form: AddForm) -> HttpResponse:
        """Show the form again, with the status that fits."""
        status = uploads.status_of(self.request)
        return self.render_to_response(self.get_context_data(form=form), status=status)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add a sentence if the upload was past the limit."""
        return super().get_context_data(too_large=uploads.refusal(self.request), **kwargs)


class Pause(JobAction):
    """Pauses a download until it is resumed."""

    done = "“{name}” is paused."

    def act(self, job: Any) -> bool:
        return job.pause()


class Resume(JobAction):
    """Resumes a paused download."""

    done = "“{name}” goes on."

    def act(self, job: Any) -> bool:
        return job.resume()


class Seed(JobAction):
    """Uploads a complete download to others."""

    done = "“{name}” is uploaded to others until you stop it."
    refused = "The download is {status}; only a complete one that is not uploaded can be."

    def act(self, job: Any) -> bool:
        return job.start_seeding()


class Check(JobAction):
    """Verifies the data on disk; what is missing or damaged is fetched again."""

    done = "The data of “{name}” is checked; what is missing is fetched again."

    def act(self, job: Any) -> bool:
        return job.check_again()


class DeleteDownload(Delete):
    """Asks whether to delete the files as well."""

    template_name = "downloads/confirm_delete.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        job = get_object_or_404(self.get_queryset(), pk=pk)
        return render(request, self.template_name, {"job": job, "choices": DELETE_CHOICES})

    def remove(self, job: Any) -> None:
        """Hide it; the engine does the rest."""
        job.request_delete(with_data=self.request.POST.get("choice") == "data")


class Options(OwnJobs, UpdateView):
    """Edits name, category, tags, goal, trackers, priority and rates of one download."""

    form_class = OptionsForm
    template_name = "downloads/options.html"
    context_object_name = "job"
    title = "Options"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"owner": self.request.user}

    def form_valid(self, form: Any) -> HttpResponse:
        """Store them; the engine follows within a second or two."""
        job: Any = self.object
        job.change(form.changes)
        messages.success(self.request, f"The options of “{job.name}” are stored.")
        return redirect(job.get_absolute_url())
