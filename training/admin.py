"""Tables and trainings in the admin, read-only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from jobsite.jobs.admin.bases import ReadOnlyAdmin
from jobsite.jobs.admin.jobs import JobAdmin
from training.models.dataset import Dataset
from training.models.prediction import Prediction
from training.models.training_job import TrainingJob


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    """Who sent which table."""

    list_display = ["name", "owner", "size", "rows", "created_at"]
    search_fields = ["name", "id", "sha256", "owner__username"]
    list_select_related = ["owner"]
    date_hierarchy = "created_at"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: only the owner deletes, because the file has to go as well."""
        return False


@admin.register(TrainingJob)
class TrainingJobAdmin(JobAdmin):
    """The trainings of all people."""

    list_display = [*JobAdmin.list_display, "target", "dataset"]
    list_select_related = ["owner", "dataset"]


@admin.register(Prediction)
class PredictionAdmin(JobAdmin):
    """The predictions of all people."""

    list_display = [*JobAdmin.list_display, "training", "algorithm"]
    list_select_related = ["owner", "training"]
