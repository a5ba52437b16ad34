"""Filter, search and sort of a list of jobs, for pages and API alike; all of it in the database."""

import django_filters
from django.db.models import QuerySet

from jobsite.jobs.status import CHOICES


class JobFilter(django_filters.FilterSet):
    """`?status=`, `?q=` (part of the name) and `?sort=`; a kind may add its own by subclassing."""

    SORTED = ("created_at", "name", "status", "progress", "started_at", "finished_at")

    status = django_filters.MultipleChoiceFilter(choices=CHOICES)
    q = django_filters.CharFilter(method="search", label="Search")
    sort = django_filters.OrderingFilter(fields=SORTED)

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Return the rows whose name contains the text."""
        return queryset.filter(name__icontains=value)
