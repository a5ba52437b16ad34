"""The API of downloads."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import (
    HTTP_202_ACCEPTED,
    HTTP_204_NO_CONTENT,
    HTTP_400_BAD_REQUEST,
)

from downloads.adding import Answer, Asked, read_links, read_torrents, submit
from downloads.api.bulk import BulkActions
from downloads.api.details import DetailsActions
from downloads.api.fields import Tags
from downloads.api.files import FileActions, FileSerializer
from downloads.api.options import OptionActions, OptionSerializer
from downloads.api.queue import QueueActions
from downloads.models.download import Download
from downloads.web.add_form import MAX_LINES
from downloads.web.filters import DownloadFilter
from downloads.web.live_details import file_shares
from downloads.web.option_forms import OPTIONS
from jobsite.jobs.api.parsers import JSONObjectParser
from jobsite.jobs.api.serializers import JobSerializer
from jobsite.jobs.web import uploads


class DownloadSerializer(JobSerializer):
    """A download as callers see it."""

    message = serializers.CharField(source="reason", read_only=True)
    state = serializers.CharField(source="shown_state", read_only=True)
    category = serializers.CharField(source="category.name", default=None, read_only=True)
    tags = Tags(read_only=True)

    class Meta(JobSerializer.Meta):
        model = Download
        fields = [
            *JobSerializer.Meta.fields,
            "info_hash",
            "size",
            "done",
            "rate_down",
            "rate_up",
            "peers",
            "eta",
            "state",
            "priority",
            "forced",
            "down_kb",
            "up_kb",
            "full_size",
            "uploaded",
            "seeding",
            *OPTIONS,
        ]
        read_only_fields = fields


class DuplicateSerializer(serializers.Serializer):
    """A line whose torrent is here already."""

    line = serializers.IntegerField()
    text = serializers.CharField()
    job = DownloadSerializer()


class InvalidSerializer(serializers.Serializer):
    """A line that cannot be used."""

    line = serializers.IntegerField()
    text = serializers.CharField()
    reason = serializers.CharField()


class OmissionSerializer(serializers.Serializer):
    """What of a usable line was left out."""

    line = serializers.IntegerField()
    text = serializers.CharField()
    remark = serializers.CharField()


class AnswerSerializer(serializers.Serializer):
    """The result of each line."""

    added = DownloadSerializer(many=True)
    duplicates = DuplicateSerializer(many=True)
    invalid = InvalidSerializer(many=True)
    remarks = OmissionSerializer(many=True)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}},
        ]
    }
)
class Lines(serializers.Field):
    """Text of any number of lines, or a list of links."""

    def to_internal_value(self, data: Any) -> str:
        """Return one text, a line for each link."""
        if isinstance(data, list) and all(isinstance(line, str) for line in data):
            # A line break inside an entry would shift the numbers of all that follow.
            data = "\n".join(" ".join(line.splitlines()) for line in data)
        if not isinstance(data, str):
            raise serializers.ValidationError(
                "Give a text with a link per line, or a list of them."
            )
        if data.count("\n") >= MAX_LINES:
            raise serializers.ValidationError(f"More than {MAX_LINES:,} lines at once are refused.")
        return data


class AddSerializer(OptionSerializer):
    """Links, .torrent files, or both, and the options of all of them."""

    links = Lines(required=False)
    torrents = serializers.ListField(child=serializers.FileField(), required=False)

    class Meta(OptionSerializer.Meta):
        fields = ["links", "torrents", *OPTIONS]

    def asked(self) -> list[Asked]:
        """Return all lines and files that were submitted."""
        data = self.validated_data
        return [*read_links(data.get("links", "")), *read_torrents(data.get("torrents", []))]


class DownloadViewSet(BulkActions, FileActions, DetailsActions, QueueActions, OptionActions):
    """Downloads of the caller."""

    serializer_class = DownloadSerializer
    filterset_class = DownloadFilter
    parser_classes = [JSONObjectParser, MultiPartParser, FormParser]

    def get_queryset(self) -> QuerySet:
        return super().get_queryset().select_related("category")

    @extend_schema(
        request={"application/json": AddSerializer, "multipart/form-data": AddSerializer},
        responses={202: AnswerSerializer, 400: AnswerSerializer},
    )
    def create(self, request: Request) -> Response:
        """Add links (a text or a list) or .torrent files; each line has an answer."""
        fields = _fields(request)
        uploads.refuse_too_large(request)
        form = AddSerializer(data=fields, context={"owner": request.user})
        form.is_valid(raise_exception=True)
        asked = form.asked()
        if not asked:
            raise serializers.ValidationError(
                {"links": ["Give at least one link or .torrent file."]}
            )
        answer: Answer = submit(request.user, asked, form.options)
        status = HTTP_400_BAD_REQUEST if answer.is_useless else HTTP_202_ACCEPTED
        return Response(AnswerSerializer(answer, context={"request": request}).data, status)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: Any = None) -> Response:
        job = self.get_object()
        return self.act(job.pause(), job)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: Any = None) -> Response:
        job = self.get_object()
        return self.act(job.resume(), job)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def seed(self, request: Request, pk: Any = None) -> Response:
        """Upload a complete download until it is paused."""
        job = self.get_object()
        return self.act(job.start_seeding(), job)

    @extend_schema(
        parameters=[OpenApiParameter("data", bool, description="1: remove the files, too.")]
    )
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Delete it; its files stay in the library unless `data=1` is given."""
        with_data = request.query_params.get("data", "").lower() in {"1", "true", "yes"}
        self.get_object().request_delete(with_data=with_data)
        return Response(status=HTTP_204_NO_CONTENT)

    def result_of(self, job: Any) -> Any:
        """Return the place of the files."""
        files = job.files.all()
        context = {
            "request": self.request,
            "shares": file_shares(job, [file.index for file in files]),
        }
        files = FileSerializer(files, many=True, context=context).data
        return {"info_hash": job.info_hash, "name": job.name, **(job.result or {}), "files": files}


def _fields(request: Request) -> dict[str, Any]:
    """Return the request's fields; of a form, every uploaded file of the field."""
    data: Any = request.data
    if not hasattr(data, "getlist"):
        return data
    files = request.FILES.getlist("torrents")
    others = {name: data[name] for name in data if name != "torrents"}
    return {**others, **({"torrents": files} if files else {})}
