"""The API's action over many downloads."""

from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_202_ACCEPTED

from downloads.api.base import DownloadActions
from downloads.api.fields import OwnCategoryField, Tags
from downloads.bulk import ACTIONS, Values, carry_out
from downloads.models.category import Category
from downloads.web.filters import DownloadFilter
from jobsite.jobs.api.query_words import check_words


class BulkSerializer(serializers.Serializer):
    """An action, and either `ids` or a `filter` as in the list's address (`status=failed`)."""

    action = serializers.ChoiceField(list(ACTIONS))
    ids = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=10_000)
    filter = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    category = OwnCategoryField(
        slug_field="name", required=False, allow_null=True, queryset=Category.objects.all()
    )
    tags = Tags(required=False)
    with_data = serializers.BooleanField(default=False, help_text="Files go with a delete.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require exactly one way to name the downloads, and tags if the action needs them."""
        if ("ids" in attrs) == ("filter" in attrs):
            raise serializers.ValidationError("Give either ids or a filter.")
        if attrs["action"] in {"tag", "untag"} and not attrs.get("tags"):
            raise serializers.ValidationError({"tags": ["Give the tags that are meant."]})
        return attrs

    @property
    def values(self) -> Values:
        given = self.validated_data
        return Values(given.get("category"), given.get("tags", ()), with_data=given["with_data"])


class BulkOutcomeSerializer(serializers.Serializer):
    """How many were meant, how many allowed the action, and the sentence that the page shows."""

    meant = serializers.IntegerField()
    changed = serializers.IntegerField()
    detail = serializers.CharField(source="sentence")


class BulkActions(DownloadActions):
    """One action over many downloads."""

    @extend_schema(request=BulkSerializer, responses={202: BulkOutcomeSerializer})
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Carry out one action over many downloads:

        each that allows it is changed, the others stay.
        """
        form = BulkSerializer(data=request.data, context={"owner": request.user})
        form.is_valid(raise_exception=True)
        given, chosen = form.validated_data, self.get_queryset()
        if "ids" in given:
            chosen = chosen.filter(pk__in=given["ids"])
        else:
            query = QueryDict(given["filter"])
            check_words(query, DownloadFilter.base_filters)  # else it would let everything through
            chosen = DownloadFilter(query, queryset=chosen, request=request).qs
        outcome = carry_out(given["action"], chosen, form.values)
        return Response(BulkOutcomeSerializer(outcome).data, HTTP_202_ACCEPTED)
