"""API actions on the files of a download."""

from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from downloads.api.base import DownloadActions
from downloads.library.selection import WORDS, clean_patterns
from downloads.models.download import Download
from downloads.models.download_file import DownloadFile
from downloads.validators import validate_patterns
from downloads.web.content import TORRENT, archive_response, file_response, torrent_response
from downloads.web.live_details import file_shares


class FileSerializer(serializers.ModelSerializer):
    """One file of a torrent."""

    priority = serializers.CharField(source="priority_name", read_only=True)
    progress = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = DownloadFile
        fields = ["index", "path", "name", "size", "priority", "progress", "url"]

    def get_progress(self, file: DownloadFile) -> float | None:
        """Return how much of it is here, from 0 to 1; null while that is not known."""
        if not file.priority:
            return 0.0
        shares: dict[int, float] = self.context.get("shares", {})
        return shares.get(file.index)

    def get_url(self, file: DownloadFile) -> str:
        """Return the address of its bytes."""
        where = {"pk": file.download_id, "index": file.index}
        return reverse("downloads-file", kwargs=where, request=self.context.get("request"))


class ChoiceSerializer(serializers.Serializer):
    """Priorities by number of the file, and a rule for those that fit a pattern."""

    files = serializers.DictField(child=serializers.ChoiceField(list(WORDS)), required=False)
    names = serializers.DictField(child=serializers.CharField(max_length=400), required=False)
    pattern = serializers.CharField(
        required=False, allow_blank=True, max_length=1000, validators=[validate_patterns]
    )
    rule = serializers.ChoiceField(list(WORDS), required=False)

    def validate_files(self, files: dict[str, str]) -> dict[int, int]:
        if not all(number.isdecimal() and len(number) < 8 for number in files):
            raise serializers.ValidationError("Name each file by its index.")
        return {int(number): WORDS[word] for number, word in files.items()}

    def rename(self, job: Download) -> None:
        """Rename files by number. Raises ValueError with the reason."""
        for number, path in self.validated_data.get("names", {}).items():
            file = job.files.filter(index=number).first() if number.isdecimal() else None
            if file is None:
                raise ValueError(f"There is no file {number}.")
            file.rename(path)

    def priorities(self, job: Download) -> dict[int, int]:
        """Return the chosen priorities, by number of the file."""
        data = self.validated_data
        chosen = dict(data.get("files", {}))
        if "rule" in data:
            fitting = job.files.all().fitting(clean_patterns(data.get("pattern", "")))
            chosen |= dict.fromkeys(fitting, WORDS[data["rule"]])
        return chosen


class FileActions(DownloadActions):
    """The files of a download."""

    @extend_schema(responses=FileSerializer(many=True))
    @action(detail=True)
    def files(self, request: Request, pk: Any = None) -> Response:
        """Return the files in the natural order of their paths, known as soon as metadata is."""
        return self._listed(request)

    def _listed(self, request: Request) -> Response:
        job = self.get_object()
        files = job.files.all()
        shares = file_shares(job, files.values_list("index", flat=True))
        if request.query_params.get("limit", "").isdecimal():
            start = request.query_params.get("offset", "")
            first = int(start) if start.isdecimal() else 0
            files = files[first : first + int(request.query_params["limit"])]
        context = {"request": request, "shares": shares}
        return Response(FileSerializer(files, many=True, context=context).data)

    @extend_schema(request=ChoiceSerializer, responses=FileSerializer(many=True))
    @files.mapping.patch
    def choose(self, request: Request, pk: Any = None) -> Response:
        """Set which files are wanted; a finished download of which more is wanted goes on."""
        job = self.get_object()
        form = ChoiceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            job.choose_files(form.priorities(job))
            form.rename(job)
        except ValueError as error:
            raise serializers.ValidationError({"files": [str(error)]}) from None
        return self._listed(request)

    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, 206: OpenApiResponse()}
    )
    @action(detail=True, url_path="files/<int:index>", url_name="file")
    def file(self, request: Request, pk: Any = None, index: int = 0) -> HttpResponseBase:
        """Return the bytes of one finished file, with Range."""
        try:
            return file_response(request._request, self.get_queryset(), pk, index)
        except Http404 as error:
            return Response({"detail": str(error)}, status=404)

    @extend_schema(responses={(200, TORRENT): OpenApiTypes.BINARY})
    @action(detail=True, filter_backends=[])
    def torrent(self, request: Request, pk: Any = None) -> HttpResponseBase:
        """Return the .torrent file, with the trackers that the caller's download names."""
        try:
            return torrent_response(self.get_queryset(), pk)
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
        """Return all finished files, or those below a folder, as one stream."""
        try:
            return archive_response(request._request, self.get_queryset(), pk)
        except Http404 as error:
            return Response({"detail": str(error)}, status=404)
