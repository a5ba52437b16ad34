"""What the list of downloads can be filtered and sorted by."""

import django_filters
from django.db.models import Q, QuerySet

from jobsite.jobs.filters import JobFilter


class DownloadFilter(JobFilter):
    """Also by state; the search knows info hashes, too."""

    state = django_filters.CharFilter(field_name="state")
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

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Rows whose name contains the text, or whose info hash begins with it."""
        text = value.strip()
        starts = Q(info_hash__startswith=text.lower()) | Q(info_hash_v2__startswith=text.lower())
        return queryset.filter(Q(name__icontains=text) | starts)
