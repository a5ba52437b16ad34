"""The page of a table: what its columns are, how it is read, what is to be learnt."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import View
from django.views.generic import FormView

from jobsite.jobs import queue
from training.algorithms.catalogue import ALGORITHMS
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob
from training.problem.column_checks import Hint
from training.problem.problem_type import CLUSTERING, LABELS, TargetError
from training.tables.remedies import remedies
from training.tables.schema import ReadingError
from training.web.column_chart import drawn
from training.web.column_forms import ColumnsForm, with_one_target
from training.web.dataset_forms import ReadingForm
from training.web.datasets import own_dataset
from training.web.training_form import (
    TrainingPageForm,
    as_query,
    expected_duration,
    settings_in,
)


class DatasetPage(FormView):
    """The form that starts a training, the first rows and the columns, sent as one."""

    template_name = "training/dataset.html"
    form_class = TrainingPageForm

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the table first; for a training that is made again, with the columns of that one."""
        super().setup(request, *args, **kwargs)
        self.dataset = own_dataset(request, kwargs["pk"])
        self.sent = with_one_target(request.POST, self.dataset)
        self.earlier = self._earlier()
        if self.earlier is not None:
            options = {k: v for k, v in self.earlier.options.items() if k != "positive"}
            with suppress(TargetError):  # the table may have been read in another way since
                self.dataset.keep_options(options)

    def _earlier(self) -> TrainingJob | None:
        """Return the training of this table to make again, if a link or form names one."""
        asked = self.request.POST.get("again") or self.request.GET.get("again", "")
        own = TrainingJob.objects.visible_to(self.request.user).filter(dataset=self.dataset)
        return next((job for job in own.defer("result", "live") if str(job.pk) == asked), None)

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        if "data" in kwargs:
            kwargs["data"] = self.sent
        kwargs["initial"] = settings_in(self.request.GET)
        return kwargs | {"dataset": self.dataset, "earlier": self.earlier}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what is known of the table."""
        context = super().get_context_data(**kwargs)
        chosen = context["form"]["target"].value()
        columns_form = context.get("columns_form") or ColumnsForm(
            dataset=self.dataset, target=chosen or ""
        )
        return {
            "reading_form": ReadingForm.of(self.dataset),
            "dataset": self.dataset,
            "preview": self.dataset.preview,
            "remarks": [
                *self.dataset.hints_for(chosen or ""),
                *map(Hint, self.dataset.preview.warnings),
            ],
            "inspection": self.dataset.inspections.filter(delete_requested=False).first(),
            "columns_form": columns_form,
            "columns": [
                (column, as_target(self.dataset, column.name), kind, role, drawn(column))
                for column, kind, role in columns_form.rows
            ],
            "algorithms": ALGORITHMS.values(),
            "picked": context["form"]["algorithms"].value() or [],
            "verdict": as_target(self.dataset, chosen or ""),
            "expected": expected_duration(self.dataset),
            **context,
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keep the columns as they were sent, then start; nothing that was chosen is dropped."""
        reading, columns = self.reading_sent(), self.columns_sent()
        if columns is not None and columns.errors:
            return self.again(columns_form=columns)
        if reading is not None and reading.has_changed():
            if answer := self.reread(reading):
                return answer
            messages.warning(
                request,
                "The import options were changed, so the table was read again. Look at the "
                "columns, then start the training.",
            )
            return redirect(self.address())
        form = self.get_form()
        return self.form_valid(form) if form.is_valid() else self.again(form=form)

    def form_valid(self, form: TrainingPageForm) -> HttpResponse:
        """Queue the training; the page that shows it comes back at once."""
        if "role0" in self.sent:
            self.dataset.save(update_fields=["options", "head"])
        job = form.job()
        queue.submit(job)
        return redirect(job)

    def columns_sent(self) -> ColumnsForm | None:
        """Give the table the kinds and roles that were sent, unsaved; None if none were.

        The form says what does not fit.
        """
        if "role0" not in self.sent:
            return None
        form = ColumnsForm(self.sent, dataset=self.dataset)
        if form.is_valid():
            try:
                self.dataset.keep_options(form.options)
            except TargetError as error:
                form.add_error(None, str(error))
        return form

    def reading_sent(self) -> ReadingForm | None:
        """Return the import options that were sent; None if none were."""
        if "encoding" not in self.sent:
            return None
        return ReadingForm.of(self.dataset, self.sent)

    def reread(self, form: ReadingForm) -> HttpResponse | None:
        """Read the head of the table again; return the page with the reason if that fails."""
        if form.is_valid():
            try:
                self.dataset.reread(form.choices)
            except ReadingError as error:
                form.add_error(None, str(error))
                form.remedies = remedies(self.dataset.path, form.choices)
            except FileNotFoundError:
                form.add_error(None, "The file is gone from the data folder. Upload it again.")
            else:
                return None
            self.dataset = own_dataset(self.request, self.dataset.pk)
        return self.again(reading_form=form)

    def again(self, **forms: Any) -> HttpResponse:
        """Return the page as it was sent, with what is wrong in these forms."""
        columns = ColumnsForm(self.sent, dataset=self.dataset) if "role0" in self.sent else None
        shown = {"form": self.get_form(), "columns_form": columns, **forms}
        if "target" not in self.sent:  # a button of a part alone
            shown["form"] = TrainingPageForm(dataset=self.dataset)
        return self.render_to_response(self.get_context_data(**shown))

    def address(self) -> str:
        """Return the address of the page with the settings of the training that were sent."""
        query = as_query(self.sent)
        return f"{self.dataset.get_absolute_url()}{'?' if query else ''}{query}"


def as_target(dataset: Dataset, name: str, wanted: str = "") -> dict[str, Any]:
    """Return what a column would be as a target: a label and a reason, or why it cannot be one."""
    try:
        guess = dataset.guess(name, wanted if name else CLUSTERING)
    except TargetError as error:
        return {"possible": False, "label": "not possible", "reason": str(error)}
    if guess is None:
        reason = "The first rows do not tell; the whole table is looked at before training."
        return {"possible": True, "label": "not known yet", "reason": reason}
    return {"possible": True, "label": LABELS[guess.kind], "reason": guess.reason}


class Guess(View):
    """The kind of problem for the target that is being chosen, as a fragment."""

    def get(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Return the sentence with the reason."""
        dataset = own_dataset(request, pk)
        verdict = as_target(dataset, request.GET.get("target", ""), request.GET.get("wanted", ""))
        return render(request, "training/_target.html", {"verdict": verdict})


class Reread(DatasetPage):
    """Read the head of a table again, as its owner says."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keep the new reading if it works; else say why, and keep the old one."""
        self.columns_sent()
        form = ReadingForm.of(self.dataset, ReadingForm.with_remedy(self.sent))
        return self.reread(form) or redirect(self.address())


class Columns(DatasetPage):
    """Keep the kinds and the roles that the owner chose for the columns."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keep them for all trainings to come; or say which do not fit."""
        form = self.columns_sent()
        if form is None or form.errors:
            return self.again(columns_form=form)
        self.dataset.save(update_fields=["options", "head"])
        messages.success(request, "The column settings are saved.")
        return redirect(f"{self.address()}#columns")


class Role(DatasetPage):
    """Give one column a role, with one click."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Set it for all trainings to come, or say why it does not fit."""
        columns = self.columns_sent()
        if columns is not None and columns.errors:
            return self.again(columns_form=columns)
        name, _, role = request.POST.get("choice", "").rpartition("=")
        try:
            self.dataset.choose({name: {"role": role}})
        except TargetError as error:
            messages.error(request, str(error))
        else:
            self.dataset.save(update_fields=["options", "head"])
            messages.success(request, f"The role of “{name}” is {role} now.")
        return redirect(self.address())
