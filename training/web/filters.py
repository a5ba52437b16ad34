"""Filter and search of the list of trainings."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import F, Q, QuerySet

from jobsite.jobs.filters import JobFilter


class ScoreOrdering(django_filters.OrderingFilter):
    """As for every job, and `score`, that of the best model; trainings without one come last."""

    def get_ordering_value(self, param: str) -> Any:
        """Return what a word of `?sort=` means to the database."""
        key = F("live__best__score")
        if param == "score":
            return key.asc(nulls_last=True)
        return key.desc(nulls_last=True) if param == "-score" else super().get_ordering_value(param)


class TrainingFilter(JobFilter):
    """As for every job, and `?favourite=true`; `?q=` looks at the note and at the table as well."""

    SEARCHED: ClassVar[tuple[str, ...]] = ("name", "note", "target", "dataset__name")

    favourite = django_filters.BooleanFilter()
    sort = ScoreOrdering(fields=[*JobFilter.SORTED, "score"])

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Return rows in which the text stands."""
        found = Q()
        for place in self.SEARCHED:
            found |= Q(**{f"{place}__icontains": value})
        return queryset.filter(found)
