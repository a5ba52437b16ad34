"""The API of downloads."""

from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.routers import SimpleRouter
from rest_framework.status import (
    HTTP_202_ACCEPTED,
    HTTP_204_NO_CONTENT,
    HTTP_400_BAD_REQUEST,
    HTTP_413_REQUEST_ENTITY_TOO_LARGE,
)

from downloads.content import archive_response, file_response
from downloads.filters import DownloadFilter
from downloads.forms import MAX_LINES
from downloads.models import Download, DownloadFile
from downloads.queue_api import QueueActions
from downloads.submission import Answer, Asked, read_links, read_torrents, submit
from jobsite.jobs.api import JobSerializer, JobViewSet
from jobsite.jobs.uploads import too_large_sentence


class DownloadSerializer(JobSerializer):
    """A download as callers see it."""

    message = serializers.CharField(source="reason", read_only=True)
    state = serializers.CharField(source="shown_state", read_only=True)

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
            "down_kb",
            "up_kb",
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


class AnswerSerializer(serializers.Serializer):
    """What became of each line."""

    added = DownloadSerializer(many=True)
    duplicates = DuplicateSerializer(many=True)
    invalid = InvalidSerializer(many=True)


class Lines(serializers.Field):
    """Text of any number of lines, or a list of links."""

    def to_internal_value(self, data: Any) -> str:
        """One text, a line for each link."""
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


class AddSerializer(serializers.Serializer):
    """Links, .torrent files, or both."""

    links = Lines(required=False)
    torrents = serializers.ListField(child=serializers.FileField(), required=False)

    def asked(self) -> list[Asked]:
        """All that was handed over."""
        data = self.validated_data
        return [*read_links(data.get("links", "")), *read_torrents(data.get("torrents", []))]


class FileSerializer(serializers.ModelSerializer):
    """One file of a torrent."""

    url = serializers.SerializerMethodField()

    class Meta:
        model = DownloadFile
        fields = ["index", "path", "name", "size", "url"]

    def get_url(self, file: DownloadFile) -> str:
        """Where its bytes are."""
        where = {"pk": file.download_id, "index": file.index}
        return reverse("downloads-file", kwargs=where, request=self.context.get("request"))


class DownloadViewSet(QueueActions, JobViewSet):
    """Downloads of the caller."""

    model = Download
    serializer_class = DownloadSerializer
    filterset_class = DownloadFilter
    parser_classes = [JSONParser, MultiPartParser, FormParser]

    @extend_schema(
        request={"application/json": AddSerializer, "multipart/form-data": AddSerializer},
        responses={202: AnswerSerializer, 400: AnswerSerializer},
    )
    def create(self, request: Request) -> Response:
        """Add links (a text or a list) or .torrent files; each line has an answer."""
        if getattr(request._request, "upload_too_large", False):
            return Response({"detail": too_large_sentence()}, HTTP_413_REQUEST_ENTITY_TOO_LARGE)
        form = AddSerializer(data=_fields(request))
        form.is_valid(raise_exception=True)
        asked = form.asked()
        if not asked:
            raise serializers.ValidationError(
                {"links": ["Give at least one link or .torrent file."]}
            )
        answer: Answer = submit(request.user, asked)
        status = HTTP_400_BAD_REQUEST if answer.is_useless else HTTP_202_ACCEPTED
        return Response(AnswerSerializer(answer, context={"request": request}).data, status)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: Any = None) -> Response:
        """Stop for now."""
        job = self.get_object()
        return self.act(job.pause(), job)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: Any = None) -> Response:
        """Go on."""
        job = self.get_object()
        return self.act(job.resume(), job)

    @extend_schema(
        parameters=[OpenApiParameter("data", bool, description="1: remove the files, too.")]
    )
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Delete it; its files stay in the library unless `data=1` is given."""
        with_data = request.query_params.get("data", "").lower() in {"1", "true", "yes"}
        self.get_object().request_delete(with_data=with_data)
        return Response(status=HTTP_204_NO_CONTENT)

    @extend_schema(responses=FileSerializer(many=True))
    @action(detail=True)
    def files(self, request: Request, pk: Any = None) -> Response:
        """The files, known as soon as the metadata is."""
        files = self.get_object().files.all()
        return Response(FileSerializer(files, many=True, context={"request": request}).data)

    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, 206: OpenApiResponse()}
    )
    @action(detail=True, url_path="files/<int:index>", url_name="file")
    def file(self, request: Request, pk: Any = None, index: int = 0) -> HttpResponseBase:
        """The bytes of one finished file, with Range."""
        try:
            return file_response(request._request, self.get_queryset(), pk, index)
        except Http404 as error:
            return Response({"detail": str(error)}, status=404)

    @extend_schema(
        parameters=[
            OpenApiParameter("format", str, enum=["zip", "tar"], description="zip by default."),
            OpenApiParameter("folder", str, description="Only what lies below this folder."),
        ],
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    @action(detail=True, filter_backends=[])
    def archive(self, request: Request, pk: Any = None) -> HttpResponseBase:
        """All finished files, or those below a folder, as one stream."""
        try:
            return archive_response(request._request, self.get_queryset(), pk)
        except Http404 as error:
            return Response({"detail": str(error)}, status=404)

    def result_of(self, job: Any) -> Any:
        """Where the files are."""
        files = FileSerializer(job.files.all(), many=True, context={"request": self.request}).data
        return {"info_hash": job.info_hash, "name": job.name, **(job.result or {}), "files": files}


def _fields(request: Request) -> dict[str, Any]:
    """The request's fields; of a form, every uploaded file of the field."""
    data: Any = request.data
    if not hasattr(data, "getlist"):
        return data
    files = request.FILES.getlist("torrents")
    links = {"links": data["links"]} if "links" in data else {}
    return {**links, **({"torrents": files} if files else {})}


def register(router: SimpleRouter) -> None:
    """Add the addresses of this app to the API."""
    router.register("downloads", DownloadViewSet, basename="downloads")
