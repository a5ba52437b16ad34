"""The API of tables."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet, RestrictedError
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from jobsite.jobs.api.errors import Conflict, refused_by
from jobsite.jobs.api.parsers import JSONObjectParser
from jobsite.jobs.text import one_line
from jobsite.jobs.web.uploads import refuse_too_large
from training.models.dataset import Dataset
from training.problem.column_roles import roles_of
from training.problem.problem_type import TargetError
from training.web.dataset_forms import UploadForm
from training.web.files import table_response


class BarSerializer(serializers.Serializer):
    """A value, or a range of values, and the number of rows that have it."""

    value = serializers.CharField()
    count = serializers.IntegerField(source="rows")


class ColumnSerializer(serializers.Serializer):
    """A column as the first rows show it, with the kind that its owner chose."""

    name = serializers.CharField()
    kind = serializers.CharField()
    missing = serializers.IntegerField()
    left_out = serializers.BooleanField(source="is_left_out")
    distinct = serializers.IntegerField()
    distribution = BarSerializer(many=True, source="bars")
    others = serializers.IntegerField(help_text="Cells with values beyond those of the bars.")


class ProposalSerializer(serializers.Serializer):
    """The column that is probably the target, with the reason."""

    name = serializers.CharField()
    reason = serializers.CharField()


class DatasetSerializer(serializers.ModelSerializer):
    """A table as its first rows show it."""

    columns = ColumnSerializer(many=True, read_only=True)
    proposed_target = ProposalSerializer(read_only=True, allow_null=True, source="proposed")
    roles = serializers.SerializerMethodField()
    warnings = serializers.ListField(
        child=serializers.CharField(), read_only=True, source="preview.warnings"
    )

    class Meta:
        model = Dataset
        fields: ClassVar[list[str]] = [
            "id",
            "name",
            "rows",
            "columns",
            "roles",
            "proposed_target",
            "warnings",
            "sheets",
            "size",
            "sha256",
            "created_at",
        ]

    def get_roles(self, dataset: Dataset) -> dict[str, str]:
        """Return the columns that are not plain features, by name."""
        return roles_of(dataset.options)


class TableChangeSerializer(serializers.Serializer):
    """The changes of a table: its name, and the kind and the role of columns by name."""

    name = serializers.CharField(max_length=255, required=False)
    columns = serializers.DictField(
        child=serializers.DictField(child=serializers.CharField()), required=False
    )


class UploadSerializer(serializers.Serializer):
    """The fields of an upload. All but the file is detected if it is not given."""

    file = serializers.FileField()
    sheet = serializers.CharField(required=False)
    encoding = serializers.CharField(required=False)
    separator = serializers.ChoiceField(
        ["comma", "semicolon", "tab", "bar", "blank"], required=False
    )
    decimal = serializers.ChoiceField([".", ","], required=False)
    dates = serializers.ChoiceField(
        ["dmy", "mdy"], required=False, help_text="The order of day and month."
    )
    header = serializers.ChoiceField(["yes", "no"], required=False)
    skip = serializers.IntegerField(required=False, min_value=0)
    total = serializers.CharField(required=False, help_text="yes or no")
    ragged = serializers.ChoiceField(["drop"], required=False)


class DatasetViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """The tables of the caller."""

    serializer_class = DatasetSerializer
    parser_classes = [MultiPartParser, JSONObjectParser]
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet:
        if getattr(self, "swagger_fake_view", False):  # the schema is drawn without a caller
            return Dataset.objects.none()
        return Dataset.objects.visible_to(self.request.user)

    @extend_schema(request=UploadSerializer, responses={201: DatasetSerializer, 400: None})
    def create(self, request: Request) -> Response:
        """Keep a table. It is read from its head; `rows` is null until a worker counted them."""
        data = request.data
        refuse_too_large(request)
        form = UploadForm(data, request.FILES)
        dataset = form.keep(request.user) if form.is_valid() else None
        if dataset is None:
            raise refused_by(form)
        return Response(self.get_serializer(dataset).data, status=HTTP_201_CREATED)

    @extend_schema(request=TableChangeSerializer, responses={200: DatasetSerializer, 400: None})
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Rename a table, or set kinds and roles of its columns for all trainings to come."""
        dataset = self.get_object()
        asked = TableChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            dataset.choose(asked.validated_data.get("columns", {}))
        except TargetError as error:
            raise ValidationError({"columns": [str(error)]}) from error
        dataset.name = one_line(asked.validated_data.get("name", dataset.name))
        dataset.save(update_fields=["name", "options", "head"])
        return Response(self.get_serializer(dataset).data)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True)
    def file(self, request: Request, pk: Any = None) -> HttpResponseBase:
        """Return the table as it is kept and read: workbooks and packed files as plain text."""
        return table_response(request, self.get_object())

    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Delete a table that no training uses."""
        dataset = self.get_object()
        try:
            dataset.remove()
        except RestrictedError:
            raise Conflict(dataset.in_use) from None
        return Response(status=HTTP_204_NO_CONTENT)
