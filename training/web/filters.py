"""Filter and search of the list of trainings."""

from __future__ import annotations

from typing import ClassVar

import django_filters
from django.db.models import Q, QuerySet

from jobsite.jobs.filters import JobFilter


class TrainingFilter(JobFilter):
    """As for every job, and `?favourite=true`; `?q=` looks at the note and at the table as well."""

    SEARCHED: ClassVar[tuple[str, ...]] = ("name", "note", "target", "dataset__name")

    favourite = django_filters.BooleanFilter()

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Return rows in which the text stands."""
        found = Q()
        for place in self.SEARCHED:
            found |= Q(**{f"{place}__icontains": value})
        return queryset.filter(found)
