"""Pages: upload a table, look at it, choose what to learn, and see what came of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, QuerySet, RestrictedError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views import View
from django.views.generic import FormView

from jobsite.jobs import queue
from jobsite.jobs.attachments import attachment, picture
from jobsite.jobs.views import JobAction, JobDetail, OwnJobs
from training.about_views import AboutForm
from training.board import board, models, problem_label
from training.catalogue import ALGORITHMS, KNOWN
from training.column_forms import ColumnsForm
from training.forms import ReadingForm, TrainForm, UploadForm
from training.models import Dataset, TrainingJob
from training.problem import LABELS, TargetError
from training.svg_names import dark_name
from training.table import ReadingError
from training.takeaway_names import TAKEAWAYS

_RECENT = 20


def own_dataset(request: HttpRequest, pk: Any) -> Dataset:
    """The table, or 404 where it is somebody else's."""
    return get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)


class Upload(FormView):
    """Send a table, or take one that was sent before."""

    template_name = "training/upload.html"
    form_class = UploadForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Tell the form where the upload was cut off at the limit."""
        # The fields have to be read first: reading them is what notices the limit.
        kwargs = super().get_form_kwargs()
        return kwargs | {"too_large": getattr(self.request, "upload_too_large", False)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the tables sent before."""
        recent = Dataset.objects.visible_to(self.request.user).annotate(uses=Count("jobs"))
        return super().get_context_data(datasets=recent[:_RECENT], **kwargs)

    def form_valid(self, form: UploadForm) -> HttpResponse:
        """Keep the table and show it; a table that cannot be read comes back with the reason."""
        dataset = form.keep(self.request.user)
        return self.form_invalid(form) if dataset is None else redirect(dataset)

    def form_invalid(self, form: UploadForm) -> HttpResponse:
        """Show the form again, with the status that fits."""
        return self.render_to_response(
            self.get_context_data(form=form), status=413 if form.too_large else 200
        )


class DatasetPage(FormView):
    """The first rows, the columns, and the form that starts a training."""

    template_name = "training/dataset.html"
    form_class = TrainForm

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the table first."""
        super().setup(request, *args, **kwargs)
        self.dataset = own_dataset(request, kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        """The columns to choose from are those of the table; a link may choose the target."""
        kwargs = super().get_form_kwargs()
        if target := self.request.GET.get("target"):
            kwargs["initial"] = {"target": target}
        return kwargs | {"dataset": self.dataset}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what is known of the table."""
        context = super().get_context_data(**kwargs)
        chosen = context["form"]["target"].value()
        columns_form = context.get("columns_form") or ColumnsForm(dataset=self.dataset)
        return {
            "reading_form": ReadingForm.of(self.dataset),
            "dataset": self.dataset,
            "preview": self.dataset.preview,
            "columns_form": columns_form,
            "columns": [
                (column, as_target(self.dataset, column.name), kind, role)
                for column, kind, role in columns_form.rows
            ],
            "algorithms": ALGORITHMS.values(),
            "picked": context["form"]["algorithms"].value() or [],
            "verdict": as_target(self.dataset, chosen) if chosen else None,
            **context,
        }

    def form_valid(self, form: TrainForm) -> HttpResponse:
        """Queue the training; the page that shows it comes back at once."""
        job = form.job()
        queue.submit(job)
        return redirect(job)


def as_target(dataset: Dataset, name: str, wanted: str = "") -> dict[str, Any]:
    """What a column would be as a target: a label and a reason, or why it cannot be one."""
    try:
        guess = dataset.guess(name, wanted)
    except TargetError as error:
        return {"possible": False, "label": "not possible", "reason": str(error)}
    if guess is None:
        reason = "The first rows do not tell; the whole table is looked at before training."
        return {"possible": True, "label": "not known yet", "reason": reason}
    return {"possible": True, "label": LABELS[guess.kind], "reason": guess.reason}


class Guess(View):
    """The kind of problem for the target that is being chosen, as a fragment."""

    def get(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """The sentence with the reason."""
        dataset = own_dataset(request, pk)
        verdict = as_target(dataset, request.GET.get("target", ""), request.GET.get("wanted", ""))
        return render(request, "training/_guess.html", {"verdict": verdict})


class Reread(DatasetPage):
    """Read the head of a table again, as its owner says."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keep the new reading where it works; else say why, and keep the old one."""
        form = ReadingForm(request.POST)
        if form.is_valid():
            try:
                self.dataset.look(self.dataset.path, form.told)
            except ReadingError as error:
                form.add_error(None, str(error))
            except FileNotFoundError:
                form.add_error(None, "The file is gone from the data folder. Upload it again.")
            else:
                # Other names and kinds may come of it, for which the old roles mean nothing.
                self.dataset.options = {}
                self.dataset.save(update_fields=["told", "head", "rows", "size", "options"])
                return redirect(self.dataset)
        unbound = TrainForm(dataset=self.dataset)
        return self.render_to_response(self.get_context_data(reading_form=form, form=unbound))


class Columns(DatasetPage):
    """Keep the kinds and the roles that the owner chose for the columns."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keep them for all trainings to come; or say which do not fit."""
        form = ColumnsForm(request.POST, dataset=self.dataset)
        if form.is_valid():
            self.dataset.options = form.options
            self.dataset.save(update_fields=["options"])
            messages.success(request, "Kinds and roles are kept; the next training follows them.")
            return redirect(self.dataset)
        unbound = TrainForm(dataset=self.dataset)
        return self.render_to_response(self.get_context_data(columns_form=form, form=unbound))


class RemoveDataset(View):
    """Delete a table that no training uses."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Delete, or say what is in the way."""
        dataset = own_dataset(request, pk)
        try:
            dataset.remove()
        except RestrictedError:
            messages.error(request, f"Trainings use “{dataset.name}”. Delete those first.")
        else:
            messages.success(request, f"“{dataset.name}” is deleted.")
        return redirect("training:new")


class Detail(JobDetail):
    """A training, live and finished."""

    def get_queryset(self) -> QuerySet:
        """With the table in the same query."""
        return super().get_queryset().select_related("dataset", "owner")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the leaderboard and, once there is a result, the models."""
        context = super().get_context_data(**kwargs)
        result, live = self.object.result, self.object.live
        told = result or live
        return context | {
            "told": told,
            "problem": problem_label(told),
            "about_form": AboutForm(instance=self.object),
            "board": board(told),
            "models": models(result) if result else [],
            "takeaways": TAKEAWAYS,
        }


class Keep(JobAction):
    """End a running training with the models that are finished."""

    done = "“{name}” ends early; the models that are finished are kept."
    refused = (
        "The job is {status}. It can be ended early once a model is through all its folds, and "
        "as long as it runs."
    )

    def act(self, job: TrainingJob) -> bool:  # type: ignore[override]
        """Ask the child to end."""
        return job.keep()


class Plot(OwnJobs, View):
    """A plot of a finished training."""

    model = TrainingJob

    def get(self, request: HttpRequest, pk: Any, file: str) -> HttpResponseBase:
        """The drawing, sandboxed: names of columns in it are text and nothing else."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        return plot_response(request, job, file)


def plot_response(request: HttpRequest, job: TrainingJob, file: str) -> HttpResponseBase:
    """The drawing of that name, where the job has drawn it."""
    drawn = {plot["file"] for plot in (job.result or {}).get("plots", ())}
    if file not in drawn | {dark_name(name) for name in drawn}:
        raise Http404("There is no such plot.")
    return picture(request, job.artifacts / file, "image/svg+xml")


class Takeaway(OwnJobs, View):
    """The report, the card or the archive of a finished training."""

    model = TrainingJob

    def get(self, request: HttpRequest, pk: Any, file: str) -> HttpResponseBase:
        """The file as a download."""
        return takeaway_response(request, get_object_or_404(self.get_queryset(), pk=pk), file)


def takeaway_response(request: HttpRequest, job: TrainingJob, file: str) -> HttpResponseBase:
    """One of the files that every result has."""
    if file not in TAKEAWAYS:
        raise Http404("There is no such file.")
    return attachment(request, job.artifacts / file, f"{job.target}-{file}")


class Model(OwnJobs, View):
    """A fitted model as a file."""

    model = TrainingJob

    def get(self, request: HttpRequest, pk: Any, algorithm: str) -> HttpResponseBase:
        """The file as a download."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        return model_response(request, job, algorithm)


def model_response(request: HttpRequest, job: TrainingJob, algorithm: str) -> HttpResponseBase:
    """The model of that algorithm, where the job has fitted it."""
    if algorithm not in KNOWN:
        raise Http404("There is no such algorithm.")
    return attachment(
        request, job.artifacts / f"{algorithm}.skops", f"{job.target}-{algorithm}.skops"
    )
