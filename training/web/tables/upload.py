"""The page on which a table is uploaded."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.generic import FormView

from jobsite.jobs.web import uploads
from training.models.dataset import Dataset
from training.web.dataset_forms import UploadForm
from training.web.tables.held_upload import HeldUpload

_RECENT = 20


class Upload(uploads.UploadRedirect, FormView):
    """Upload a table, or take one that was uploaded before.

    The file of a table that is refused stays here, for the next try with other import options.
    """

    template_name = "training/upload.html"
    form_class = UploadForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Tell the form where the upload was cut off at the limit, and which file is here."""
        # The fields have to be read first: reading them is what notices the limit.
        kwargs = super().get_form_kwargs()
        if "data" in kwargs:
            kwargs["data"] = UploadForm.with_remedy(kwargs["data"])
        return kwargs | {"too_large": uploads.refusal(self.request), "held": self.held()}

    def held(self) -> HeldUpload | None:
        """Return the file to read: the one that has just come, or the one that came before."""
        file: Any = self.request.FILES.get("file")
        if file is None or not file.size:
            return HeldUpload.of(self.request)
        return HeldUpload.hold(self.request, file)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the tables uploaded before."""
        recent = Dataset.objects.visible_to(self.request.user).annotate(uses=Count("jobs"))
        newest = recent.order_by("-created_at")[:_RECENT]
        return super().get_context_data(datasets=newest, **kwargs)

    def form_valid(self, form: UploadForm) -> HttpResponse:
        """Keep the table and show it; a table that cannot be read comes back with the reason."""
        dataset = form.keep(self.request.user)
        if dataset is None:
            return self.form_invalid(form)
        if form.held is not None:
            form.held.release(self.request)
        return redirect(dataset)

    def form_invalid(self, form: UploadForm) -> HttpResponse:
        """Show the form again, with the status that fits."""
        return self.render_to_response(
            self.get_context_data(form=form), status=uploads.status_of(self.request)
        )
