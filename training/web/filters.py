"""Filter and search of the list of trainings."""

from __future__ import annotations

from typing import ClassVar

import django_filters
from django.db.models import F, Q, QuerySet

from jobsite.jobs.filters import JobFilter


class ScoreOrdering(django_filters.OrderingFilter):
    """As for every job, and `score`, that of the best model; trainings without one come last."""

    def filter(self, qs: QuerySet, value: list[str] | None) -> QuerySet:
        """Sort by one column."""
        if value and value[0] in ("score", "-score"):
            key = F("live__best__score")
            downwards = value[0].startswith("-")
            order = key.desc(nulls_last=True) if downwards else key.asc(nulls_last=True)
            return qs.order_by(order, "-created_at")
        return super().filter(qs, value)


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
