"""Jobs in the admin: read-only rows, and actions that the state machine allows."""

from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from jobsite.jobs import queue
from jobsite.jobs.admin.bases import ReadOnlyAdmin
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.tally import Tally
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.permissions import may

# The tables of the queue below ours: nothing in them is worth a look, and its schedules, which this
# site does not use, would run any function by its name.
for below in apps.get_app_config("django_q").get_models():
    if admin.site.is_registered(below):
        admin.site.unregister(below)


class JobAdmin(ReadOnlyAdmin):
    """Base of the admin of each kind of job: view, cancel, retry, delete."""

    list_display = ["name", "owner", "status", "progress", "created_at", "finished_at"]
    list_filter = ["status", "created_at"]
    search_fields = ["name", "id", "owner__username"]
    list_select_related = ["owner"]
    date_hierarchy = "created_at"
    actions = ["cancel_selected", "retry_selected", "delete_with_files"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Leave out the results, which are large and which no list shows."""
        return super().get_queryset(request).defer("result")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: only the action deletes, because it stops what runs and removes the files."""
        return False

    def has_steering_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may change such jobs; their fields stay read-only."""
        return may(request.user, "change", self.model)

    def has_removal_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may delete such jobs."""
        return may(request.user, "delete", self.model)

    @admin.action(description="Cancel", permissions=["steering"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Stop the selected jobs."""
        done = sum(job.cancel() for job in queryset)
        self.message_user(request, f"{done} of {len(queryset)} jobs are being cancelled.")

    @admin.action(description="Retry", permissions=["steering"])
    def retry_selected(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Queue the selected jobs once more."""
        done = sum(queue.retry(job) for job in queryset)
        level = messages.SUCCESS if done else messages.WARNING
        self.message_user(request, f"{done} of {len(queryset)} jobs are queued again.", level)

    @admin.action(description="Delete with log and files", permissions=["removal"])
    def delete_with_files(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Cancel what runs and mark the rest; housekeeping removes it."""
        for job in queryset:
            job.request_delete()
        self.message_user(request, f"{len(queryset)} jobs are being deleted.")


@admin.register(JobEvent)
class JobEventAdmin(ReadOnlyAdmin):
    """The log lines of all jobs."""

    list_display = ["at", "kind", "job_id", "attempt", "level", "text"]
    list_filter = ["kind", "level"]
    search_fields = ["job_id", "text"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(Tally)
class TallyAdmin(ReadOnlyAdmin):
    """Counters of what happened how often."""

    list_display = ["name", "subject", "count", "at"]


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """Workers and their last sign of life."""

    list_display = [
        "cluster",
        "host",
        "pid",
        "started_at",
        "last_seen",
        "alive",
        "job_kind",
        "job_id",
    ]
    list_filter = ["cluster"]

    @admin.display(boolean=True)
    def alive(self, worker: Worker) -> bool:
        """Return whether there was a recent sign of life."""
        return worker.is_alive
