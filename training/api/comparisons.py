"""The API of comparisons."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from training.web.comparison import Comparison
from training.web.comparisons import asked_for, obstacle


class CompareMixin:
    """`compare/?job=ID&job=ID` beside the trainings."""

    @extend_schema(
        parameters=[OpenApiParameter("job", OpenApiTypes.UUID, many=True, required=True)],
        responses={200: OpenApiResponse(OpenApiTypes.OBJECT), 400: None, 404: None},
    )
    @action(detail=False, pagination_class=None, filter_backends=[])
    def compare(self, request: Request) -> Response:
        """Return two to six finished trainings side by side: settings, scores, ties, warnings."""
        own = cast(Any, self).get_queryset()
        return Response(compared(own, request.query_params.getlist("job")))


def compared(own: QuerySet, words: list[str]) -> dict[str, Any]:
    """Return the comparison as JSON values."""
    jobs = asked_for(own, words)
    if problem := obstacle(jobs):
        raise ValidationError({"job": [problem]})
    comparison = Comparison.of(jobs)
    metric = comparison.metric
    return {
        "trainings": [
            {"letter": side.letter, "id": str(side.job.pk), "name": side.job.name}
            for side in comparison.sides
        ],
        "comparable": comparison.has_one_question,
        "same_folds": comparison.has_one_set_of_folds,
        "metric": metric.key if metric else None,
        "warnings": comparison.warnings(),
        "settings": comparison.settings(),
        "models": comparison.models(),
    }
