"""Filters and sort orders of the list of downloads."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from downloads.models.category import NONE
from jobsite.jobs.filters import JobFilter
from jobsite.jobs.status import Status

STATES = ["downloading", "stalled", "metadata", "checking", "queued", "held", "seeding"]


class DownloadFilter(JobFilter):
    """Filters also by state, category and tag; the search finds info hashes, too."""

    state = django_filters.CharFilter(method="in_state", label="State")
    category = django_filters.CharFilter(method="of_category", label="Category; - for none")
    tag = django_filters.CharFilter(method="of_tag", label="Tag")
    sort = django_filters.OrderingFilter(
        fields=[
            "created_at",
            "name",
            "status",
            "progress",
            "size",
            "rate_down",
            "eta",
            "peers",
            "started_at",
            "finished_at",
        ]
    )

    def in_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Return the rows in a state; "held" are those that wait for a choice of files."""
        if value == "held":
            return queryset.filter(status=Status.PAUSED, hold=True, is_listed=True)
        if value == "seeding":
            return queryset.filter(status=Status.SUCCEEDED, seeding=True)
        return queryset.filter(state=value)

    def of_category(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Return the rows of the category with this name, or of none."""
        if value == NONE:
            return queryset.filter(category=None)
        return queryset.filter(category__name=value)

    def of_tag(self, queryset: Any, name: str, value: str) -> QuerySet:
        """Return the rows with a tag."""
        return queryset.tagged(value)

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Return the rows whose name contains the text, or whose info hash begins with it."""
        text = value.strip()
        starts = Q(info_hash__startswith=text.lower()) | Q(info_hash_v2__startswith=text.lower())
        return queryset.filter(Q(name__icontains=text) | starts)
